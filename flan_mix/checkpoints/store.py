"""Orbax checkpoints of a run: parameters, optimizer slots, step, loader state and metadata.

Three items a checkpoint: `state` (arrays, in the tree T5X gives its own Orbax checkpoints:
target/…, state/step, state/param_states/…), `loader` (where the input stands) and `metadata`
(plain values about the run, such as the step it started from). Saving is asynchronous; a
checkpoint appears under its name only when it is whole.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from flan_mix.checkpoints.best import KeepBest
from flan_mix.checkpoints.layout import (
    LOADER_ITEM,
    METADATA_ITEM,
    PIN_FILE,
    PREFIX,
    STATE_ITEM,
    checkpoint_steps,
)
from flan_mix.checkpoints.loading import Restored, restore
from flan_mix.checkpoints.state_tree import state_tree
from flan_mix.training import TrainState

log = logging.getLogger(__name__)

Measured = Callable[[str], Mapping[int, float]]
"""The values of a metric by the step that they were measured at."""


class CheckpointStore:
    """The checkpoints of one MODEL_DIR.

    `keep` is how many of the latest to keep (None: all), or, with `best`, how many of the best by
    what is `measured`, beside the latest. A multiple of `keep_period` steps is never deleted, nor
    is a checkpoint with a file PINNED in its folder.
    """

    def __init__(
        self,
        model_dir: str | Path,
        *,
        keep: int | None = None,
        keep_period: int | None = None,
        best: KeepBest | None = None,
        measured: Measured = lambda _: {},
    ):
        self.model_dir = Path(model_dir).absolute()
        self.model_dir.mkdir(parents=True, exist_ok=True)
        by_count: Any = ocp.checkpoint_managers.LatestN(keep)
        if best is not None and keep is not None:
            by_count = _Best(best, keep, keep_period, measured)
        options = ocp.CheckpointManagerOptions(
            step_prefix=PREFIX,
            preservation_policy=_preservation(self.model_dir, by_count, keep_period),
            enable_async_checkpointing=True,
            # The loop decides when to save; the manager's own default would refuse step repeats.
            save_interval_steps=1,
        )
        self._manager = ocp.CheckpointManager(self.model_dir, options=options)

    def latest_step(self) -> int | None:
        """The newest complete step, or None in a new MODEL_DIR."""
        steps = checkpoint_steps(self.model_dir)
        return steps[-1] if steps else None

    def save(
        self,
        state: TrainState,
        *,
        loader: Mapping[str, Any],
        metadata: Mapping[str, Any],
        params_dtype: str = "float32",
    ) -> None:
        """Starts writing; the arrays may be donated to the next step as soon as it returns.

        (JAX holds back a buffer that Orbax still reads, also where the host sees it directly.)
        params_dtype: what parameters, not slots, are stored in; restored, they are float32 again.
        """
        step = int(state.step)
        if step in checkpoint_steps(self.model_dir):
            return
        if params_dtype != "float32":
            params = jax.tree.map(lambda x: x.astype(params_dtype), state.params)
            state = dataclasses.replace(state, params=params)
        self._manager.save(
            step,
            args=ocp.args.Composite(
                **{
                    STATE_ITEM: ocp.args.StandardSave(state_tree(state)),
                    LOADER_ITEM: ocp.args.JsonSave(dict(loader)),
                    METADATA_ITEM: ocp.args.JsonSave(dict(metadata)),
                }
            ),
        )

    def restore(self, step: int, like: TrainState) -> Restored:
        """Restores `step` with the shapes, dtypes and shardings of `like` (abstract or real)."""
        return restore(self.model_dir / f"{PREFIX}_{step}", like)

    def wait(self) -> None:
        """Returns when everything saved is on disk; raises what went wrong on the way."""
        self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits and lets go of the background threads."""
        self._manager.close()

    def __enter__(self) -> "CheckpointStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Pinned:
    """Keeps the checkpoints in whose folder someone has put a file PINNED, as T5X does."""

    def __init__(self, model_dir: Path):
        self._model_dir = model_dir

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> Sequence[bool]:
        """One answer for each checkpoint."""
        del context
        folders = (self._model_dir / f"{PREFIX}_{checkpoint.step}" for checkpoint in checkpoints)
        return [(folder / PIN_FILE).exists() for folder in folders]


class _Best:
    """Keeps the latest and the best; as in T5X those that their period keeps do not count."""

    def __init__(self, best: KeepBest, keep: int, keep_period: int | None, measured: Measured):
        self._best, self._keep, self._keep_period = best, keep, keep_period
        self._measured = measured

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> Sequence[bool]:
        """One answer for each checkpoint."""
        del context
        steps = [checkpoint.step for checkpoint in checkpoints]
        counted = [s for s in steps[:-1] if self._keep_period is None or s % self._keep_period]
        if len(counted) <= self._keep:
            return [True] * len(steps)
        values = self._measured(self._best.metric)
        if values.keys().isdisjoint(counted):
            log.warning("%s has no value at the steps %s yet", self._best.metric, counted)
        kept = self._best.kept([*counted, steps[-1]], values, self._keep)
        return [step in kept for step in steps]


def _preservation(model_dir: Path, by_count: Any, keep_period: int | None) -> Any:
    policies: list[Any] = [by_count, _Pinned(model_dir)]
    if keep_period is not None:
        policies.append(ocp.checkpoint_managers.EveryNSteps(keep_period))
    return ocp.checkpoint_managers.AnyPreservationPolicy(policies)
