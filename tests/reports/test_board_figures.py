"""TensorBoard shows the figures of the report."""

from flan_mix.reports.board_figures import board_figures
from tests.evaluation.test_comparison import evaluation, result
from tests.reports.starter_models import HELD_OUT, starter_comparisons, starter_evaluation


def test_figures_are_those_of_the_report():
    figures = board_figures(
        starter_evaluation("mixed"), starter_evaluation("start"), held_out_categories=HELD_OUT
    )
    (comparison,) = starter_comparisons("start", "mixed")
    assert comparison.held_in and comparison.held_out
    assert figures["held_in/score"] == comparison.held_in.after
    assert figures["change/held_out"] == comparison.held_out.change
    for task in comparison.tasks:
        assert figures[f"change/task/{task.name}"] == task.main.change
    for category in comparison.categories:
        assert figures[f"category/{category.name}/score"] == category.score.after
        assert figures[f"change/category/{category.name}"] == category.score.change
    faithful = comparison.faithfulness["faithful"]
    assert figures["faithfulness/shop_chats/faithful"] == faithful.after
    assert figures["change/faithfulness/faithful"] == faithful.change


def test_without_an_earlier_evaluation_there_are_no_changes():
    one = evaluation(result([1] * 6))
    assert board_figures(one) == {
        "category/kind/score": 1,
        "category/kind/from_chance": 1,
        "overall/score": 1,
        "overall/from_chance": 1,
    }
    other = evaluation(result([1] * 6, "other"))
    assert board_figures(one, other) == board_figures(one)
