"""Where an evaluation's files lie, and how they are written so that no half-written one is read.

<directory>/metrics.json                 the figures by task, category and overall
<directory>/predictions/<task>.jsonl     every answer beside its references
<directory>/tasks/<task>.json            a finished task's figures: what a resumed run skips
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ResultFiles:
    """The paths under one evaluation's folder."""

    directory: Path

    @property
    def metrics(self) -> Path:
        """The figures of all tasks."""
        return self.directory / "metrics.json"

    def predictions(self, task: str) -> Path:
        """Every answer of a task."""
        return self.directory / "predictions" / f"{task}.jsonl"

    def task(self, name: str) -> Path:
        """A finished task's figures."""
        return self.directory / "tasks" / f"{name}.json"


def write_atomically(path: Path, text: str) -> None:
    """Writes `text` so that `path` holds either what it held before or all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: hosts of one run may write the same file to a shared disk.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    os.replace(unfinished, path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Writes indented JSON atomically. Raises ValueError for numbers JSON has no way to write."""
    write_atomically(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object of a file. Raises ValueError naming the file when it holds none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}). Delete it to have it made again."
        ) from error
    if not isinstance(value, dict):
        raise ValueError(f"{path}: a JSON object was expected, not a {type(value).__name__}.")
    return value
