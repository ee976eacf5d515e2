"""Before against after: paired by example, averaged by category, held-out apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from flan_mix.evaluation import (
    BootstrapSettings,
    Evaluation,
    Prediction,
    TargetSums,
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
        Prediction(
            *(name, category, i, 0, "in", "out", ("out",), "answer", {"accuracy": score}),
            target_sums=TargetSums(loss=2.0 * tokens, correct=1.0, tokens=tokens),
        )
        for tokens, (i, score) in enumerate(by_id.items(), start=2)
    ]
    return result_of(
        predictions,
        main_metric="accuracy",
        available=len(predictions),
        bootstrap=BOOTSTRAP,
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


def by_token(losses: Sequence[float], tokens: Sequence[float]) -> TaskResult:
    """A task's result whose examples have targets of such losses, in nats, and lengths."""
    whole = result([50.0] * len(losses))
    sums = [TargetSums(*of_one) for of_one in zip(losses, [1.0] * len(losses), tokens, strict=True)]
    pairs = zip(whole.predictions, sums, strict=True)
    return result_of(
        [replace(prediction, target_sums=each) for prediction, each in pairs],
        main_metric="accuracy",
        available=len(losses),
        bootstrap=BOOTSTRAP,
    )


def test_a_loss_is_compared_by_token_on_examples_drawn_in_pairs():
    random = np.random.default_rng(5)
    tokens = random.integers(2, 60, 80).astype(float)
    before = tokens * random.uniform(1, 6, 80)
    after = before - 0.2 * tokens
    comparison = compare(
        evaluation(by_token(before.tolist(), tokens.tolist())),
        evaluation(by_token(after.tolist(), tokens.tolist())),
    )
    loss = comparison.tasks[0].scores["loss"]
    assert loss.before == pytest.approx(before.sum() / tokens.sum())
    # Each token got as much likelier: whatever is drawn, the change is that.
    assert (loss.low, loss.high) == pytest.approx((-0.2, -0.2))
    assert loss.verdict == "better"


def test_an_interval_of_a_loss_draws_examples_and_not_tokens():
    random = np.random.default_rng(6)
    tokens = random.integers(2, 60, 50).astype(float)
    losses = tokens * random.uniform(1, 6, 50)
    found = by_token(losses.tolist(), tokens.tolist()).intervals["loss"]
    drawn = random.integers(50, size=(4000, 50))
    means = losses[drawn].sum(axis=1) / tokens[drawn].sum(axis=1)
    assert found.mean == pytest.approx(losses.sum() / tokens.sum())
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.08)


def test_a_loss_measured_on_one_side_alone_is_not_compared():
    measured = evaluation(by_token([1.0] * 8, [2.0] * 8))
    bare = evaluation(result_without_sums([50.0] * 8))
    assert list(compare(bare, measured).tasks[0].scores) == ["accuracy"]


def result_without_sums(scores: Sequence[float]) -> TaskResult:
    """As an evaluation without teacher forcing leaves it."""
    whole = result(scores)
    return result_of(
        [replace(prediction, target_sums=None) for prediction in whole.predictions],
        main_metric="accuracy",
        available=len(scores),
        bootstrap=BOOTSTRAP,
    )


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
