"""Words that stand for evaluations, and what the runs beside them trained on."""

import json
from pathlib import Path

import pytest

from flan_mix.evaluation import Evaluation
from flan_mix.runs.evaluated_models import (
    evaluated_models,
    find_evaluation,
    measured_differently,
    trained_run,
)
from flan_mix.runs.trained_on import held_out_categories, trained_categories, trained_tasks
from tests.evaluation.test_comparison import BOOTSTRAP, evaluation, result
from tests.reports.starter_models import write_evaluation


def write_step(model_dir: Path, step: int, **facts) -> Path:
    whole = Evaluation((result([1] * 6),), {"step": step, **facts}, BOOTSTRAP)
    return write_evaluation(model_dir / "eval" / str(step), whole)


def test_every_way_of_naming_an_evaluation_finds_it(tmp_path: Path):
    run = tmp_path / "run"
    first, last = write_step(run, 9), write_step(run, 10)
    for word, found in {
        str(run): last,
        f"{run}@9": first,
        str(run / "checkpoint_9"): first,
        str(first): first,
        str(run / "eval"): last,
    }.items():
        (run / "checkpoint_9").mkdir(exist_ok=True)
        assert find_evaluation(word) == found, word


def test_a_folder_with_an_at_sign_in_its_name_is_itself(tmp_path: Path):
    run = tmp_path / "run@10"
    found = write_step(run, 5)
    assert find_evaluation(str(run)) == found


def test_unfinished_evaluations_are_no_evaluations(tmp_path: Path):
    finished = write_step(tmp_path, 5)
    write_step(tmp_path, 6).joinpath("metrics.json").unlink()
    assert find_evaluation(str(tmp_path)) == finished
    with pytest.raises(FileNotFoundError, match=r"no evaluation of step 6 \(evaluated steps: \[5"):
        find_evaluation(f"{tmp_path}@6")


def test_labels_are_the_shortest_names_that_tell_models_apart(tmp_path: Path):
    for run in ("a", "b"):
        for step in (0, 1000):
            write_step(tmp_path / run, step)
        (tmp_path / run / "run.json").write_text("{}")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")

    def labels(*words: str) -> list[str]:
        return [model.label for model in evaluated_models(words)]

    assert labels(f"{a}@0", a) == ["step 0", "step 1,000"]
    assert labels(a, b) == ["a", "b"]
    assert labels(f"{a}@0", a, b) == ["a step 0", "a step 1,000", "b step 1,000"]


def test_the_run_is_found_beside_the_evaluation_or_by_its_checkpoint(tmp_path: Path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text('{"mixture": "m", "first_step": 0}')
    elsewhere = write_step(tmp_path / "far", 7, checkpoint=str(run / "checkpoint_7"))
    models = evaluated_models([str(elsewhere), str(write_step(run, 0))], ["one", "two"])
    assert [model.run.get("mixture") for model in models] == ["m", "m"]
    # The second was evaluated before the run trained anything.
    assert trained_run(models[0])["mixture"] == "m" and trained_run(models[1]) == {}


def test_categories_are_held_out_when_no_run_trained_on_any_task_of_them():
    whole = evaluation(
        result([1], "seen", "x"),
        result([1], "fresh", "x"),
        result([1], "near", "y"),
        result([1], "other", "z"),
        result([1], "few.few_shot", "w"),
    )
    run = {
        "tasks": {"seen": {"category": "x"}, "not_evaluated": {"category": "y"}, "few": {}},
    }
    assert held_out_categories(whole, [run]) == ("z",)
    assert trained_categories(whole, run) == {"x", "y", "w"}
    assert trained_tasks(run, [t.name for t in whole.tasks]) == {"seen", "few.few_shot"}
    assert held_out_categories(whole, [run, {"tasks": {"other": {"category": "z"}}}]) == ()
    # Where nobody recorded what was trained on, nothing is called held out.
    assert held_out_categories(whole, [{}]) == () and trained_categories(whole, {}) == set()


def test_facts_of_a_run_come_back_as_written(tmp_path: Path):
    from flan_mix.runs.run_record import read_facts, write_facts

    facts = {"mixture": "m", "tasks": {"a": {"share": 0.5}}}
    write_facts(tmp_path, facts)
    assert read_facts(tmp_path) == facts == json.loads((tmp_path / "run.json").read_text())
    assert read_facts(tmp_path / "none") == {}


def test_what_was_not_measured_alike_is_told(tmp_path: Path):
    words = [
        str(write_step(tmp_path / "a", 1, decoding="greedy", split="validation", checkpoint="x")),
        # What only one of them says, as versions do that record more, is not known to differ.
        str(write_step(tmp_path / "b", 2, decoding="beam 4", split="validation", dtype="float32")),
    ]
    assert measured_differently(evaluated_models(words)) == {"decoding": ["greedy", "beam 4"]}
