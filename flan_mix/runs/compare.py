"""`flan-mix compare`: models against a baseline, for people, for programs, and for a build."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flan_mix.evaluation import Comparison, Worsening, worsenings
from flan_mix.reports.comparison_texts import (
    comparison_json,
    comparison_markdown,
    markdown_escaped,
)
from flan_mix.reports.tables import (
    comparison_table,
    gains_and_losses,
    print_table,
    several_table,
)
from flan_mix.reports.wording import category_label, change_text, score_text
from flan_mix.runs.evaluated_models import evaluated_models, measured_differently
from flan_mix.runs.report import ReportOptions, compare_models, report_models


@dataclass(frozen=True)
class CompareRequest:
    """What was asked for.

    words: evaluations, as `evaluated_models` reads them. baseline: one of words or labels; None
    for the first. held_out, tasks, categories: names; empty for what the runs say, and for all.
    form: "table", "json" or "markdown". html: where to write the report; None for no report.
    fail_if_worse: whether to look for what got worse by more than `margin` points.
    """

    words: Sequence[str]
    labels: Sequence[str] = ()
    baseline: str | None = None
    held_out: Sequence[str] = ()
    tasks: Sequence[str] = ()
    categories: Sequence[str] = ()
    form: str = "table"
    html: Path | None = None
    fail_if_worse: bool = False
    margin: float = 0.0


def compare(request: CompareRequest) -> int:
    """Prints the comparison; returns 1 where something is worse and that was asked, else 0.

    Raises FileNotFoundError for what was not evaluated, with the command that does it, and
    ValueError for what cannot be compared.
    """
    models = evaluated_models(request.words, request.labels, baseline=request.baseline)
    options = ReportOptions(
        held_out=request.held_out, tasks=request.tasks, categories=request.categories
    )
    _, comparisons = compare_models(models, options)
    labels = [model.label for model in models]
    worse = worsenings(comparisons, margin=request.margin) if request.fail_if_worse else None
    _SHOW[request.form](labels, comparisons, worse)
    for name, values in measured_differently(models).items():
        print(f"Note: not measured alike: {name} was {', '.join(values)}.", file=sys.stderr)
    if request.html is not None:
        path, _ = report_models(models, request.html, options)
        if request.form == "table":
            print(f"Report: {path}")
    return 1 if worse else 0


def _show_table(
    labels: Sequence[str], comparisons: Sequence[Comparison], worse: Sequence[Worsening] | None
) -> None:
    if len(comparisons) == 1:
        print_table(comparison_table(comparisons[0]))
    else:
        print_table(several_table(labels, comparisons))
    for label, comparison in zip(labels[1:], comparisons, strict=True):
        print(f"{_plain(label)} against {_plain(labels[0])}")
        for line in gains_and_losses(comparison):
            print(f"  {_plain(line)}")
    left_out = dict.fromkeys(name for comparison in comparisons for name in comparison.left_out)
    if left_out:
        print(f"Not in all evaluations, so left out: {_plain(', '.join(left_out))}.")
    if worse is not None:
        print("\n".join(_verdict(labels, worse)))


def _show_json(
    labels: Sequence[str], comparisons: Sequence[Comparison], worse: Sequence[Worsening] | None
) -> None:
    values = comparison_json(labels, comparisons)
    if worse is not None:
        values["worse"] = [
            {"model": labels[w.model + 1], "kind": w.kind, "name": w.name} for w in worse
        ]
    print(json.dumps(values, indent=2, allow_nan=False))


def _show_markdown(
    labels: Sequence[str], comparisons: Sequence[Comparison], worse: Sequence[Worsening] | None
) -> None:
    print(comparison_markdown(labels, comparisons), end="")
    if worse is not None:
        print("", *(f"- {markdown_escaped(line)}" for line in _verdict(labels, worse)), sep="\n")


_SHOW = {"table": _show_table, "json": _show_json, "markdown": _show_markdown}


def _verdict(labels: Sequence[str], worse: Sequence[Worsening]) -> list[str]:
    if not worse:
        return ["Nothing is significantly worse."]
    return ["Significantly worse:"] + [
        f"  {_plain(labels[w.model + 1])}, {_named(w)}: {score_text(w.difference.before)} to "
        f"{score_text(w.difference.after)} ({change_text(w.difference.change)})"
        for w in worse
    ]


def _named(worsening: Worsening) -> str:
    if worsening.kind == "task":
        return _plain(worsening.name)
    if worsening.kind == "made up":
        return f"{_plain(worsening.name)}, summaries with nothing made up"
    return f"all of {_plain(category_label(worsening.name))}"


def _plain(text: str) -> str:
    """`text` without what a terminal would obey."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
