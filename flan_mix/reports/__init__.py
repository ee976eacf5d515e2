"""Figures for people: progress, tables, logs, TensorBoard, and the report as a page.

Stands above evaluation, whose comparisons it draws; runs/ fills `ReportData` and chooses where
things are written. What each part needs (rich, Jinja2, matplotlib, tensorboardX) is imported when
it is used. `training_hooks` is apart, since it brings JAX.
"""

from flan_mix.reports.html_report import render_report, write_report
from flan_mix.reports.metrics_log import MetricsLog, read_metrics
from flan_mix.reports.progress import Progress, ProgressLine, progress_line
from flan_mix.reports.report_data import DataFacts, LossPoint, ReportData
from flan_mix.reports.samples import Sample, draw_samples
from flan_mix.reports.tables import comparison_table, evaluation_table, print_table
from flan_mix.reports.tensorboard import TensorBoardWriter

__all__ = [
    "DataFacts",
    "LossPoint",
    "MetricsLog",
    "Progress",
    "ProgressLine",
    "ReportData",
    "Sample",
    "TensorBoardWriter",
    "comparison_table",
    "draw_samples",
    "evaluation_table",
    "print_table",
    "progress_line",
    "read_metrics",
    "render_report",
    "write_report",
]
