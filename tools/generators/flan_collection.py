"""Compares a checkout of google-research/FLAN with what is here, row by row, as Markdown.

    python -m tools.generators.flan_collection ../FLAN > rows.md

It reads the list that the checkout keeps of its tasks, flan/v2/flan_collection_info.csv, and says
for each which task of ours stands for it. With FLAN_MIX_DATA_DIR set, the tasks of Natural
Instructions that your checkout has are told from those that it lacks.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LIST = Path("flan", "v2", "flan_collection_info.csv")
MISSING = "missing"
OF_YOUR_CHECKOUT = "from your checkout of Natural Instructions"

# What FLAN calls otherwise than our tasks after `flan_`: one name for two tasks.
_NAMES = {"mnli": ("mnli_matched", "mnli_mismatched")}
# Ours go either way: the rows of a task are halved between the two directions.
BOTH_WAYS = "Inverted Translation"
_COT_PREFIXES = ("cot_", "stream_")


@dataclass(frozen=True)
class Row:
    """One task of FLAN's list, and ours: a task, a variant, or that it is missing."""

    block: str
    dataset: str
    task: str
    category: str
    languages: str
    ours: str


def read_rows(path: Path) -> list[Row]:
    """The rows of FLAN's list, where a dataset's task comes ahead of its inversions."""
    from flan_mix.registry import is_task

    firsts: dict[tuple[str, str], str] = {}
    alike: Counter[tuple[str, str, str]] = Counter()
    rows = []
    with open(path, newline="", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            block, dataset = cells["Source"], cells["Dataset"]
            task = cells["Specific Task Category"]
            ours = _ours(block, dataset, task, alike[block, dataset, task])
            alike[block, dataset, task] += 1
            first = firsts.setdefault((block, dataset), task)
            is_inversion = task not in (first, BOTH_WAYS) and block != "NIv2"
            if is_inversion and is_task(ours):
                ours = f"{ours}.inverted" if is_task(f"{ours}.inverted") else MISSING
            rows.append(
                Row(
                    block,
                    dataset,
                    task,
                    cells["Generic Task Category"],
                    cells["Languages"].strip("[]").replace("'", ""),
                    ours,
                )
            )
    return rows


def _ours(block: str, dataset: str, task: str, number: int) -> str:
    """The task of ours for a row, or for what it inverts; number: among the rows alike, from 0."""
    from flan_mix.registry import is_task
    from flan_mix.tasks.super_natural_instructions import registered_name

    if block == "NIv2":
        name = registered_name(task)
        return name if is_task(name) else OF_YOUR_CHECKOUT
    candidates = []
    if block.startswith("FLAN") or block == "Dialog":
        candidates = [f"flan_{_NAMES[dataset][number] if dataset in _NAMES else dataset}"]
    if block == "CoT":
        short = dataset
        for prefix in _COT_PREFIXES:
            short = short.removeprefix(prefix)
        candidates = [f"cot_{short}"]
    return next((name for name in candidates if is_task(name)), MISSING)


def page(rows: Iterable[Row]) -> str:
    """A table by block and one of all rows."""
    rows = list(rows)
    return "\n".join([*_by_block(rows), "", *_all(rows)]) + "\n"


def _by_block(rows: list[Row]) -> Iterator[str]:
    yield "| block | tasks | datasets | categories | ours |\n|---|---|---|---|---|"
    for block in dict.fromkeys(row.block for row in rows):
        of_block = [row for row in rows if row.block == block]
        datasets = len({row.dataset for row in of_block})
        categories = len({row.category for row in of_block})
        ours = sum(row.ours != MISSING for row in of_block)
        yield f"| {block} | {len(of_block)} | {datasets} | {categories} | {ours} |"


def _all(rows: list[Row]) -> Iterator[str]:
    yield "| block | dataset | task | category | languages | ours |\n|---|---|---|---|---|---|"
    for row in rows:
        ours = row.ours if row.ours in (MISSING, OF_YOUR_CHECKOUT) else f"`{row.ours}`"
        cells = (row.block, row.dataset, row.task, row.category, row.languages, ours)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Prints the comparison with the checkout that the command line names."""
    from flan_mix.tasks import flan2022  # noqa: F401  registers every block

    parser = argparse.ArgumentParser(description="Compares FLAN's tasks with ours.")
    parser.add_argument("checkout", type=Path, help="a checkout of google-research/FLAN")
    print(page(read_rows(parser.parse_args().checkout / LIST)), end="")


if __name__ == "__main__":
    main()
