"""Runs from end to end: exact resumption, what a run starts from, and what it leaves behind."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from flan_mix.runs.checkpointing import CheckpointConfig
from tests.end_to_end.toy_run import dataset, train_toy
from tests.reports.test_tensorboard_files import scalars


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def assert_same_bits(left, right) -> None:
    for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_a_restarted_run_continues_bit_for_bit_with_packing_and_dropout(tmp_path, cache_dir):
    whole = train_toy(tmp_path / "whole", cache_dir, 8)
    train_toy(tmp_path / "halves", cache_dir, 5)
    halves = train_toy(tmp_path / "halves", cache_dir, 8)
    assert int(halves.step) == 8
    assert_same_bits(halves, whole)


def test_the_loss_falls_and_is_logged_with_what_t5x_logs(tmp_path, cache_dir):
    train_toy(tmp_path, cache_dir, 30)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(2, 31, 2))
    assert rows[-1]["token_loss"] < 0.8 * rows[0]["token_loss"]
    assert {"accuracy", "loss", "z_loss", "timing/seqs_per_second"} <= rows[0].keys()
    assert list((tmp_path / "train").glob("events.out.tfevents*"))


@pytest.mark.slow
def test_relative_steps_are_added_once_however_often_a_run_is_restarted(tmp_path, cache_dir):
    train_toy(tmp_path / "first", cache_dir, 4)
    more = {
        "checkpoint_cfg": CheckpointConfig(str(tmp_path / "first"), period=3),
        "total_steps": None,
        "relative_steps": 3,
    }
    assert int(train_toy(tmp_path / "second", cache_dir, 0, **more).step) == 7
    assert int(train_toy(tmp_path / "second", cache_dir, 0, **more).step) == 7


@pytest.mark.slow
def test_absolute_steps_below_the_checkpoint_are_refused_with_the_mend(tmp_path, cache_dir):
    train_toy(tmp_path / "first", cache_dir, 4)
    config = CheckpointConfig(str(tmp_path / "first"))
    with pytest.raises(ValueError, match="TRAIN_STEPS_RELATIVE"):
        train_toy(tmp_path / "second", cache_dir, 3, checkpoint_cfg=config)


@pytest.mark.slow
def test_other_data_under_the_same_model_dir_is_refused(tmp_path, cache_dir):
    train_toy(tmp_path, cache_dir, 3)
    other = dataset(cache_dir, batch_size=8)
    with pytest.raises(ValueError, match="batch_size was 4 and is 8"):
        train_toy(tmp_path, cache_dir, 6, train_dataset_cfg=other)


@pytest.mark.slow
def test_evaluation_before_and_after_ends_in_a_report(tmp_path, cache_dir):
    from flan_mix.runs.report import report_run

    evaluation = dataset(cache_dir, split="validation", pack=False, shuffle=False, num_examples=4)
    train_toy(
        tmp_path,
        cache_dir,
        4,
        train_dataset_cfg=dataset(cache_dir, mixture_or_task_name="toy_notes"),
        train_eval_dataset_cfg=evaluation,
        infer_eval_dataset_cfg=evaluation,
        eval_steps=1,
        eval_period=None,
        run_eval_before_training=True,
    )
    metrics = json.loads((tmp_path / "eval" / "4" / "metrics.json").read_text())
    assert set(metrics["tasks"]["toy_notes"]) >= {"rouge1", "rouge2", "rougeL", "examples"}
    assert metrics["tasks"]["toy_things"]["examples"] == 4
    assert set(metrics["categories"]) == {"dialogue_summarization", "entity_recognition"}
    page, comparison = report_run(tmp_path)
    assert page.stat().st_size > 10_000
    held_out = {category.name: category.held_out for category in comparison.categories}
    assert held_out == {"dialogue_summarization": False, "entity_recognition": True}
    facts = json.loads((tmp_path / "run.json").read_text())["tasks"]["toy_notes"]
    assert facts["category"] == "dialogue_summarization" and facts["token_share"] == 1
    board = {name: value for _, name, value in scalars(tmp_path / "eval_summary")}
    assert board["held_in/score"] == pytest.approx(comparison.held_in.after, abs=1e-3)
    assert board["change/held_out"] == pytest.approx(comparison.held_out.change, abs=1e-3)
