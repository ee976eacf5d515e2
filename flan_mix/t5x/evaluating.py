"""Evaluations of a T5X run: SeqIO's evaluator fed by the model, and teacher forcing by batches.

Both write what T5X writes, under its names: inference_eval/ through SeqIO's loggers, and
training_eval/<task>/ for TensorBoard.
"""

import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import seqio

from flan_mix.data import MixtureCache
from flan_mix.registry.seqio_half.vocabularies import tokenize_unnamed_with
from flan_mix.reports.metrics_log import MetricsLog
from flan_mix.reports.tensorboard import TensorBoardWriter
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.seqio_datasets import DatasetModel, Features, row_scorer
from flan_mix.runs.training_run import train_loader
from flan_mix.t5x.board_logger import without_tensorboard
from flan_mix.t5x.models import EncoderDecoderModel, with_segments
from flan_mix.t5x.utils import DatasetConfig, check_vocabularies
from flan_mix.training import Partitioner, TrainState, make_metrics_step, summarize

log = logging.getLogger(__name__)

Params = Mapping[str, Any]


class ModelOnDatasets:
    """A model as SeqIO's evaluator asks it, for any parameters; compiled once."""

    def __init__(self, model: EncoderDecoderModel, partitioner: Partitioner, batch_size: int):
        self._model, self._mesh, self._batch_size = model, partitioner.mesh, batch_size
        self._score = row_scorer(model.module, partitioner, batch_size)

    def with_parameters(self, params: Params) -> DatasetModel:
        """The model with these parameters, which lie on the mesh."""

        def predict(features: Features) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            return self._model.predict_batch_with_aux(
                params, features, jax.random.key(0), rows=self._batch_size, mesh=self._mesh
            )

        def score(features: Features) -> np.ndarray:
            whole = {name: np.asarray(x) for name, x in with_segments(features).items()}
            return self._score(params, whole)

        return DatasetModel(predict, score, self._batch_size)


@dataclasses.dataclass
class InferenceEvaluation:
    """seqio.Evaluator over the model's answers: its metrics, its loggers, its files."""

    model: ModelOnDatasets
    evaluator: seqio.Evaluator
    name: str = "inference_eval"

    def run(self, step: int, state: TrainState) -> None:
        """Evaluates the state's parameters."""
        self.evaluate(step, state.params)

    def evaluate(self, step: int, params: Params) -> Mapping[str, Mapping[str, Any]] | None:
        """Task -> metrics, which are on disk when it returns; None on processes but the first."""
        if not self.evaluator.eval_tasks:
            return {}
        asked = self.model.with_parameters(params)
        # SeqIO's types ask for an argument that it never gives.
        evaluator: Any = self.evaluator
        metrics, _ = evaluator.evaluate(
            compute_metrics=jax.process_index() == 0,
            step=step,
            predict_fn=asked.predictions,
            score_fn=asked.scores,
            predict_with_aux_fn=asked.predictions_with_aux,
        )
        return metrics.result()


def prepare_tasks(config: DatasetConfig, model: EncoderDecoderModel) -> None:
    """Registers the tasks and has SeqIO tokenize them as the model's vocabulary does.

    Raises ValueError for tasks that name another vocabulary than the model's.
    """
    config.import_module()
    if isinstance(model.output_vocabulary, seqio.SentencePieceVocabulary):
        tokenize_unnamed_with(model.output_vocabulary)
    check_vocabularies(config, model)


def inference_evaluation(
    model: EncoderDecoderModel,
    partitioner: Partitioner,
    config: DatasetConfig,
    evaluator_cls: Callable[..., seqio.Evaluator],
    folder: Path,
) -> InferenceEvaluation:
    """Reads the data and prepares SeqIO's evaluator, which writes into folder/inference_eval."""
    prepare_tasks(config, model)
    evaluator = evaluator_cls(
        mixture_or_task_name=config.mixture_or_task_name,
        feature_converter=model.FEATURE_CONVERTER_CLS(pack=False),
        eval_split=config.split,
        use_cached=config.use_cached,
        seed=config.seed,
        sequence_length=config.task_feature_lengths,
        log_dir=str(folder / "inference_eval"),
        use_memory_cache=config.use_memory_cache,
    )
    if evaluator.eval_tasks:
        evaluator._loggers = without_tensorboard(evaluator._loggers)
    return InferenceEvaluation(ModelOnDatasets(model, partitioner, config.batch_size), evaluator)


class TrainingEvaluation:
    """T5X's metrics of the first `steps` batches of every task, targets given.

    Tasks without the split are left out. should_stop: whether one of `actions` has asked for an
    end of training, from what was measured.
    """

    name = "training_eval"

    def __init__(
        self,
        model: EncoderDecoderModel,
        partitioner: Partitioner,
        config: DatasetConfig,
        folder: Path,
        steps: int,
        actions: Sequence[Any] = (),
    ):
        self._config, self._partitioner, self._steps = config.run_config(), partitioner, steps
        self._folder, self._actions = folder / self.name, actions
        self._step = make_metrics_step(
            model.run_model.apply, model.run_model.loss_config, partitioner=partitioner
        )
        self._mixture = open_with_progress(self._config, model.run_model.vocabulary)
        self.should_stop = False

    def run(self, step: int, state: TrainState) -> None:
        """Measures, logs, and asks the actions."""
        self.measure(step, state.params)

    def measure(self, step: int, params: Params) -> dict[str, dict[str, float]]:
        """Task -> metrics by T5X's names."""
        scores = {}
        for part in self._mixture.parts:
            one = dataclasses.replace(self._mixture, name=part.task, parts=(part,))
            scores[part.task] = self._measure_task(one, params)
            if not jax.process_index():
                _log(self._folder, part.task, step, scores[part.task])
        self.should_stop |= any(action.should_stop(scores) for action in self._actions)
        return scores

    def _measure_task(self, task: MixtureCache, params: Params) -> dict[str, float]:
        layout = self._partitioner.data_layout(self._config.batch_size)
        batches = train_loader(
            task, self._config, host_index=layout.shard_index, host_count=layout.shard_count
        )
        began = time.perf_counter()
        steps = [
            jax.device_get(self._step(params, self._partitioner.shard_batch(next(batches))))
            for _ in range(self._steps)
        ]
        metrics = summarize(steps, time.perf_counter() - began, jax.device_count())
        of_training = ("learning_rate", "weight_gradient_norm")
        return {name: x for name, x in metrics.items() if not name.startswith(of_training)}


def _log(folder: Path, task: str, step: int, metrics: Mapping[str, float]) -> None:
    # What an earlier run wrote of this step and later ones, before it was restarted, is dropped.
    board = TensorBoardWriter(folder / task, resumed_from=step - 1)
    for writer in (board, MetricsLog(folder / f"{task}-metrics.jsonl")):
        writer.write(step, metrics)
        writer.close()
