"""The command `flan-mix plan`: its flags, what it leaves out of a configuration, and its output."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gin
from absl import flags

from flan_mix.runs.gin_main import Instead


@dataclass(frozen=True)
class AnyVocabulary:
    """In place of a vocabulary: as many ids as the model has rows for."""

    @property
    def vocab_size(self) -> int:
        """T5Config.vocab_size, as gin binds it."""
        return gin.query_parameter("T5Config.vocab_size")  # type: ignore[attr-defined]


STAND_INS = {
    "VOCABULARY": AnyVocabulary(),
    "VOCABULARY_FILE": None,
    "MIXTURE_OR_TASK_NAME": None,
    "MODEL_DIR": None,
}
"""Macros that decide nothing of what a step needs."""


def define_flags() -> None:
    """The flags of `flan-mix plan`, beside those of training."""
    flags.DEFINE_string("mesh", None, "Devices along the axes, as data:8,model:4.")
    flags.DEFINE_string("device", None, "h200, h100, a100, v4, v5e, v5p or v6e: does it fit?")
    flags.DEFINE_float("mfu", 0.35, "The share of a device's peak to expect, for seconds a step.")
    flags.DEFINE_bool("decode", False, "Also what decoding a batch of BATCH_SIZE rows keeps.")
    flags.DEFINE_bool("json", False, "Print JSON instead of tables.")


def instead_of_training() -> Instead:
    """Plans the run that gin configures."""
    return Instead(_plan, STAND_INS)


def _plan(function: Callable[..., Any]) -> None:
    from flan_mix.runs.plan import as_json, parse_mesh, plan_run
    from flan_mix.runs.plan_devices import device_named
    from flan_mix.runs.plan_tables import show_plan

    given = flags.FLAGS
    device = device_named(given.device) if given.device else None
    if not 0 < given.mfu <= 1:
        raise ValueError(f"--mfu={given.mfu} is no share of the peak: give one above 0, up to 1")
    mesh = parse_mesh(given.mesh) if given.mesh else None
    plan = plan_run(gin.get_bindings(function), mesh, decoding=given.decode)
    if given.json:
        print(json.dumps(as_json(plan, device, given.mfu), indent=1))
    else:
        show_plan(plan, device, given.mfu)
