"""A training run: a place to start from, data, the loop, and what it leaves in MODEL_DIR.

`train` says what is evaluated when; all else of a run is here, whoever configures it.
"""

import contextlib
import dataclasses
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import jax

from flan_mix.checkpoints import CheckpointStore
from flan_mix.data import MixtureCache, TrainLoader, prefetch
from flan_mix.reports.metrics_log import MetricsLog
from flan_mix.reports.progress import progress_line
from flan_mix.reports.tensorboard import TensorBoardWriter, read_scalar
from flan_mix.reports.training_hooks import MetricsHook, ProgressHook
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.checkpointing import CheckpointConfig, Start, find_start, last_step
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.run_facts import read_facts, run_facts, write_facts, write_model_info
from flan_mix.runs.trainer import Trainer
from flan_mix.training import Partitioner, PeriodicAction, TrainState, make_train_step, train_loop

log = logging.getLogger(__name__)


class PeriodicEvaluation(Protocol):
    """Something that is measured while training waits; see `PeriodicAction`."""

    name: str

    def run(self, step: int, state: TrainState) -> None:
        """Measures and logs."""
        ...


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How long a run is and when it stops to evaluate.

    total_steps: absolute; relative_steps: added to where the run began. eval_period: steps between
    evaluations; None evaluates at the end only. evaluates_first: also before the first step.
    counts_from_start: eval_period and the periods of checkpoints and logs count from the run's
    first step, as in T5X; else from step 0. stop_requested: asked after every step.
    """

    total_steps: int | None = None
    relative_steps: int | None = None
    eval_period: int | None = 1000
    evaluates_first: bool = False
    counts_from_start: bool = False
    stop_requested: Callable[[], bool] = lambda: False


def run_training(
    folder: Path,
    *,
    model: EncoderDecoderModel,
    dataset: DatasetConfig,
    checkpoints: CheckpointConfig,
    partitioner: Partitioner,
    trainer: Trainer,
    schedule: Schedule,
    evaluations: Callable[[], Sequence[PeriodicEvaluation]] = tuple,
    random_seed: int | None = None,
    use_hardware_rng: bool = False,
) -> TrainState:
    """Trains in `folder`, the MODEL_DIR, and returns the last state.

    evaluations: called once the run knows where it starts. `random_seed` None means 0.
    `use_hardware_rng`: XLA's RngBitGenerator for dropout, faster on TPU and not the same on other
    hardware.
    """
    mixture = open_with_progress(dataset, model.vocabulary)
    init_key, dropout_key = _keys(random_seed, use_hardware_rng)
    with CheckpointStore(
        folder,
        keep=checkpoints.keep,
        keep_period=checkpoints.keep_period,
        best=checkpoints.best,
        measured=lambda metric: read_scalar(folder, metric),
    ) as store:
        before = time.perf_counter()
        start = find_start(model, partitioner, store, checkpoints, init_key)
        seconds_before = {"init_or_restore_seconds": time.perf_counter() - before}
        total = last_step(start, schedule.total_steps, schedule.relative_steps)
        log.info("Restored %s", start.restored)
        log.info("Training from step %d to %d in %s", start.step, total, folder)
        run = _Run(
            folder, model, partitioner, dataset, mixture, start, store, checkpoints, seconds_before
        )
        run.write_description()
        measured = list(evaluations())
        if schedule.evaluates_first and start.step == start.run_first_step:
            for evaluation in measured:
                evaluation.run(start.step, start.state)
        origin = start.run_first_step if schedule.counts_from_start else 0
        actions = [
            *run.saving(origin),
            *(
                PeriodicAction(
                    e.name, schedule.eval_period, e.run, counted_from=origin, evaluates=True
                )
                for e in measured
            ),
        ]
        return run.train(trainer, total, origin, dropout_key, actions, schedule.stop_requested)


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
    checkpoints: CheckpointConfig
    seconds_before: Mapping[str, float]

    def __post_init__(self) -> None:
        loader = self._loader()
        if self.start.loader is not None:
            loader.restore(self.start.loader)
        self.batches = prefetch(loader)

    def train(
        self,
        trainer: Trainer,
        total: int,
        origin: int,
        rng: jax.Array,
        actions: list[PeriodicAction],
        stop_requested: Callable[[], bool],
    ) -> TrainState:
        """Runs the loop, which counts periods from `origin`; whatever was saved is on disk then."""
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
            reports_weights=trainer.log_weights,
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
                log_counted_from=origin,
                hooks=self._hooks(),
                actions=actions,
                stop_requested=lambda: stop.is_set() or stop_requested(),
                seconds_before=self.seconds_before,
            )
            self.store.wait()
        reached = int(jax.device_get(state.step))
        if reached < total:
            log.warning("Stopped on request at step %d of %d; it is saved", reached, total)
        self._add_seconds(time.perf_counter() - began, reached)
        return state

    def saving(self, origin: int) -> list[PeriodicAction]:
        """The action that saves checkpoints, if there shall be any."""
        if not self.checkpoints.saves:
            return []
        return [
            PeriodicAction(
                "checkpoint",
                self.checkpoints.period,
                self.save,
                counted_from=origin,
                steps=frozenset(self.checkpoints.steps),
            )
        ]

    def save(self, step: int, state: TrainState) -> None:
        """Writes a checkpoint of the state and of the place in the data."""
        metadata = {
            "run_first_step": self.start.run_first_step,
            "mixture": self.mixture.name,
            "vocabulary_fingerprint": self.model.vocabulary.fingerprint,
            "model": dataclasses.asdict(self.model.config),
        }
        self.store.save(
            state,
            loader=self.batches.state(),
            metadata=metadata,
            params_dtype=self.checkpoints.save_dtype,
        )

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
        layout = self.partitioner.data_layout(self.config.batch_size)
        return train_loader(
            self.mixture, self.config, host_index=layout.shard_index, host_count=layout.shard_count
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


def train_loader(
    mixture: MixtureCache, config: DatasetConfig, *, host_index: int, host_count: int
) -> TrainLoader:
    """Endless batches of a mixture as `config` says. Raises ValueError without feature lengths."""
    if config.task_feature_lengths is None:
        raise ValueError("TASK_FEATURE_LENGTHS is needed: {'inputs': 512, 'targets': 128}")
    return TrainLoader(
        mixture,
        feature_lengths=config.task_feature_lengths,
        batch_size=config.batch_size,
        pack=config.pack,
        shuffle=config.shuffle,
        seed=config.seed or 0,
        host_index=host_index,
        host_count=host_count,
    )


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
