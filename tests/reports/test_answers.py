"""Which answers a page holds: drawn without looking at scores, the same each time."""

import pytest

from flan_mix.evaluation.faithfulness import Marks
from flan_mix.metrics.faithfulness import Mention
from flan_mix.reports import Answers, per_task_at_most, side_by_side
from tests.evaluation.test_comparison import evaluation, result


def test_draw_does_not_depend_on_scores_or_order():
    ids = [f"id-{i}" for i in range(30)]
    low = evaluation(result(dict.fromkeys(ids, 0)))
    high = evaluation(result(dict.fromkeys(reversed(ids), 100)))
    drawn = [
        [each.example.id for each in side_by_side([low, after], per_task=5)]
        for after in (low, high)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 5 and drawn[0] != ids[:5]


def test_another_seed_draws_others():
    one = evaluation(result(dict.fromkeys([f"id-{i}" for i in range(30)], 0)))
    first, second = (
        {each.example.id for each in side_by_side([one, one], per_task=5, seed=seed)}
        for seed in (0, 1)
    )
    assert first != second


def test_only_what_all_models_answered_is_drawn_and_answers_belong_together():
    first = evaluation(result({"a": 1, "b": 2}), result([1], name="gone"))
    second = evaluation(result({"b": 3, "c": 4}), result([1], name="new"))
    third = evaluation(result({"c": 5, "b": 6, "a": 7}))
    (answers,) = side_by_side([first, second, third], held_out_categories={"kind"})
    assert [answer.id for answer in answers.answers] == ["b"] * 3
    assert answers.scores == (2, 3, 6)
    assert answers.held_out and answers.task == "task"


@pytest.mark.parametrize(
    "sizes, total, most",
    [([10, 20, 30], 60, 30), ([10, 20, 30], 45, 17), ([1, 1, 100], 12, 10), ([5, 5], 1, 1)],
)
def test_room_of_small_tasks_goes_to_the_others(sizes, total, most):
    whole = evaluation(*(result([0] * size, f"t{size}{i}") for i, size in enumerate(sizes)))
    assert per_task_at_most([whole], total) == most
    held = sum(min(size, most) for size in sizes)
    assert held <= max(total, len(sizes))


def test_what_several_models_miss_is_told_with_their_places():
    name, city = Mention(0, 3, "Ann", "name"), Mention(9, 13, "Oslo", "place")
    marks = (Marks((), (city, name)), None, Marks((), (name,)))
    answers = Answers("t", "k", (), None, marks=marks)
    assert answers.missed == [(name, (0, 2)), (city, (0,))]
