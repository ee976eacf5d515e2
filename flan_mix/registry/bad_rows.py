"""Bad rows: what cannot be read stops the work and says where it is, or is counted and skipped."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_EXAMPLES_KEPT = 5


class BadRowError(ValueError):
    """A row that cannot be read.

    path, line: where it is; line counts from 1. field: the field at fault, if one is. reason: the
    kind of fault, short, the same for all rows that have it. hint: how to mend it.
    """

    def __init__(self, path: Path, line: int, reason: str, hint: str, field: str | None = None):
        self.path, self.line, self.field = path, line, field
        self.reason, self.hint = reason, hint
        where = f"{path}, line {line}" + (f", field {field!r}" if field else "")
        super().__init__(f"{where}: {reason}. {hint}")


class RowFault(ValueError):
    """A fault in a row, found by code that does not know where the row lies."""

    def __init__(self, reason: str, hint: str, field: str | None = None):
        self.reason, self.hint, self.field = reason, hint, field
        super().__init__(reason)

    def at(self, path: Path, line: int) -> BadRowError:
        """The same fault with its place."""
        return BadRowError(path, line, self.reason, self.hint, self.field)


@dataclass
class RowCounts:
    """What became of the rows of a split: read = kept + filtered + excluded + capped + all
    skipped.

    skipped: reason -> rows. skipped_examples: the messages of the first few, with their places.
    """

    read: int = 0
    kept: int = 0
    filtered: int = 0
    excluded: int = 0
    capped: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_examples: list[str] = field(default_factory=list)

    def skip(self, error: BadRowError) -> None:
        """Counts a bad row that was read and left out."""
        self.skipped[error.reason] += 1
        if len(self.skipped_examples) < _EXAMPLES_KEPT:
            self.skipped_examples.append(str(error))
