"""Figures for people: progress, tables, logs, TensorBoard, and the report as a page.

Stands above evaluation, whose comparisons it draws; runs/ fills `ReportData` and chooses where
things are written. What each part needs (rich, Jinja2, matplotlib, tensorboardX) is imported when
it is used. `training_hooks` is apart, since it brings JAX.
"""

from flan_mix.reports.answers import Answers, per_task_at_most, side_by_side
from flan_mix.reports.comparison_texts import comparison_json, comparison_markdown
from flan_mix.reports.html_report import render_report, write_report
from flan_mix.reports.metrics_log import MetricsLog, read_metrics
from flan_mix.reports.progress import Progress, ProgressLine, progress_line
from flan_mix.reports.report_data import (
    MixturePart,
    ReportData,
    ReportModel,
    RunReport,
    TrainingPoint,
)
from flan_mix.reports.tables import (
    comparison_table,
    evaluation_table,
    gains_and_losses,
    print_table,
    several_table,
)
from flan_mix.reports.template_spread import TemplateSpread, template_spreads
from flan_mix.reports.tensorboard import TensorBoardWriter, read_scalar

__all__ = [
    "Answers",
    "MetricsLog",
    "MixturePart",
    "Progress",
    "ProgressLine",
    "ReportData",
    "ReportModel",
    "RunReport",
    "TemplateSpread",
    "TensorBoardWriter",
    "TrainingPoint",
    "comparison_json",
    "comparison_markdown",
    "comparison_table",
    "evaluation_table",
    "gains_and_losses",
    "per_task_at_most",
    "print_table",
    "progress_line",
    "read_metrics",
    "read_scalar",
    "render_report",
    "several_table",
    "side_by_side",
    "template_spreads",
    "write_report",
]
