"""The train loop: takes batches, runs steps, and calls whoever has to know or act.

It knows nothing of files, logs or evaluation: those are hooks and periodic actions. The metrics of
a step are fetched only after the next one has been handed to the device, so that the device never
waits for the host. Time is measured here and nowhere inside a step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from flan_mix.training.clock import PausableClock
from flan_mix.training.metrics import StepMetrics, summarize
from flan_mix.training.progress import Progress, ProgressMeter
from flan_mix.training.train_state import TrainState

StepFn = Callable[[TrainState, Mapping[str, Any], jax.Array], tuple[TrainState, StepMetrics]]


class Hook:
    """Somebody who wants to know how training goes. Override what is needed."""

    def on_start(self, first_step: int, total_steps: int) -> None:
        """Before the first step, which will be number first_step + 1."""

    def on_progress(self, progress: Progress) -> None:
        """After every step."""

    def on_log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Every log_period steps and after the last: metrics (T5X's names) since the last call."""

    def on_end(self, step: int) -> None:
        """After the last step and all actions; also when training breaks off with an error."""


@dataclass(frozen=True)
class PeriodicAction:
    """Something done with the state between two steps, while training waits.

    name: for the metric timing/<name>_seconds. period: done after every step that is a multiple of
    it; None means only at the end. run: called with (step, state); it may read the state's arrays
    but must not keep them, since the next step takes over their memory. at_end: also after the
    last step. counted_from: the step that periods are counted from. steps: further steps after
    which it is done. evaluates: whether its time also counts in timing/evaluate_seconds.
    """

    name: str
    period: int | None
    run: Callable[[int, TrainState], None]
    at_end: bool = True
    counted_from: int = 0
    steps: frozenset[int] = frozenset()
    evaluates: bool = False

    def is_due(self, step: int, is_last: bool) -> bool:
        """Whether to act after `step`."""
        on_period = self.period is not None and (step - self.counted_from) % self.period == 0
        return on_period or step in self.steps or (is_last and self.at_end)


class NonFiniteLossError(ArithmeticError):
    """The loss or its gradient is no longer a finite number, so training makes no sense."""


def train_loop(
    state: TrainState,
    train_step: StepFn,
    batches: Iterator[Mapping[str, Any]],
    *,
    rng: jax.Array,
    total_steps: int,
    log_period: int = 100,
    log_counted_from: int = 0,
    hooks: Sequence[Hook] = (),
    actions: Sequence[PeriodicAction] = (),
    stop_requested: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.perf_counter,
    seconds_before: Mapping[str, float] | None = None,
) -> TrainState:
    """Trains from state.step to total_steps and returns the last state.

    batches: placed on the mesh, one taken for each step and none ahead, so that a loader's state
        after step k is what a checkpoint of step k has to hold.
    log_counted_from: the step that log_period is counted from.
    stop_requested: asked after every step, and once more after actions; when it says so, that step
        is treated as the last.
    clock: seconds, for rates only.
    seconds_before: what the run took time for before the loop, by name; logged once.
    Raises NonFiniteLossError, before any action could store the state it came from, and ValueError
    where the batches end early.
    """
    run = _Run(train_step, rng, total_steps, (log_period, log_counted_from), hooks, actions, clock)
    run.once = {f"timing/{name}": seconds for name, seconds in (seconds_before or {}).items()}
    first_step = int(jax.device_get(state.step))
    for hook in hooks:
        hook.on_start(first_step, total_steps)
    try:
        for step in range(first_step + 1, total_steps + 1):
            batch = run.next_batch(batches, step)
            state = run.take_step(step, state, batch)
            is_last = step == total_steps or stop_requested()
            acted = run.act(step, state, is_last)
            if acted and not is_last and stop_requested():  # Because of what an action found.
                is_last = run.act(step, state, is_last=True)
            if is_last:
                break
    finally:
        for hook in hooks:
            hook.on_end(run.finished_step or first_step)
    return state


