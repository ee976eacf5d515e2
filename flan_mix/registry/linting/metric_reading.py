"""Lint of metrics: those that take a text for a list, and those that cannot read their targets."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flan_mix.metrics import Metric, whole_scores
from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec


class RightAnswer(NamedTuple):
    """What a metric is tried on: an example's target against its references.

    id: of the row. references: none where the target alone is right. source: what is asked.
    """

    template: int
    target: str
    references: tuple[str, ...]
    source: str
    id: str


def metric_findings(spec: TaskSpec) -> Iterator[Finding]:
    """No metric at all, and metrics that score a lone text letter by letter."""
    if not spec.metrics:
        yield Finding(spec.name, "no_metric", "no metric: nothing can be said of predictions.")
    for metric in spec.metrics:
        if _iterates_text(metric):
            yield Finding(
                spec.name,
                "metric_iterates_text",
                f"{metric.name} takes a lone text for a list of letters: have its function call "
                "flan_mix.metrics.check_scorable.",
            )
    by_name = [style.name for style in spec.option_styles if style.answer_by_name]
    asking = [t for t in spec.templates if t.uses_options and "answer" in t.target_fields]
    for metric in spec.metrics:
        if by_name and asking and metric.is_of_corpus:
            yield Finding(
                spec.name,
                "unreadable_target",
                f"{metric.name} reads the answers of all rows together, and option style "
                f"{by_name[0]!r} makes some of them names such as (b), which mean something else "
                "in each row: leave out the styles with answer_by_name.",
            )


def unreadable_targets(spec: TaskSpec, answers: Sequence[RightAnswer]) -> Iterator[Finding]:
    """Metrics that refuse the right answer, or give it nothing.

    answers: of sampled examples of forward templates.
    """
    clean = spec.postprocess or _same
    cleaned = [
        a._replace(
            target=clean(a.target), references=tuple(map(clean, a.references or (a.target,)))
        )
        for a in answers
    ]
    if spec.postprocess:
        yield from _emptied_targets(spec, answers, cleaned)
    for metric in spec.metrics:
        readable, best = [], dict.fromkeys((answer.template for answer in answers), 0.0)
        reported: set[tuple[int, str]] = set()
        for given, answer in zip(answers, cleaned, strict=True):
            try:
                scores = metric.score(answer.target, answer.references, answer.source)
            except Exception as error:
                best[answer.template] = 100.0
                fault = f"{type(error).__name__}: {error}"
                kind = re.sub(r"\d+|\(.*|'.*", "", fault)
                if (answer.template, kind) not in reported:
                    reported.add((answer.template, kind))
                    yield Finding(
                        spec.name,
                        "unreadable_target",
                        f"{metric.name} cannot score {given.target[:60]!r} against itself: "
                        f"{fault[:160]}",
                        answer.template,
                    )
                continue
            readable.append(answer)
            best[answer.template] = max(best[answer.template], scores.get(metric.keys[0], 100.0))
        for number in sorted(n for n, score in best.items() if score <= 0):
            yield Finding(
                spec.name,
                "unreadable_target",
                f"{metric.name} gives the right answers 0: it, or postprocess, reads something "
                "else than the targets say.",
                number,
            )
        if metric.is_of_corpus and readable:
            yield from _unreadable_corpus(spec, metric, readable)


def _emptied_targets(
    spec: TaskSpec, answers: Sequence[RightAnswer], cleaned: Sequence[RightAnswer]
) -> Iterator[Finding]:
    """Templates of whose targets postprocess makes one text or none, so that metrics, which see no
    more, give every prediction full marks."""
    pairs = list(zip(answers, cleaned, strict=True))
    for number in sorted({answer.template for answer in answers}):
        of_template = [(a.target, c.target) for a, c in pairs if a.template == number]
        given, left = (set(texts) for texts in zip(*of_template, strict=True))
        if len(given) > 1 and len(left) == 1:
            yield Finding(
                spec.name,
                "unreadable_target",
                f"postprocess makes {min(left)!r} of each of {len(given)} different targets, as of "
                f"{of_template[0][0][:60]!r}: every prediction would be right.",
                number,
            )


def _unreadable_corpus(
    spec: TaskSpec, metric: Metric, answers: Sequence[RightAnswer]
) -> Iterator[Finding]:
    """The same of a metric that reads all examples together, over all templates."""
    targets, references = [a.target for a in answers], [a.references for a in answers]
    try:
        scores = metric.score_all(targets, references, [a.id for a in answers])
        assert scores is not None
        whole = whole_scores(scores, answers)[metric.keys[0]]
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        yield Finding(
            spec.name,
            "unreadable_target",
            f"{metric.name} cannot score the right answers together: {fault[:160]}",
        )
        return
    # Where all answers are the same, a correlation or the F1 of another answer is rightly 0.
    if whole <= 0 and len(set(references)) > 1:
        yield Finding(
            spec.name,
            "unreadable_target",
            f"{metric.name} gives the right answers 0 together: it, or postprocess, reads "
            "something else than the targets say.",
        )


def _iterates_text(metric: Metric) -> bool:
    """Whether a text is scored as the list of its letters, where a list was expected."""
    try:
        alone = metric.score("a", "abc", "abc")
        listed = metric.score("a", ("abc",), "abc")
    except Exception:
        return False  # It refuses, as it should, or wants other texts than these.
    return dict(alone) != dict(listed)


def _same(text: str) -> str:
    return text
