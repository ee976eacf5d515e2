"""Writes docs/tasks.md: every task in tasks/ with source, templates, variants and licence.

    python -m tools.generators.task_table            writes the file
    python -m tools.generators.task_table --check    exit status 1 if it is out of date

Only what a clone has is listed: the tasks of a checkout of Natural Instructions are not.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tasks.md"

_HEAD = """\
# The tasks

Written by `python -m tools.generators.task_table`; do not edit.

{counts}

Every task also has a variant for each of its templates, `<task>.template_<i>`. Templates are
counted as forward + inverted; inverted ones are drawn for training only. A source in `code` is a
folder below the one that FLAN_MIX_DATA_DIR names, or a dataset of TensorFlow Datasets (TFDS).
`flan_mix.tasks.super_natural_instructions` adds a task for each file of your checkout of Natural
Instructions.
"""


def import_all() -> None:
    """Registers everything in tasks/; no data folder is looked into."""
    os.environ.pop("FLAN_MIX_DATA_DIR", None)
    package = importlib.import_module("flan_mix.tasks")
    for module in pkgutil.iter_modules(package.__path__, "flan_mix.tasks."):
        importlib.import_module(module.name)


def page() -> str:
    """The text of docs/tasks.md, from what is registered."""
    from flan_mix.registry import categories, get_task, task_names, tasks_in_category

    sections = [_HEAD.format(counts=_counts(map(get_task, task_names())))]
    for category in categories():
        rows = map(_row, map(get_task, sorted(tasks_in_category(category))))
        head = "| task | source | templates | variants | licence |\n|---|---|---|---|---|"
        sections.append("\n".join([f"## {category}", "", head, *rows]) + "\n")
    return "\n".join(sections)


def _counts(specs: Iterable) -> str:
    from flan_mix.registry import categories, mixture_names, variant_names

    specs = list(specs)
    templates = (template for spec in specs for template in spec.templates)
    written = {(template.inputs, template.targets) for template in templates}
    applied = sum(len(spec.templates) for spec in specs)
    variants = sum(len(variant_names(spec)) for spec in specs)
    return (
        f"{len(specs)} tasks of {len(categories())} categories, {len(written)} templates (used "
        f"{applied} times, for tasks of a kind share theirs), {variants:,} variants, "
        f"{len(mixture_names())} mixtures."
    )


def _row(spec) -> str:
    from flan_mix.registry import variant_names

    inverted = sum(template.inverted for template in spec.templates)
    templates = f"{len(spec.templates) - inverted}" + (f" + {inverted}" if inverted else "")
    variants = [name for name in variant_names(spec) if not name.startswith("template_")]
    cells = (f"`{spec.name}`", _source(spec), templates, ", ".join(variants), spec.licence)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _source(spec) -> str:
    """Where the rows come from, as short as it can be said."""
    name = getattr(spec.source, "name", None)
    if name:
        return f"TFDS `{name}`"
    if spec.name.startswith("starter_"):
        return "comes with Flan Mix"
    folders = {str(PurePath(file).parent) for file in _files(spec.source.splits.values())}
    return ", ".join(f"`{folder}`" for folder in sorted(folders))


def _files(patterns: Iterable) -> Iterator[str]:
    for files in patterns:
        if isinstance(files, str):
            yield files
        else:
            yield from files.values() if hasattr(files, "values") else files


def main() -> int:
    """Writes or checks the page; the exit status."""
    parser = argparse.ArgumentParser(description="Writes docs/tasks.md.")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    arguments = parser.parse_args()
    import_all()
    text = page()
    if not arguments.check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE} is out of date: run `python -m {__spec__.name}`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
