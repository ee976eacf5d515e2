"""The figures in words: what a reader who opens a report wants to know first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flan_mix.evaluation import CategoryComparison, Comparison, Difference
from flan_mix.evaluation.comparison import COVERAGE, FAITHFUL
from flan_mix.reports.answers import Answers
from flan_mix.reports.wording import interval_text, score_text, shown_verdict


@dataclass(frozen=True)
class Headline:
    """What became of some categories, in words, with the change in figures."""

    subject: str
    sentence: str
    difference: Difference


@dataclass(frozen=True)
class MadeUp:
    """A task whose summaries clearly make up more, or less, than before.

    share: of the summaries that make something up, in per cent; less is better. firm: clear also
    among all tasks of summaries.
    """

    task: str
    share: Difference
    firm: bool


@dataclass(frozen=True)
class PlainSummary:
    """A report's opening, of one model against the baseline.

    headlines: a sentence each for the categories that it trained on, for those that only others
        did, and for those held out.
    better, worse, unclear: the categories, largest change first.
    made_up: sentences about what its summaries make up and leave out; none where there are none.
    made_up_by_task: of several tasks of summaries those where that changed clearly.
    favourites: what it makes up most often, each with in how many of the answers shown.
    """

    headlines: tuple[Headline, ...]
    better: tuple[CategoryComparison, ...]
    worse: tuple[CategoryComparison, ...]
    unclear: tuple[CategoryComparison, ...]
    made_up: tuple[str, ...] = ()
    made_up_by_task: tuple[MadeUp, ...] = ()
    favourites: tuple[tuple[str, int], ...] = ()


def summarize(
    comparison: Comparison, answers: Sequence[Answers] = (), *, model: int = 1
) -> PlainSummary:
    """Says what got better, what got worse and what was made up; model: its place in answers."""
    ordered = sorted(comparison.categories, key=lambda c: -abs(c.score.change))
    by_verdict = {
        verdict: tuple(c for c in ordered if shown_verdict(c.score) == verdict)
        for verdict in ("better", "worse", "unclear")
    }
    return PlainSummary(
        tuple(_headlines(comparison)),
        **by_verdict,
        made_up=tuple(_made_up(comparison)),
        made_up_by_task=tuple(made_up_by_task(comparison)),
        favourites=tuple(_favourites(answers, model)),
    )


def made_up_by_task(comparison: Comparison) -> list[MadeUp]:
    """Where summaries clearly make up more or less, what got worst first; of one task nothing.

    A mean over tasks hides what one of them does: a model may make up more in chats and less in
    abstracts.
    """
    tasks = [task for task in comparison.tasks if FAITHFUL in task.scores]
    if len(tasks) < 2:
        return []
    changed = [
        MadeUp(t.name, _share(t.scores[FAITHFUL]), t.name in comparison.firmly_faithful)
        for t in tasks
        if shown_verdict(t.scores[FAITHFUL]) != "unclear"
    ]
    return sorted(changed, key=lambda made_up: made_up.share.gain)


def made_up_lines(comparison: Comparison) -> list[str]:
    """A sentence for the tasks whose summaries clearly make up more, and one for less."""
    lines = []
    for verdict, title in (("worse", "Makes up more"), ("better", "Makes up less")):
        tasks = [m for m in made_up_by_task(comparison) if shown_verdict(m.share) == verdict]
        shown = [
            f"{m.task} in {m.share.after:.0f} of 100 summaries, before {m.share.before:.0f}"
            for m in tasks
        ]
        if shown:
            marked = [s if m.firm else f"({s})" for s, m in zip(shown, tasks, strict=True)]
            lines.append(f"{title}: {'; '.join(marked)}.")
    return lines


def _headlines(comparison: Comparison) -> Iterator[Headline]:
    categories = comparison.categories
    held_out = sum(c.held_out for c in categories)
    elsewhere = sum(c.elsewhere for c in categories)
    own = len(categories) - held_out - elsewhere
    trained = " it was trained on" if held_out or elsewhere else " compared"
    for title, count, what, difference in (
        ("Trained on", own, trained, comparison.own),
        ("Not in its training", elsewhere, " that only others trained on", comparison.elsewhere),
        ("Held out", held_out, " never trained on", comparison.held_out),
    ):
        if difference is not None:
            kinds = "the one kind of task" if count == 1 else f"the {count} kinds of tasks"
            yield Headline(title, _sentence(difference, kinds + what), difference)


def _sentence(difference: Difference, subject: str) -> str:
    verdict = {
        "better": "the model got better",
        "worse": "the model got worse",
        "unclear": "there is no clear change",
    }[shown_verdict(difference)]
    return (
        f"On {subject}, {verdict}: the average score went from {score_text(difference.before)} to "
        f"{score_text(difference.after)}."
    )


def _made_up(comparison: Comparison) -> Iterator[str]:
    confidence = comparison.bootstrap.confidence
    tasks = sum(FAITHFUL in task.scores for task in comparison.tasks)
    of_tasks = f" (the average over {tasks} tasks)" if tasks > 1 else ""
    if (of := comparison.faithfulness.get(FAITHFUL)) is not None:
        share = _share(of)
        yield (
            f"Of 100 summaries{of_tasks}, {share.after:.0f} mention something that the text they "
            f"sum up does not support; before it was {share.before:.0f}"
            f"{_certainty(share, confidence)}."
        )
    if (of := comparison.faithfulness.get(COVERAGE)) is not None:
        yield (
            f"Of what the human references mention, they have {of.after:.0f}%; before it was "
            f"{of.before:.0f}%{_certainty(of, confidence)}."
        )


def _share(difference: Difference) -> Difference:
    """Counted the other way: what is not faithful is made up."""
    low, high = difference.low, difference.high
    return replace(
        difference,
        before=100 - difference.before,
        after=100 - difference.after,
        change=-difference.change,
        lower_is_better=True,
        low=None if high is None else -high,
        high=None if low is None else -low,
    )


def _favourites(answers: Sequence[Answers], model: int) -> list[tuple[str, int]]:
    """What is made up in two answers or more, the five most frequent."""
    counts: Counter[str] = Counter()
    for example in answers:
        marks = example.marks[model] if model < len(example.marks) else None
        counts.update({mention.text for mention in (marks.invented if marks else ())})
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
    return [(text, count) for text, count in often if count > 1]


def _certainty(difference: Difference, confidence: float) -> str:
    interval = interval_text(difference)
    return f" ({confidence:.0%} interval of the change {interval})" if interval else ""
