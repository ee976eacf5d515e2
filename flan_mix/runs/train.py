"""A training run: data, a place to start from, the loop, and what it leaves in MODEL_DIR.

MODEL_DIR holds config.gin, model-info.txt, run.json, checkpoint_<step>/, train/ (TensorBoard),
metrics.jsonl, training_eval/<task>/ and inference_eval/<task>/ (TensorBoard) and eval/<step>/
(metrics.json and every prediction).
"""

import contextlib
import dataclasses
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax

from flan_mix.checkpoints import CheckpointStore
from flan_mix.data import MixtureCache, TrainLoader, prefetch
from flan_mix.inference import Decoding
from flan_mix.reports.metrics_log import MetricsLog
from flan_mix.reports.progress import progress_line
from flan_mix.reports.tensorboard import TensorBoardWriter
from flan_mix.reports.training_hooks import MetricsHook, ProgressHook
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.checkpointing import CheckpointConfig, Start, find_start, last_step
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.evaluation_set import open_evaluation
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.periodic_evaluation import InferenceEvaluation, TrainingEvaluation
from flan_mix.runs.run_facts import read_facts, run_facts, write_facts, write_model_info
from flan_mix.runs.trainer import Trainer
from flan_mix.training import Partitioner, PeriodicAction, TrainState, make_train_step, train_loop

log = logging.getLogger(__name__)


def train(
    *,
    model: EncoderDecoderModel,
    model_dir: str,
    train_dataset_cfg: DatasetConfig,
    train_eval_dataset_cfg: DatasetConfig | None = None,
    infer_eval_dataset_cfg: DatasetConfig | None = None,
    checkpoint_cfg: CheckpointConfig = CheckpointConfig(),
    partitioner: Partitioner = Partitioner(),
    trainer: Trainer = Trainer(),
    decoding: Decoding = Decoding(),
    total_steps: int | None = None,
    relative_steps: int | None = None,
    eval_steps: int = 20,
    eval_period: int | None = 1000,
    random_seed: int | None = None,
    use_hardware_rng: bool = False,
    run_eval_before_training: bool = False,
    summarize_config_fn: Callable[[Path], None] | None = None,
) -> TrainState:
    """Trains and returns the last state; the keywords are T5X's train() where it has them.

    Steps are absolute (`total_steps`) or added (`relative_steps`). `eval_period`: steps between
    evaluations; None evaluates at the end only. `eval_steps`: batches per task of teacher-forced
    evaluation; 0 leaves it out. A dataset config of None leaves its evaluation out. `decoding`:
    how the inference evaluation answers.
    `random_seed` None means 0. `use_hardware_rng`: XLA's RngBitGenerator for dropout, faster on
    TPU and not the same on other hardware. `summarize_config_fn` is given MODEL_DIR to write the
    configuration into.
    """
    folder = Path(model_dir).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if summarize_config_fn is not None and not jax.process_index():
        summarize_config_fn(folder)
    mixture = open_with_progress(train_dataset_cfg, model.vocabulary)
    init_key, dropout_key = _keys(random_seed, use_hardware_rng)
    with CheckpointStore(
        folder, keep=checkpoint_cfg.keep, keep_period=checkpoint_cfg.keep_period
    ) as store:
        start = find_start(model, partitioner, store, checkpoint_cfg, init_key)
        total = last_step(start, total_steps, relative_steps)
        log.info("Restored %s", start.restored)
        log.info("Training from step %d to %d in %s", start.step, total, folder)
        run = _Run(folder, model, partitioner, train_dataset_cfg, mixture, start, store)
        run.write_description()
        evaluations = [
            *_training_evaluation(run, train_eval_dataset_cfg, eval_steps),
            *_inference_evaluation(run, infer_eval_dataset_cfg, decoding),
        ]
        if run_eval_before_training and start.step == start.run_first_step:
            for evaluation in evaluations:
                evaluation.run(start.step, start.state)
        actions = [PeriodicAction("checkpoint", checkpoint_cfg.period, run.save)]
        actions += [PeriodicAction(e.name, eval_period, e.run) for e in evaluations]
        return run.train(trainer, total, dropout_key, actions)


