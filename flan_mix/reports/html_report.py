"""The report as one self-contained HTML file: it loads nothing and needs no network.

Whatever came from data or model is escaped by Jinja2. Should that ever fail, the page's content
security policy still runs no script but its own, which it names by hash.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flan_mix.evaluation.result_files import write_atomically
from flan_mix.reports import wording
from flan_mix.reports.loss_plot import loss_sentence, loss_svg
from flan_mix.reports.plain_summary import summarize
from flan_mix.reports.report_data import ReportData
from flan_mix.reports.samples import Sample

_TEMPLATES = Path(__file__).parent / "templates"


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
    )
    environment.globals["say"] = wording
    # Ours, not data: the only texts that are not escaped.
    style, script = (Markup((_TEMPLATES / name).read_text("utf-8")) for name in _OWN_FILES)
    return environment.get_template("report.html.j2").render(
        data=data,
        summary=summarize(data.comparison),
        groups=_groups(data),
        confidence=f"{data.comparison.bootstrap.confidence:.0%}",
        metrics=_metrics(data),
        loss_drawing=Markup(loss_svg(data.loss)) if data.loss else None,
        loss_sentence=loss_sentence(data.loss) if data.loss else "",
        sampled_tasks=_sampled_tasks(data.samples),
        style=style,
        script=script,
        script_hash=_policy_hash(script),
    )


_OWN_FILES = ("report.css", "report.js")


def _groups(data: ReportData) -> list[Mapping[str, Any]]:
    """The categories trained on, then those held out; without the empty group."""
    groups = [
        {"held_out": held_out, "categories": [c for c in categories if c.held_out == held_out]}
        for categories in [data.comparison.categories]
        for held_out in (False, True)
    ]
    return [group for group in groups if group["categories"]]


def _metrics(data: ReportData) -> list[str]:
    """Every score in the report, in order of first appearance."""
    return list(dict.fromkeys(key for task in data.comparison.tasks for key in task.scores))


def _sampled_tasks(samples: Sequence[Sample]) -> list[str]:
    return list(dict.fromkeys(sample.after.task for sample in samples))


def _policy_hash(script: str) -> str:
    """How a content security policy names a script it lets run."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
