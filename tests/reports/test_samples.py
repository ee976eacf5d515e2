"""Samples are drawn without looking at scores, the same each time."""

from flan_mix.reports import draw_samples
from tests.evaluation.test_comparison import evaluation, result


def test_draw_does_not_depend_on_scores_or_order():
    ids = [f"id-{i}" for i in range(30)]
    low = evaluation(result(dict.fromkeys(ids, 0)))
    high = evaluation(result(dict.fromkeys(reversed(ids), 100)))
    drawn = [
        [sample.after.id for sample in draw_samples(low, after, per_task=5)]
        for after in (low, high)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 5 and drawn[0] != ids[:5]


def test_another_seed_draws_others():
    one = evaluation(result(dict.fromkeys([f"id-{i}" for i in range(30)], 0)))
    first, second = (
        {sample.after.id for sample in draw_samples(one, one, per_task=5, seed=seed)}
        for seed in (0, 1)
    )
    assert first != second


def test_only_examples_and_tasks_in_both_are_drawn_and_answers_belong_together():
    before = evaluation(result({"a": 1, "b": 2}), result([1], name="gone"))
    after = evaluation(result({"b": 3, "c": 4}), result([1], name="new"))
    samples = draw_samples(before, after, per_task=9, held_out_categories={"kind"})
    assert [(s.before.id, s.before.scores["accuracy"]) for s in samples] == [("b", 2)]
    assert [(s.after.id, s.after.scores["accuracy"]) for s in samples] == [("b", 3)]
    assert samples[0].held_out
