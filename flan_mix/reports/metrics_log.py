"""metrics.jsonl: one line of named numbers for each logged step, and reading it back.

Lines are only ever added. A run that goes on from an earlier checkpoint logs some steps again;
the reader takes a step that does not come after the last one as such a new beginning.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class MetricsLog:
    """Adds lines to a metrics file; each is on disk when `write` returns."""

    def __init__(self, path: str | Path):
        """Opens `path` for adding; a last line that a killed run left unfinished is closed."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _ends_within_line(path)
        self._file = path.open("a", encoding="utf-8")
        if unfinished:
            self._file.write("\n")

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds {"step": step, **metrics}; a value that is not finite becomes null."""
        row = {"step": step, **{name: _finite(value) for name, value in metrics.items()}}
        self._file.write(json.dumps(row, allow_nan=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def read_metrics(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a metrics file in order of their steps, each step once.

    Lines that a killed run left unfinished are passed over.
    """
    rows: list[dict[str, Any]] = []
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        row = _row(line)
        if row is None:
            continue
        while rows and rows[-1]["step"] >= row["step"]:
            rows.pop()
        rows.append(row)
    return rows


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    return row if isinstance(row, dict) and "step" in row else None


def _finite(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _ends_within_line(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with open(path, "rb") as file:
        file.seek(-1, 2)
        return file.read(1) != b"\n"
