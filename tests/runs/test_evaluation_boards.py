"""TensorBoard gets the figures of evaluated checkpoints by step, each once."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import jax.numpy as jnp
import pytest

from flan_mix.evaluation import Evaluation
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.evaluation_boards import write_boards
from flan_mix.runs.periodic_evaluation import InferenceEvaluation
from flan_mix.training import TrainState
from tests.evaluation.test_comparison import evaluation, result
from tests.reports.starter_models import write_evaluation
from tests.reports.test_tensorboard_files import events

RUN = {"tasks": {"own": {"category": "own kind"}}}


def at(step: int, own: float, other: float) -> Evaluation:
    tasks = result([own] * 8, "own", "own kind"), result([other] * 8, "other", "other kind")
    return replace(evaluation(*tasks), facts={"step": step})


def board(folder: Path) -> dict[tuple[str, int], float]:
    """(tag, step) -> value as TensorBoard shows it: what starts anew drops what was before."""
    shown: dict[tuple[str, int], float] = {}
    for event in events(folder):
        if event.session_log.status == event.session_log.START:
            shown = {key: value for key, value in shown.items() if key[1] < event.step}
        for value in event.summary.value:
            assert (value.tag, event.step) not in shown
            shown[value.tag, event.step] = value.simple_value
    return shown


def test_every_step_has_its_scores_means_and_changes(tmp_path: Path):
    write_evaluation(tmp_path / "100", at(100, 20, 50))
    for _ in range(2):  # Evaluated again, nothing stands there twice.
        write_boards(tmp_path, [at(300, 60, 40), at(200, 40, 40)], RUN)
    shown = board(tmp_path / "eval_summary")
    assert {k: v for k, v in shown.items() if k[0] == "overall/score"} == {
        ("overall/score", 100): 35,
        ("overall/score", 200): 40,
        ("overall/score", 300): 50,
    }
    assert shown["held_in/score", 300] == 60 and shown["held_out/score", 300] == 40
    assert shown["change/task/own", 300] == 40 and shown["change/held_out", 200] == -10
    assert ("change/task/own", 100) not in shown
    assert board(tmp_path / "inference_eval/own") == {
        ("eval/accuracy", step): value for step, value in ((100, 20), (200, 40), (300, 60))
    } | {
        (f"eval/{key}", step): pytest.approx(score)
        for step in (100, 200, 300)
        for key, score in at(step, 0, 0).task("own").scores.items()
        if key != "accuracy"
    }


def test_evaluations_of_other_examples_stand_there_without_changes(tmp_path: Path, caplog):
    other = evaluation(result({f"test-{i}": 30.0 for i in range(8)}, "own", "own kind"))
    write_boards(tmp_path, [at(100, 20, 50), replace(other, facts={"step": 200})], RUN)
    shown = board(tmp_path / "eval_summary")
    assert shown["overall/score", 200] == 30
    assert not any(tag.startswith("change/") for tag, _ in shown)
    assert "no changes since the first" in caplog.text


class Evaluated:
    """Stands for the evaluation of a model, with what comes of it."""

    def __init__(self, found: Evaluation):
        self.found = found

    def run(self, *_, **__) -> Evaluation:
        return self.found


def test_a_run_that_goes_on_with_other_examples_is_not_stopped(tmp_path: Path, caplog):
    other = evaluation(result({f"test-{i}": 30.0 for i in range(8)}, "own", "own kind"))
    write_evaluation(tmp_path / "eval/100", replace(other, facts={"step": 100}))
    training = InferenceEvaluation(cast(ModelEvaluation, Evaluated(at(200, 40, 40))), tmp_path)
    state = TrainState(step=200, params={"kernel": jnp.ones((2, 2))}, opt_state={})
    training.run(200, state)
    assert board(tmp_path / "eval_summary")["overall/score", 200] == 40
    assert "no changes since the first" in caplog.text
