"""The figures in words: what one task of summaries makes up is not hidden by another."""

from collections.abc import Sequence

import pytest

from flan_mix.evaluation import (
    Evaluation,
    Prediction,
    TaskResult,
    compare,
    result_of,
    worsenings,
)
from flan_mix.reports.comparison_texts import comparison_markdown
from flan_mix.reports.plain_summary import made_up_lines, summarize
from flan_mix.reports.tables import gains_and_losses
from tests.evaluation.test_comparison import BOOTSTRAP


def summaries(name: str, faithful: Sequence[int]) -> TaskResult:
    """A task of summaries, each with nothing made up (100) or something (0)."""
    scores = [{"rouge1": 20.0, "faithful": 100.0 * each} for each in faithful]
    predictions = [
        Prediction(name, "summaries", str(i), 0, "in", "out", ("out",), "answer", of)
        for i, of in enumerate(scores)
    ]
    return result_of(predictions, main_metric="rouge1", available=len(scores), bootstrap=BOOTSTRAP)


def evaluation(*results: TaskResult) -> Evaluation:
    return Evaluation(results, {}, BOOTSTRAP)


@pytest.fixture(scope="module")
def comparison():
    """Chats with 10 of 40 made up, then 30; abstracts with 30 of 40, then 10; letters as before."""
    few, many = [1] * 30 + [0] * 10, [1] * 10 + [0] * 30
    letters = summaries("letters", few)
    before = evaluation(summaries("chats", few), summaries("abstracts", many), letters)
    after = evaluation(summaries("chats", many), summaries("abstracts", few), letters)
    return compare(before, after)


def test_tasks_that_make_up_more_are_named_although_the_mean_is_unmoved(comparison):
    assert comparison.faithfulness["faithful"].change == 0
    summary = summarize(comparison)
    assert [m.task for m in summary.made_up_by_task] == ["chats", "abstracts"]
    more, less = summary.made_up_by_task
    assert (more.share.before, more.share.after, more.share.verdict) == (25, 75, "worse")
    assert (less.share.before, less.share.after, less.share.verdict) == (75, 25, "better")
    assert more.firm and 0 < (more.share.low or 0) < 50 < (more.share.high or 0)
    assert "Of 100 summaries (the average over 3 tasks), 42 mention" in summary.made_up[0]


def test_the_terminal_and_markdown_say_so_too(comparison):
    said = "Makes up more: chats in 75 of 100 summaries, before 25."
    assert gains_and_losses(comparison)[2:] == [
        said,
        "Makes up less: abstracts in 25 of 100 summaries, before 75.",
    ]
    assert f"**new**: {said}" in comparison_markdown(["old", "new"], [comparison])


def test_a_build_fails_where_summaries_make_up_more(comparison):
    (found,) = worsenings([comparison])
    assert (found.kind, found.name) == ("made up", "chats")
    assert worsenings([comparison], margin=60) == []


def test_what_could_be_chance_is_in_brackets_and_of_one_task_the_mean_says_all():
    def answers(changed: int) -> list[int]:
        return [1] * (30 - changed) + [0] * (10 + changed)

    names = [f"task{place}" for place in range(9)]
    before = evaluation(*(summaries(name, answers(0)) for name in names))
    after = evaluation(*(summaries(n, answers(4 if n == "task0" else 0)) for n in names))
    line = "Makes up more: (task0 in 35 of 100 summaries, before 25)."
    assert made_up_lines(compare(before, after)) == [line]
    alone = compare(*(evaluation(each.tasks[0]) for each in (before, after)))
    assert made_up_lines(alone) == []
    assert "Of 100 summaries, 35 mention" in summarize(alone).made_up[0]
