"""The report as one self-contained HTML file: it loads nothing and needs no network.

Whatever came from data or model is escaped by Jinja2, or stands in a block of data that the page's
script shows as text. Should that ever fail, the page's content security policy still runs no
script but its own, which it names by hash.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from flan_mix.evaluation import CategoryComparison, Comparison, TaskComparison
from flan_mix.evaluation.result_files import write_atomically
from flan_mix.reports import curves, wording
from flan_mix.reports.answers import Answers
from flan_mix.reports.embedded import embedded_answers, embedded_json
from flan_mix.reports.marked_text import marked
from flan_mix.reports.plain_summary import summarize
from flan_mix.reports.report_data import MixturePart, ReportData, RunReport
from flan_mix.reports.shown_text import visible

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = ("tables.js", "answers.js")

# Readers without scripts see so many examples of each task, and not more in all.
_SAMPLE_PER_TASK, _SAMPLE = 2, 40


def write_report(path: str | Path, data: ReportData) -> Path:
    """Writes the page and returns its absolute path."""
    path = Path(path).absolute()
    write_atomically(path, render_report(data))
    return path


def render_report(data: ReportData) -> str:
    """The page as text; the same data give the same text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Of all that is written out, before it is escaped.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.globals.update(say=wording, marked=marked, zip_tasks=_zip_tasks)
    # Ours, not data: the only texts that are not escaped.
    style = Markup((_TEMPLATES / "report.css").read_text("utf-8"))
    script = Markup("".join((_TEMPLATES / name).read_text("utf-8") for name in _SCRIPTS))
    first = data.comparisons[0]
    return environment.get_template("report.html.j2").render(
        data=data,
        summaries=[
            summarize(comparison, data.answers, model=model)
            for model, comparison in enumerate(data.comparisons, start=1)
        ],
        groups=_groups(first),
        rows=_rows(data.comparisons),
        confidence=f"{first.bootstrap.confidence:.0%}",
        metrics=_metrics(data),
        drawings=_drawings(data.runs),
        embedded=Markup(embedded_json(embedded_answers(data))) if data.answers else None,
        sample=_sample(data.answers),
        mixtures=[(run, _by_category(run)) for run in data.runs if run.mixture],
        style=style,
        script=script,
        script_hash=_policy_hash(script),
    )


def _groups(comparison: Comparison) -> list[Mapping[str, Any]]:
    """The categories that any model trained on, then those held out, by places; no empty group."""
    places = range(len(comparison.categories))
    groups = [
        {
            "held_out": held_out,
            "places": [p for p in places if comparison.categories[p].held_out == held_out],
        }
        for held_out in (False, True)
    ]
    return [group for group in groups if group["places"]]


def _rows(comparisons: Sequence[Comparison]) -> list[Mapping[str, Any]]:
    """A row for each task, with its comparison for every model; what was lost most comes first."""
    by_task = zip(*(comparison.tasks for comparison in comparisons), strict=True)
    rows = [{"task": tasks[0], "tasks": tasks} for tasks in by_task]
    return sorted(rows, key=lambda row: min(task.main.gain for task in row["tasks"]))


def _zip_tasks(categories: Sequence[CategoryComparison]) -> list[tuple[TaskComparison, ...]]:
    """The tasks of one category, each with its comparison for every model."""
    return list(zip(*(category.tasks for category in categories), strict=True))


def _metrics(data: ReportData) -> list[str]:
    """Every score in the report, in order of first appearance."""
    tasks = data.comparisons[0].tasks
    return list(dict.fromkeys(key for task in tasks for key in task.scores))


def _drawings(runs: Sequence[RunReport]) -> list[Mapping[str, Any]]:
    """The curves of runs that recorded any, each with what it shows in words."""
    from markupsafe import Markup

    trained = [run for run in runs if run.points]
    drawn = []
    for title, label, of, sentence in (
        ("Loss", "loss per target token", curves.loss_curves, curves.loss_sentence),
        ("Speed", "tokens per second", curves.throughput_curves, curves.throughput_sentence),
    ):
        lines = of(trained)
        if any(lines):
            words = [(run.name, sentence(run.points)) for run in trained]
            models = [run.models[-1] for run in trained]
            svg = Markup(curves.curves_svg(lines, models, label=label))
            drawn.append({"title": title, "svg": svg, "words": words, "runs": trained})
    return drawn


def _sample(answers: Sequence[Answers]) -> list[Answers]:
    """The first answers of each task, for readers without scripts."""
    sample: list[Answers] = []
    for _, of_task in groupby(answers, key=lambda each: each.task):
        sample += list(of_task)[:_SAMPLE_PER_TASK]
    return sample[:_SAMPLE]


def _by_category(run: RunReport) -> list[Mapping[str, Any]]:
    """A run's mixture, category by category, the largest share of tokens first."""
    groups: dict[str, list[MixturePart]] = {}
    for part in run.mixture:
        groups.setdefault(part.category, []).append(part)
    categories = [
        {
            "name": name,
            "parts": parts,
            "share": sum(part.share for part in parts),
            "examples": sum(part.examples for part in parts),
            "token_share": _sum_of_known([part.token_share for part in parts]),
        }
        for name, parts in groups.items()
    ]
    return sorted(categories, key=lambda of: -(of["token_share"] or of["share"]))


def _sum_of_known(values: Sequence[float | None]) -> float | None:
    """The sum; None where a value is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _policy_hash(script: str) -> str:
    """How a content security policy names a script it lets run."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
