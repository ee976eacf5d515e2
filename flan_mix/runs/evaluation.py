"""A model's parameters against the tasks of a dataset: what both `eval` and `train` call.

Joins the evaluation floor, which sees plain functions, to the model on its mesh.
"""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.data import MixtureCache, TokenCache
from flan_mix.data.evaluation_batches import evaluation_batches, longest_lengths
from flan_mix.evaluation import (
    Evaluation,
    EvaluationSettings,
    EvaluationTask,
    TaskResult,
    TeacherForcing,
    evaluate,
)
from flan_mix.inference import Generator
from flan_mix.registry import get_task, is_task
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.training import Partitioner, evaluate_batches, make_eval_step

log = logging.getLogger(__name__)

Tree = Any

OTHER_CATEGORY = "other"
"""Of tasks registered with SeqIO alone, which have no category."""


def evaluation_tasks(mixture: MixtureCache) -> list[EvaluationTask]:
    """The tasks of a mixture with their registered metrics, categories and postprocessing.

    Raises ValueError for rank variants, whose options are not generated but compared.
    """
    return [_evaluation_task(part.task, part.cache) for part in mixture.parts]


def _evaluation_task(name: str, cache: TokenCache) -> EvaluationTask:
    if is_task(name):
        spec = get_task(name)
        if spec.is_ranked:
            raise ValueError(
                f"{name!r} is scored by the likelihood of its options, and evaluation here "
                f"generates answers: evaluate '{spec.base_name}.zero_shot', or {name!r} with "
                "SeqIO's Evaluator."
            )
        return EvaluationTask(name, spec.category, cache, tuple(spec.metrics), spec.postprocess)
    # The one place of evaluation that needs SeqIO: metrics that were registered with it.
    from flan_mix.registry.seqio_scoring import metrics_of_seqio_task

    return EvaluationTask(name, OTHER_CATEGORY, cache, metrics_of_seqio_task(name))


@dataclasses.dataclass
class ModelEvaluation:
    """Evaluates parameters of one model on the tasks of one dataset, as often as asked."""

    model: EncoderDecoderModel
    partitioner: Partitioner
    mixture: MixtureCache
    config: DatasetConfig
    on_answers: Callable[[str, int, int], None] | None = None

    def __post_init__(self) -> None:
        self.tasks = evaluation_tasks(self.mixture)
        self._eval_step = make_eval_step(
            self.model.apply, self.model.loss_config, partitioner=self.partitioner
        )

    @property
    def max_decode_length(self) -> int:
        """Target tokens generated at most: the task feature length, else the longest target."""
        if self.config.task_feature_lengths is not None:
            return int(self.config.task_feature_lengths["targets"])
        return max(longest_lengths(task.cache)["targets"] for task in self.tasks)

    def run(
        self,
        params: Tree,
        directory: Path,
        facts: Mapping[str, Any],
        on_task: Callable[[TaskResult, bool], None] | None = None,
    ) -> Evaluation:
        """Generates, scores and writes metrics.json and predictions under `directory`."""
        lengths = self.config.task_feature_lengths
        settings = EvaluationSettings(
            num_examples=self.config.num_examples,
            max_input_length=None if lengths is None else int(lengths["inputs"]),
            facts={"split": self.config.split, "decoding": "greedy", **facts},
        )
        forcing = TeacherForcing(self._measure(params), self.config.batch_size, lengths)
        return evaluate(
            self.tasks,
            self._generate(params),
            self.model.vocabulary,
            directory,
            settings=settings,
            teacher_forcing=forcing,
            on_task=on_task,
        )

    def teacher_forced(self, params: Tree, steps: int) -> dict[str, dict[str, float]]:
        """Task -> T5X's training_eval metrics over its first `steps` batches."""
        limit = steps * self.config.batch_size
        measure = self._measure(params)
        return {
            task.name: dict(
                measure(
                    batch
                    for batch, _ in evaluation_batches(
                        task.cache,
                        batch_size=self.config.batch_size,
                        feature_lengths=self.config.task_feature_lengths,
                        limit=limit,
                    )
                )
            )
            for task in self.tasks
        }

    def _measure(self, params: Tree) -> Callable[[Iterator[Any]], Mapping[str, float]]:
        def measure(batches: Iterator[Any]) -> Mapping[str, float]:
            placed = map(self.partitioner.shard_batch, batches)
            return evaluate_batches(self._eval_step, params, placed)

        return measure

    def _generate(self, params: Tree) -> Callable[[Any], list[list[int]]]:
        generator = Generator(
            self.model.module,
            params,
            batch_size=self.config.batch_size,
            max_decode_length=self.max_decode_length,
            eos_id=self.model.vocabulary.eos_id,
            mesh=self.partitioner.mesh,
        )
        return lambda inputs: generator.generate(inputs, on_progress=self._on_progress(len(inputs)))

    def _on_progress(self, total: int) -> Callable[[int], None] | None:
        if self.on_answers is None:
            return None
        on_answers = self.on_answers
        return lambda answered: on_answers("generate", answered, total)