@dataclasses.dataclass
class _Run:
    """The parts of one run that its steps and actions share."""

    folder: Path
    model: EncoderDecoderModel
    partitioner: Partitioner
    config: DatasetConfig
    mixture: MixtureCache
    start: Start
    store: CheckpointStore

    def __post_init__(self) -> None:
        loader = self._loader()
        if self.start.loader is not None:
            loader.restore(self.start.loader)
        self.batches = prefetch(loader)

    def train(
        self, trainer: Trainer, total: int, rng: jax.Array, actions: list[PeriodicAction]
    ) -> TrainState:
        """Runs the loop; whatever was saved is on disk when it returns."""
        if self.start.step >= total:
            log.info("Nothing to do: step %d is reached already", total)
            return self.start.state
        step = make_train_step(
            self.model.apply,
            self.model.optimizer.build(),
            trainer.learning_rate_fn,
            self.model.loss_config,
            partitioner=self.partitioner,
            num_microbatches=trainer.num_microbatches,
        )
        began = time.perf_counter()
        with _stop_on_sigterm() as stop, self.batches:
            state = train_loop(
                self.start.state,
                step,
                map(self.partitioner.shard_batch, self.batches),
                rng=rng,
                total_steps=total,
                log_period=trainer.log_period,
                hooks=self._hooks(),
                actions=actions,
                stop_requested=stop.is_set,
            )
            self.store.wait()
        reached = int(jax.device_get(state.step))
        if reached < total:
            log.warning("Stopped on request at step %d of %d; it is saved", reached, total)
        self._add_seconds(time.perf_counter() - began, reached)
        return state

    def save(self, step: int, state: TrainState) -> None:
        """Writes a checkpoint of the state and of the place in the data."""
        metadata = {
            "run_first_step": self.start.run_first_step,
            "mixture": self.mixture.name,
            "vocabulary_fingerprint": self.model.vocabulary.fingerprint,
            "model": dataclasses.asdict(self.model.config),
        }
        self.store.save(state, loader=self.batches.state(), metadata=metadata)

    def write_description(self) -> None:
        """Writes model-info.txt and run.json."""
        if jax.process_index():
            return
        write_model_info(self.folder, self.model)
        facts = run_facts(
            self.model,
            self.mixture,
            feature_lengths=dict(self.config.task_feature_lengths or {}),
            batch_size=self.config.batch_size,
            packed=self.config.pack,
            first_step=self.start.run_first_step,
            restored=self.start.restored,
            seconds=read_facts(self.folder).get("seconds", 0.0),
        )
        write_facts(self.folder, facts)

    def _add_seconds(self, seconds: float, step: int) -> None:
        if jax.process_index():
            return
        facts = read_facts(self.folder)
        write_facts(self.folder, {**facts, "seconds": facts["seconds"] + seconds, "step": step})

    def _loader(self) -> TrainLoader:
        if self.config.task_feature_lengths is None:
            raise ValueError("TASK_FEATURE_LENGTHS is needed: {'inputs': 512, 'targets': 128}")
        layout = self.partitioner.data_layout(self.config.batch_size)
        return TrainLoader(
            self.mixture,
            feature_lengths=self.config.task_feature_lengths,
            batch_size=self.config.batch_size,
            pack=self.config.pack,
            shuffle=self.config.shuffle,
            seed=self.config.seed or 0,
            host_index=layout.shard_index,
            host_count=layout.shard_count,
        )

    def _hooks(self) -> list[Any]:
        if jax.process_index():
            return []
        resumed = self.start.step if self.start.step > self.start.run_first_step else None
        writers = [
            MetricsLog(self.folder / "metrics.jsonl"),
            TensorBoardWriter(self.folder / "train", resumed_from=resumed),
        ]
        return [ProgressHook(progress_line()), MetricsHook(writers)]


def _training_evaluation(
    run: _Run, config: DatasetConfig | None, steps: int
) -> list[TrainingEvaluation]:
    if config is None or not steps:
        return []
    evaluation = ModelEvaluation(
        run.model, run.partitioner, open_evaluation(config, run.model.vocabulary), config
    )
    return [TrainingEvaluation(evaluation, run.folder, steps)]


def _inference_evaluation(
    run: _Run, config: DatasetConfig | None, decoding: Decoding
) -> list[InferenceEvaluation]:
    if config is None:
        return []
    tasks = open_evaluation(config, run.model.vocabulary)
    evaluation = ModelEvaluation(run.model, run.partitioner, tasks, config, decoding)
    return [InferenceEvaluation(evaluation, run.folder)]


def _keys(random_seed: int | None, use_hardware_rng: bool) -> tuple[jax.Array, jax.Array]:
    """The keys of fresh parameters and of dropout."""
    init_key, dropout_key = jax.random.split(jax.random.key(random_seed or 0))
    if use_hardware_rng:
        dropout_key = jax.random.key(random_seed or 0, impl="rbg")
    return init_key, dropout_key


@contextlib.contextmanager
def _stop_on_sigterm() -> Iterator[threading.Event]:
    """Turns SIGTERM, which a scheduler sends before it takes the machine, into a saved stop.

    With several processes it changes nothing: they would have to stop at the same step.
    """
    requested = threading.Event()
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or jax.process_count() > 1:
        yield requested
        return
    before = signal.signal(signal.SIGTERM, lambda *_: requested.set())
    try:
        yield requested
    finally:
        signal.signal(signal.SIGTERM, before)
