"""The commands `flan-mix compare` and `flan-mix report`: their arguments and what they call."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

_MODELS = (
    "a MODEL_DIR (its last evaluation), MODEL_DIR@STEP, a checkpoint, or an evaluation's folder"
)


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Adds `compare` and `report` to the commands of `flan-mix`."""
    what = "what models gained and lost against the first; paired by example"
    compare = commands.add_parser(
        "compare",
        help=what,
        description=what,
        epilog="Exit status: 0; 1 with --fail-if-worse where something is significantly worse; 2 "
        "where the models cannot be compared.",
    )
    compare.add_argument("models", nargs="+", metavar="MODEL", help=_MODELS)
    _add_models(compare)
    form = compare.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of a table")
    form.add_argument("--markdown", action="store_true", help="print Markdown instead of a table")
    compare.add_argument("--html", type=Path, metavar="FILE", help="write the report there as well")
    compare.add_argument(
        "--tasks", nargs="+", default=[], metavar="TASK", help="compare these tasks alone"
    )
    compare.add_argument(
        "--categories", nargs="+", default=[], metavar="CATEGORY", help="and those of these"
    )
    compare.add_argument(
        "--fail-if-worse",
        action="store_true",
        help="exit with 1 if a task, a category or what is made up is significantly worse",
    )
    compare.add_argument(
        "--margin",
        type=float,
        default=0.0,
        metavar="POINTS",
        help="with --fail-if-worse: so much worse is tolerated (default: 0)",
    )
    compare.set_defaults(run=lambda arguments: _run(_compare, arguments))
    report = commands.add_parser("report", help="write the report of a run, or of several models")
    report.add_argument(
        "models", nargs="+", metavar="MODEL", help=f"one MODEL_DIR, or several of {_MODELS}"
    )
    _add_models(report)
    report.add_argument(
        "--output", type=Path, metavar="FILE", help="default: report.html in the MODEL_DIR, or here"
    )
    report.add_argument("--title", help="what the page is called")
    report.add_argument(
        "--answers", type=int, metavar="N", help="examples in the page at most (default: 10,000)"
    )
    report.set_defaults(run=lambda arguments: _run(_report, arguments))


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--labels", nargs="+", default=[], help="short names, one for each model")
    parser.add_argument("--baseline", help="the model that the others are compared with")
    parser.add_argument(
        "--held-out",
        nargs="+",
        default=[],
        metavar="CATEGORY",
        help="never trained on (default: what the runs beside the evaluations say)",
    )


def _run(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> None:
    """One clear message, and status 2, for what the user can mend."""
    try:
        status = run(arguments)
    except BrokenPipeError:  # Whoever read the output has enough of it, as `head` has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except (OSError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        status = 2
    if status:
        sys.exit(status)


def _compare(arguments: argparse.Namespace) -> int:
    from flan_mix.runs.compare import CompareRequest, compare

    return compare(
        CompareRequest(
            words=arguments.models,
            labels=arguments.labels,
            baseline=arguments.baseline,
            held_out=arguments.held_out,
            tasks=arguments.tasks,
            categories=arguments.categories,
            form="json" if arguments.json else "markdown" if arguments.markdown else "table",
            html=arguments.html,
            fail_if_worse=arguments.fail_if_worse,
            margin=arguments.margin,
        )
    )


def _report(arguments: argparse.Namespace) -> int:
    from flan_mix.reports.tables import comparison_table, print_table, several_table
    from flan_mix.runs.report import ReportOptions, report_run, report_words

    options = ReportOptions(
        title=arguments.title,
        held_out=tuple(arguments.held_out),
        labels=tuple(arguments.labels),
        baseline=arguments.baseline,
        **({} if arguments.answers is None else {"most_answers": arguments.answers}),
    )
    if len(arguments.models) == 1:
        path, comparison = report_run(arguments.models[0], arguments.output, options)
        print_table(comparison_table(comparison))
    else:
        output = arguments.output or Path("report.html")
        path, labels, comparisons = report_words(arguments.models, output, options)
        print_table(several_table(labels, comparisons))
    print(f"Report: {path}")
    return 0
