"""The commands `flan-mix tasks …` and `flan-mix mixtures …`: their arguments and what they call."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from flan_mix.registry import SourceError, TaskError

Subparsers = argparse._SubParsersAction
_LINT_ROWS = 100


def add_commands(commands: Subparsers) -> None:
    """Adds `tasks` and `mixtures` to the commands of `flan-mix`."""
    tasks = commands.add_parser("tasks", help="list, show, preview and lint tasks")
    _add_task_commands(tasks.add_subparsers(required=True, metavar="WHAT"))
    mixtures = commands.add_parser("mixtures", help="list mixtures, and show what one amounts to")
    _add_mixture_commands(mixtures.add_subparsers(required=True, metavar="WHAT"))


def _add_task_commands(commands: Subparsers) -> None:
    listed = command(commands, "list", _list, "tasks by category: source, licence, examples")
    listed.add_argument("--category", help="only this one")
    listed.add_argument("--no_counts", action="store_true", help="do not read files to count")
    shown = command(commands, "show", _show, "all about a task, with its templates")
    shown.add_argument("name", help="a task or a variant of one, as samsum.few_shot")
    seen = command(commands, "preview", _preview, "examples as a model gets them")
    seen.add_argument("name", help="a task or a variant of one, as samsum.few_shot")
    seen.add_argument("--template", type=int, help="this one only; else as drawn")
    seen.add_argument("--split", help="default: the first")
    seen.add_argument("--seed", type=int, default=0, help="the run's RANDOM_SEED")
    seen.add_argument("--pass", type=_count, default=0, dest="pass_index", help="rendering pass")
    seen.add_argument("--rows", type=_count, default=3)
    _add_vocabulary(seen)
    _add_lengths(seen)
    linted = command(commands, "lint", _lint, "find what is wrong with tasks; 1 if anything is")
    linted.add_argument("names", nargs="*", metavar="MODULE|NAME", help="default: all of ours")
    linted.add_argument(
        "--rows", type=_count, default=_LINT_ROWS, help="rows of each source to look at; 0: none"
    )
    linted.add_argument("--no_notes", action="store_true", help="print findings only")
    _add_vocabulary(linted)
    _add_lengths(linted)


def _add_mixture_commands(commands: Subparsers) -> None:
    command(commands, "list", _list_mixtures, "mixtures with their parts and rates")
    shown = command(commands, "show", _show_mixture, "shares, tokens, epochs, truncation, padding")
    shown.add_argument("name", help="a mixture or a task")
    _add_lengths(shown)
    shown.add_argument("--steps", type=int, help="TRAIN_STEPS, for epochs")
    shown.add_argument("--batch_size", type=int, default=128, help="BATCH_SIZE, for epochs")
    shown.add_argument("--no_packing", action="store_true", help="a row holds one example")
    shown.add_argument("--cache_dir", default="~/.cache/flan_mix", help="the run's CACHE_DIR")
    shown.add_argument("--seed", type=int, default=0, help="the run's RANDOM_SEED")
    shown.add_argument("--build", action="store_true", help="build the caches that are missing")
    _add_vocabulary(shown)


def command(
    commands: Subparsers, name: str, run: Callable[[argparse.Namespace], int | None], what: str
) -> argparse.ArgumentParser:
    """A command that registers tasks first and ends with one clear message where that fails."""
    parser = commands.add_parser(name, help=what, description=what)
    parser.add_argument(
        "--module", action="append", default=[], help="import it first; repeat for several"
    )
    parser.set_defaults(run=lambda arguments: _run(run, arguments))
    return parser


def _run(run: Callable[[argparse.Namespace], int | None], arguments: argparse.Namespace) -> None:
    """One clear message, and status 2, for what the user can mend."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, "")  # Modules of the working directory, as with `python -m`.
    try:
        status = run(arguments)
    except (TaskError, SourceError, ImportError, OSError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        status = 2
    if status:
        sys.exit(status)


def _add_vocabulary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--vocabulary", metavar="FILE", help='a SentencePiece model, or "bytes" for bytes'
    )


def _add_lengths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lengths",
        type=_lengths,
        metavar="INPUTS,TARGETS",
        help="as TASK_FEATURE_LENGTHS has them",
    )


def _lengths(text: str) -> tuple[int, int]:
    try:
        inputs, targets = map(int, text.split(","))
    except ValueError:
        inputs = targets = 0
    if min(inputs, targets) < 1:
        raise argparse.ArgumentTypeError(f"two positive numbers as in 512,128, not {text!r}")
    return inputs, targets


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number from 0 on, not {text!r}")
    return int(text)


def _list(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.task_listing import list_tasks
    from flan_mix.runs.task_selection import register

    register(arguments.module)
    list_tasks(arguments.category, count=not arguments.no_counts)


def _show(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.task_listing import show_task
    from flan_mix.runs.task_selection import register

    register(arguments.module, arguments.name)
    show_task(arguments.name)


def _preview(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.task_preview import preview, vocabulary_of
    from flan_mix.runs.task_selection import register

    register(arguments.module, arguments.name)
    lengths = arguments.lengths
    preview(
        arguments.name,
        template=arguments.template,
        split=arguments.split,
        seed=arguments.seed,
        pass_index=arguments.pass_index,
        rows=arguments.rows,
        vocabulary=vocabulary_of(arguments.vocabulary),
        lengths=dict(zip(("inputs", "targets"), lengths, strict=True)) if lengths else None,
    )


def _lint(arguments: argparse.Namespace) -> int:
    from flan_mix.runs.task_lint import lint
    from flan_mix.runs.task_preview import vocabulary_of
    from flan_mix.runs.task_selection import import_all

    for module in arguments.module:
        import_all(module)
    found = lint(
        arguments.names,
        rows=arguments.rows,
        vocabulary=vocabulary_of(arguments.vocabulary),
        target_length=arguments.lengths[1] if arguments.lengths else None,
        notes=not arguments.no_notes,
    )
    return 1 if found else 0


def _list_mixtures(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.mixture_listing import list_mixtures
    from flan_mix.runs.task_selection import register

    register(arguments.module)
    list_mixtures()


def _show_mixture(arguments: argparse.Namespace) -> None:
    from flan_mix.runs.mixture_listing import cache_opener, show_mixture
    from flan_mix.runs.task_preview import vocabulary_of
    from flan_mix.runs.task_selection import register

    register(arguments.module, arguments.name)
    opener = cache_opener(
        vocabulary_of(arguments.vocabulary),
        Path(arguments.cache_dir).expanduser(),
        seed=arguments.seed,
        lengths=arguments.lengths,
        build=arguments.build,
    )
    show_mixture(
        arguments.name,
        open_cache=opener,
        lengths=arguments.lengths,
        steps=arguments.steps,
        batch_size=arguments.batch_size,
        packed=not arguments.no_packing,
    )
