"""Which modules gin files import, found without importing any: says whose files they are."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gin import config_parser


def imported_modules(files: Sequence[str], search_paths: Iterable[str]) -> set[str]:
    """The modules that `files`, and what they include, import; files that are missing have none.

    A path is looked for as it is and under `search_paths`, as gin does.
    """
    prefixes = ["", *search_paths]
    found: set[str] = set()
    seen: set[Path] = set()
    waiting = list(files)
    while waiting:
        path = _find(waiting.pop(), prefixes)
        if path is None or path in seen:
            continue
        seen.add(path)
        for statement in _statements(path):
            if isinstance(statement, config_parser.ImportStatement):
                found.add(statement.module)
            elif isinstance(statement, config_parser.IncludeStatement):
                waiting.append(statement.filename)
    return found


def _find(name: str, prefixes: Sequence[str]) -> Path | None:
    candidates = (Path(prefix, name) for prefix in prefixes)
    return next((path for path in candidates if path.is_file()), None)


def _statements(path: Path) -> list[Any]:
    """The file's statements up to its first mistake, which gin will report when it parses."""
    statements = []
    with path.open() as file:
        try:
            for statement in config_parser.ConfigParser(file, _NoValues()):
                statements.append(statement)
        except (SyntaxError, ValueError):
            pass
    return statements


class _NoValues(config_parser.ParserDelegate):
    """Reads references as nothing: only imports and includes are wanted."""

    def configurable_reference(self, scoped_name: str, evaluate: bool) -> None:
        return None

    def macro(self, scoped_name: str) -> None:
        return None
