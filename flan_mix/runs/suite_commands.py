"""The commands `flan-mix suites …` and `flan-mix contamination`: their arguments and calls."""

import argparse

from flan_mix.runs.task_commands import Subparsers, command


def add_suite_commands(commands: Subparsers) -> None:
    """Adds `suites` and `contamination` to the commands of `flan-mix`."""
    suites = commands.add_parser("suites", help="list evaluation suites, and show one")
    what = suites.add_subparsers(required=True, metavar="WHAT")
    command(what, "list", _list, "suites with what they test")
    shown = command(what, "show", _show, "a suite's tasks: mode, templates, split, metric")
    shown.add_argument("name", help="a suite")
    compared = command(
        commands, "contamination", _contamination, "what training has seen of an evaluation"
    )
    compared.add_argument("train", metavar="TRAIN", help="a mixture or task: its train split")
    compared.add_argument("eval", metavar="EVAL", help="a suite, mixture or task")
    compared.add_argument("--split", help="of EVAL; default: a suite's own, else all but train")
    compared.add_argument("--examples", type=int, default=3, help="overlaps shown of each task")
    compared.add_argument("--json", metavar="FILE", help="write all of it, for EXCLUDE_ROWS")


def _list(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.suite_tables import list_suites
    from flan_mix.runs.task_selection import register

    register(arguments.module)
    list_suites()


def _contamination(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.contamination import contamination
    from flan_mix.runs.task_selection import register

    for name in (arguments.train, arguments.eval):
        register(arguments.module, name)
    contamination(
        arguments.train,
        arguments.eval,
        split=arguments.split,
        examples=arguments.examples,
        json_file=arguments.json,
    )


def _show(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.suite_tables import show_suite
    from flan_mix.runs.task_selection import register

    register(arguments.module, arguments.name)
    show_suite(arguments.name)
