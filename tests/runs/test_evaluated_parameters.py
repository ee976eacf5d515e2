"""What was measured on some parameters is not taken for others that come to the same place."""

import json
import logging
from pathlib import Path
from typing import Any, cast

import jax.numpy as jnp
import pytest

from flan_mix.runs.evaluate import _say_what_is_replaced
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.periodic_evaluation import InferenceEvaluation
from flan_mix.training import TrainState


class Asked(Exception):
    """Carries what an evaluation was asked for."""


class Recorder:
    """Stands for the evaluation of a model."""

    def run(self, params: Any, directory: Path, facts: Any, on_task: Any, *, fingerprint: str):
        raise Asked(directory.name, fingerprint)


def test_a_run_started_over_in_its_folder_is_evaluated_anew(tmp_path: Path):
    evaluation = InferenceEvaluation(cast(ModelEvaluation, Recorder()), tmp_path)
    asked = []
    for kernel in (1.0, 2.0, 1.0):
        state = TrainState(step=0, params={"kernel": jnp.full((2, 2), kernel)}, opt_state={})
        with pytest.raises(Asked) as raised:
            evaluation.run(0, state)
        asked.append(raised.value.args)
    assert asked[0] == asked[2] != asked[1]
    assert {name for name, _ in asked} == {"0"}


def test_figures_of_other_tasks_that_go_are_named(tmp_path: Path, caplog):
    (tmp_path / "metrics.json").write_text(json.dumps({"tasks": {"a": {}, "b": {}}}))
    with caplog.at_level(logging.WARNING):
        _say_what_is_replaced(tmp_path, ["a", "b", "c"])
        _say_what_is_replaced(tmp_path / "new", ["c"])
        assert not caplog.records
        _say_what_is_replaced(tmp_path, ["a", "c"])
    assert "other tasks too (1: b)" in caplog.text and "EVAL_OUTPUT_DIR" in caplog.text
