"""Before against after: paired by example, averaged by category, held-out apart."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from flan_mix.evaluation import (
    BootstrapSettings,
    Evaluation,
    Prediction,
    TaskResult,
    compare,
    result_of,
)

BOOTSTRAP = BootstrapSettings(resamples=400)


def result(
    scores: Sequence[float] | Mapping[str, float], name: str = "task", category: str = "kind"
) -> TaskResult:
    """A task's result with one score for each example, ids counted or given."""
    by_id = scores if isinstance(scores, Mapping) else {str(i): s for i, s in enumerate(scores)}
    predictions = [
        Prediction(name, category, i, 0, "in", "out", ("out",), "answer", {"accuracy": score})
        for i, score in by_id.items()
    ]
    return result_of(
        predictions,
        main_metric="accuracy",
        available=len(predictions),
        bootstrap=BOOTSTRAP,
        whole_scores={"loss": 2.0},
    )


def evaluation(*results: TaskResult) -> Evaluation:
    return Evaluation(results, {}, BOOTSTRAP)


def test_pairing_sees_a_change_that_separate_intervals_hide():
    random = np.random.default_rng(3)
    hardness = random.choice([0.0, 100.0], size=200)
    before = result(hardness)
    after = result(np.clip(hardness + random.choice([0, 0, 0, 8], size=200), 0, 100))
    separate_overlap = before.intervals["accuracy"].high > after.intervals["accuracy"].low
    difference = compare(evaluation(before), evaluation(after)).categories[0].score
    assert separate_overlap
    assert difference.verdict == "better"


def test_examples_are_paired_by_id_whatever_their_order():
    scores = {"a": 0, "b": 100, "c": 50, "d": 10, "e": 70, "f": 30}
    before = evaluation(result(scores))
    after = evaluation(result(dict(reversed(scores.items()))))
    difference = compare(before, after).tasks[0].main
    assert (difference.change, difference.low, difference.high) == (0, 0, 0)
    assert difference.verdict == "unclear"


def test_examples_in_one_evaluation_only_are_left_out_and_counted():
    before = evaluation(result({"a": 0, "b": 0, "x": 100}))
    after = evaluation(result({"a": 100, "b": 100, "y": 0, "z": 0}))
    task = compare(before, after).tasks[0]
    assert (task.examples, task.unmatched) == (2, 3)
    assert (task.main.before, task.main.after) == (0, 100)


def test_what_got_worse_is_called_worse():
    before = evaluation(result([90, 80, 100, 95] * 10))
    after = evaluation(result([60, 50, 80, 60] * 10))
    difference = compare(before, after).tasks[0].main
    assert difference.verdict == "worse"
    assert difference.change == pytest.approx(-28.75)
    assert difference.low < -28.75 < difference.high < 0


def test_categories_count_alike_and_held_out_ones_stand_apart():
    before = evaluation(
        result([0] * 10, "a", "trained"),
        result([0] * 10, "b", "trained"),
        result([0] * 10, "c", "other"),
        result([50] * 10, "d", "unseen"),
    )
    after = evaluation(
        result([10] * 10, "a", "trained"),
        result([30] * 10, "b", "trained"),
        result([60] * 10, "c", "other"),
        result([40] * 10, "d", "unseen"),
    )
    comparison = compare(before, after, held_out_categories=["unseen"])
    assert {c.name: c.score.change for c in comparison.categories} == {
        "trained": 20,
        "other": 60,
        "unseen": -10,
    }
    assert comparison.held_in is not None and comparison.held_out is not None
    assert comparison.held_in.change == 40
    assert comparison.held_out.change == -10
    assert [c.held_out for c in comparison.categories] == [False, False, True]


def test_a_score_of_the_whole_task_is_compared_without_an_interval():
    task = compare(evaluation(result([1, 2])), evaluation(result([1, 2]))).tasks[0]
    assert list(task.scores) == ["accuracy", "loss"]
    assert task.scores["loss"].low is None
    assert task.scores["loss"].verdict == "unclear"


def test_the_interval_covers_the_true_change_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(120):
        before = random.normal(40, 10, size=60)
        after = before + random.normal(5, 10, size=60)
        difference = compare(evaluation(result(before)), evaluation(result(after))).tasks[0].main
        covered += difference.low <= 5 <= difference.high
    assert 0.87 <= covered / 120 <= 1


def test_evaluations_without_a_common_task_are_refused():
    with pytest.raises(ValueError, match=r"share no task.*\['a'\].*\['b'\]"):
        compare(evaluation(result([1], "a")), evaluation(result([1], "b")))


def test_tasks_without_a_common_example_are_refused():
    with pytest.raises(ValueError, match="task: no example id is in both"):
        compare(evaluation(result({"a": 1})), evaluation(result({"b": 1})))


def test_a_held_out_category_that_was_not_evaluated_is_refused():
    one = evaluation(result([1]))
    with pytest.raises(ValueError, match=r"held-out categories \['kinds'\] were not evaluated"):
        compare(one, one, held_out_categories=["kinds"])
