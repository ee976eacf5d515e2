"""The figures in words: what a reader who opens a report wants to know first."""

from collections.abc import Sequence
from dataclasses import dataclass

from flan_mix.evaluation import CategoryComparison, Comparison, Difference
from flan_mix.reports.wording import change_text, interval_text, score_text


@dataclass(frozen=True)
class PlainSummary:
    """A report's opening.

    headlines: one sentence for the categories trained on and one for those held out.
    better, worse, unclear: the categories, largest change first.
    """

    headlines: tuple[str, ...]
    better: tuple[CategoryComparison, ...]
    worse: tuple[CategoryComparison, ...]
    unclear: tuple[CategoryComparison, ...]


def summarize(comparison: Comparison) -> PlainSummary:
    """Says what got better and what got worse."""
    ordered = sorted(comparison.categories, key=lambda c: -abs(c.score.change))
    by_verdict = {
        verdict: tuple(c for c in ordered if c.score.verdict == verdict)
        for verdict in ("better", "worse", "unclear")
    }
    confidence = comparison.bootstrap.confidence
    headlines = [
        _headline(comparison.held_in, _subject(comparison.categories, False), confidence),
        _headline(comparison.held_out, _subject(comparison.categories, True), confidence),
    ]
    return PlainSummary(tuple(line for line in headlines if line), **by_verdict)


def _subject(categories: Sequence[CategoryComparison], held_out: bool) -> str:
    count = sum(category.held_out == held_out for category in categories)
    kinds = "the one kind of task" if count == 1 else f"the {count} kinds of tasks"
    return f"{kinds} it never trained on (held out)" if held_out else f"{kinds} it was trained on"


def _headline(difference: Difference | None, subject: str, confidence: float) -> str:
    if difference is None:
        return ""
    verdict = {
        "better": "the model got better",
        "worse": "the model got worse",
        "unclear": "there is no clear change",
    }[difference.verdict]
    interval = interval_text(difference)
    certainty = f" ({confidence:.0%} interval {interval})" if interval else ""
    return (
        f"On {subject}, {verdict}: average score from {score_text(difference.before)} to "
        f"{score_text(difference.after)}, a change of {change_text(difference.change)}{certainty}."
    )
