"""What training has seen of an evaluation: the table of `flan-mix contamination`, and its JSON."""

import json
from pathlib import Path

from flan_mix.registry.overlap import Contamination, TaskOverlap, find_contamination
from flan_mix.reports.progress import Progress, progress_line
from flan_mix.runs.terminal_tables import add_row, percent, show, table

_TRAINING_TASKS_SHOWN = 4


def contamination(
    trained: str,
    evaluated: str,
    *,
    split: str | None = None,
    examples: int = 3,
    json_file: str | None = None,
) -> Contamination:
    """Compares, prints the table and the examples, and writes `json_file` where one is given."""
    with progress_line() as line:
        found = find_contamination(
            trained,
            evaluated,
            split=split,
            examples=examples,
            on_progress=lambda task, rows: line.show(
                Progress(f"compare {task}", rows, rows, unit="rows")
            ),
        )
    _print(found)
    if json_file is not None:
        path = Path(json_file).expanduser()
        path.write_text(json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n")
        show(f"Wrote {path}; EXCLUDE_ROWS names it to train without these rows.")
    return found


def _print(found: Contamination) -> None:
    made = table(
        "evaluated",
        "seen in",
        right=("rows", "exact", f"{found.run_length} words", "70 % of them", "any"),
    )
    for task in sorted(found.tasks, key=lambda task: -_share(task)):
        add_row(
            made,
            f"{task.task} {task.split}",
            _seen_in(task),
            task.rows,
            *(_cell(count, task.rows) for count in (task.exact, task.run, task.mostly, task.any)),
        )
    show(made)
    for task in found.tasks:
        for each in task.examples:
            show(
                f"{task.task} {task.split}, {each.evaluated}: {each.kind} of "
                f"{each.trained_task}, {each.trained}",
                f"  {each.text}",
            )
    dropped = sum(map(len, found.drop.values()))
    looked_at = sum(found.trained_rows.values())
    show(f"{dropped:,} of {looked_at:,} training rows of {found.trained} overlap.")


def _seen_in(task: TaskOverlap) -> str:
    most = sorted(task.by_task.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {count:,}" for name, count in most[:_TRAINING_TASKS_SHOWN])
    return shown + (", …" if len(most) > _TRAINING_TASKS_SHOWN else "")


def _share(task: TaskOverlap) -> float:
    return task.any / max(task.rows, 1)


def _cell(count: int, rows: int) -> str | None:
    return f"{count:,} ({percent(count / rows)})" if count else None
