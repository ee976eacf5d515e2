"""A comparison for other programs and for other pages: as plain JSON values, and as Markdown."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flan_mix.evaluation import Comparison, Difference
from flan_mix.reports.plain_summary import made_up_lines
from flan_mix.reports.wording import (
    category_label,
    change_text,
    interval_text,
    metric_label,
    score_text,
    shown_verdict,
)


def comparison_json(labels: Sequence[str], comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Plain values; intervals are [low, high] or None. labels: the baseline's first."""
    return {
        "baseline": labels[0],
        "bootstrap": asdict(comparisons[0].bootstrap),
        "models": {
            label: _model(comparison)
            for label, comparison in zip(labels[1:], comparisons, strict=True)
        },
    }


def _model(comparison: Comparison) -> dict[str, Any]:
    return {
        "held_in": _figures(comparison.held_in),
        "held_out": _figures(comparison.held_out),
        "own": _figures(comparison.own),
        "elsewhere": _figures(comparison.elsewhere),
        "faithfulness": {key: _figures(d) for key, d in comparison.faithfulness.items()},
        "gained": [t.name for t in comparison.tasks if t.main.verdict == "better"],
        "lost": [t.name for t in comparison.tasks if t.main.verdict == "worse"],
        "categories": {
            c.name: {
                **(_figures(c.score) or {}),
                "firm": c.firm,
                "held_out": c.held_out,
                "elsewhere": c.elsewhere,
                "tasks": [task.name for task in c.tasks],
                "examples": c.examples,
            }
            for c in comparison.categories
        },
        "tasks": {
            t.name: {
                "category": t.category,
                "held_out": t.held_out,
                "main_metric": t.main_metric,
                "firm": t.firm,
                "examples": t.examples,
                "examples_left_out": t.unmatched,
                "examples_reworded": t.reworded,
                "scores": {key: _figures(difference) for key, difference in t.scores.items()},
            }
            for t in comparison.tasks
        },
        "tasks_left_out": list(comparison.left_out),
    }


def _figures(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    known = difference.low is not None and difference.high is not None
    return {
        "before": difference.before,
        "after": difference.after,
        "change": difference.change,
        "interval": [difference.low, difference.high] if known else None,
        "verdict": difference.verdict,
    }


def comparison_markdown(labels: Sequence[str], comparisons: Sequence[Comparison]) -> str:
    """A table of the categories and tasks, changes with intervals, then what is made up.

    Bold: clear among all that were compared. Whatever Markdown or HTML would obey is escaped.
    """
    first = comparisons[0]
    rows = [["Task", "Score", "Examples", markdown_escaped(labels[0]), *_heads(labels[1:])]]
    rows.append(["---", "---", *["---:"] * (len(rows[0]) - 2)])
    for place, category in enumerate(first.categories):
        several = [comparison.categories[place] for comparison in comparisons]
        name = f"**{markdown_escaped(category_label(category.name))}**"
        held_out = " (held out)" if category.held_out else ""
        cells = [(c.score, c.firm) for c in several]
        rows.append([name + held_out, "mean", f"{category.examples:,}", *_cells(cells)])
        for index, task in enumerate(category.tasks):
            tasks = [c.tasks[index] for c in several]
            figures = [(t.main, t.firm) for t in tasks]
            metric = markdown_escaped(metric_label(task.main_metric))
            rows.append(
                [markdown_escaped(task.name), metric, f"{task.examples:,}", *_cells(figures)]
            )
    for name, means in (
        ("Trained on", [c.held_in for c in comparisons]),
        ("Held out", [c.held_out for c in comparisons]),
    ):
        cells = [(mean, False) for mean in means if mean is not None]
        if cells:
            rows.append([f"**{name}**", "mean", "", *_cells(cells)])
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return table + "\n" + _note(first) + _made_up(labels, comparisons)


def _heads(labels: Sequence[str]) -> list[str]:
    return [text for label in labels for text in (markdown_escaped(label), "change")]


def _cells(figures: Sequence[tuple[Difference, bool]]) -> list[str]:
    cells = [score_text(figures[0][0].before)]
    for difference, firm in figures:
        sign = {"better": " ▲", "worse": " ▼", "unclear": ""}[shown_verdict(difference)]
        change = change_text(difference.change) + sign
        interval = interval_text(difference)
        cells.append(score_text(difference.after))
        cells.append((f"**{change}**" if firm else change) + (f" ({interval})" if interval else ""))
    return cells


def _note(comparison: Comparison) -> str:
    return (
        f"Changes with {comparison.bootstrap.confidence:.0%} intervals, paired by example. "
        "▲ better, ▼ worse: the interval leaves 0 out. Bold: clear also among all the rows of its "
        "kind (Holm).\n"
    )


def _made_up(labels: Sequence[str], comparisons: Sequence[Comparison]) -> str:
    return "".join(
        f"\n**{markdown_escaped(label)}**: {markdown_escaped(line)}\n"
        for label, comparison in zip(labels[1:], comparisons, strict=True)
        for line in made_up_lines(comparison)
    )


def markdown_escaped(text: str) -> str:
    """`text` as Markdown shows it: one line, nothing obeyed."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]<>()#!|~&$" else c for c in flat)