class _Run:
    """What one call of `train_loop` remembers between steps."""

    def __init__(self, train_step, rng, total_steps, logs, hooks, actions, clock):
        self.train_step, self.rng = train_step, rng
        self.total_steps = total_steps
        self.log_period, self.log_counted_from = logs
        self.hooks, self.actions = hooks, actions
        self.clock = PausableClock(clock)
        self.meter = ProgressMeter(total_steps)
        self.pending: tuple[int, StepMetrics] | None = None
        self.unlogged: list[StepMetrics] = []
        self.logged_at = 0.0
        self.once: dict[str, float] = {}
        self.finished_step: int | None = None
        self.acted_step, self.done = -1, list[PeriodicAction]()
        self.last_finite_loss = math.nan

    def next_batch(self, batches: Iterator[Mapping[str, Any]], step: int) -> Mapping[str, Any]:
        """The next batch; what the first one takes is the time that the input needs to start."""
        before = self.clock.seconds()
        batch = _next_batch(batches, step, self.total_steps)
        if self.finished_step is None and self.pending is None:
            self.once["timing/train_iter_warmup"] = self.clock.seconds() - before
        return batch

    def take_step(self, step: int, state: TrainState, batch) -> TrainState:
        """Hands a step to the device, then reports on the one before."""
        before = self.clock.seconds()
        state, metrics = self.train_step(state, batch, self.rng)
        if self.finished_step is None and self.pending is None:
            # The first call compiles before it returns; rates start after it.
            self.logged_at = self.clock.seconds()
            self.once["timing/compilation_seconds"] = self.logged_at - before
        self.report_pending()
        self.pending = (step, metrics)
        return state

    def report_pending(self, is_last: bool = False) -> None:
        """Fetches the metrics of the last step handed over, checks them and tells the hooks."""
        if self.pending is None:
            return
        (step, metrics), self.pending = self.pending, None
        metrics = jax.device_get(metrics)
        self._check_finite(step, metrics)
        self.finished_step = step
        self.unlogged.append(metrics)
        progress = self.meter.update(step, metrics, self.clock.seconds())
        for hook in self.hooks:
            hook.on_progress(progress)
        if (step - self.log_counted_from) % self.log_period == 0 or is_last:
            self._log(step)

    def act(self, step: int, state: TrainState, is_last: bool) -> bool:
        """Runs the actions that are due and not done yet, on a state known to be good.

        Whether there was anything to do.
        """
        if self.acted_step != step:
            self.acted_step, self.done = step, []
        due = [
            action
            for action in self.actions
            if action.is_due(step, is_last) and action not in self.done
        ]
        if due or is_last:
            self.report_pending(is_last)
        for action in due:
            self.done.append(action)
            with self.clock.paused():
                action.run(step, state)
            seconds = self.clock.last_pause_seconds
            self.once[f"timing/{action.name}_seconds"] = seconds
            if action.evaluates:
                total = self.once.get("timing/evaluate_seconds", 0.0)
                self.once["timing/evaluate_seconds"] = total + seconds
        return bool(due) or is_last

    def _log(self, step: int) -> None:
        now = self.clock.seconds()
        seconds, self.logged_at = now - self.logged_at, now
        metrics = summarize(self.unlogged, seconds, jax.device_count())
        metrics |= self.once | {"timing/uptime": now}
        self.unlogged, self.once = [], {}
        for hook in self.hooks:
            hook.on_log(step, metrics)

    def _check_finite(self, step: int, metrics: StepMetrics) -> None:
        loss, norm = float(metrics.loss), float(metrics.gradient_norm)
        if math.isfinite(loss) and math.isfinite(norm):
            self.last_finite_loss = loss
            return
        known = math.isfinite(self.last_finite_loss)
        before = f"{self.last_finite_loss:.6g}" if known else "none in this run"
        raise NonFiniteLossError(
            f"at step {step} the loss is {loss} and the gradient norm {norm}, with learning rate "
            f"{float(metrics.learning_rate):.3g}; last finite loss: {before}. "
            f"The state of this step was not saved: go on from the last checkpoint with a lower "
            f"learning rate or a longer warm-up"
        )


def _next_batch(
    batches: Iterator[Mapping[str, Any]], step: int, total_steps: int
) -> Mapping[str, Any]:
    try:
        return next(batches)
    except StopIteration:
        raise ValueError(
            f"the batches ended before step {step} of {total_steps}: a training loader must repeat "
            f"its data for as long as it is asked"
        ) from None
