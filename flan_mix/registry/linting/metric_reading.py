"""Lint of metrics: those that take a text for a list, and those that cannot read their targets."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from flan_mix.metrics import Metric
from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec


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
        if by_name and asking and metric.score_corpus is not None:
            yield Finding(
                spec.name,
                "unreadable_target",
                f"{metric.name} reads the answers of all rows together, and option style "
                f"{by_name[0]!r} makes some of them names such as (b), which mean something else "
                "in each row: leave out the styles with answer_by_name.",
            )


def unreadable_targets(
    spec: TaskSpec, answers: Sequence[tuple[int, str, tuple[str, ...]]]
) -> Iterator[Finding]:
    """Metrics that refuse the right answer, or give it nothing.

    answers: (template, target, references) of sampled examples of forward templates.
    """
    clean = spec.postprocess or _same
    for metric in spec.metrics:
        reported: set[tuple[int, str]] = set()
        main, best = metric.keys[0], dict.fromkeys({number for number, _, _ in answers}, 0.0)
        for number, target, references in answers:
            try:
                texts = tuple(map(clean, references)) or (clean(target),)
                scores = metric.score_example(clean(target), texts)
                best[number] = max(best[number], scores.get(main, 100.0))
            except Exception as error:
                best[number] = 100.0
                fault = f"{type(error).__name__}: {error}"
                kind = re.sub(r"\d+|\(.*|'.*", "", fault)
                if (number, kind) not in reported:
                    reported.add((number, kind))
                    yield Finding(
                        spec.name,
                        "unreadable_target",
                        f"{metric.name} cannot score {target[:60]!r} against itself: {fault[:160]}",
                        number,
                    )
        for number in sorted(n for n, score in best.items() if score <= 0):
            yield Finding(
                spec.name,
                "unreadable_target",
                f"{metric.name} gives the right answers 0: it, or postprocess, reads something "
                "else than the targets say.",
                number,
            )


def _iterates_text(metric: Metric) -> bool:
    """Whether a text is scored as the list of its letters, where a list was expected."""
    score: Callable[..., Mapping[str, float]] = metric.score_example
    try:
        alone, listed = score("a", "abc"), score("a", ("abc",))
    except Exception:
        return False  # It refuses, as it should, or wants other texts than these.
    return dict(alone) != dict(listed)


def _same(text: str) -> str:
    return text
