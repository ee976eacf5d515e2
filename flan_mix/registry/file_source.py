"""FileSource: where the rows of a task lie when they are files, and how to read them.

Only a description; `file_formats` reads the files and `field_rows` makes fields of their rows.
"""

import glob
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FORMATS = ("jsonl", "json", "csv", "tsv", "lines", "parquet", "arrow")
_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
}

# What Hugging Face's Dataset.save_to_disk writes beside the Arrow files that it lists.
_SAVED_DATASET = "state.json"

Folder = str | os.PathLike[str]
Files = str | Sequence[str] | Mapping[str, str]
RowReader = Callable[[Path], Iterable[tuple[int, Mapping[str, Any]]]]


class SourceError(ValueError):
    """A source's description or its files are not as they must be."""


@dataclass(frozen=True)
class FileSource:
    """Rows in files; those of text plain or .gz.

    splits: split name -> a path or glob pattern, several of them, or for format "lines" a mapping
      column -> path of parallel files, line n of each making row n. A folder that Hugging Face's
      `Dataset.save_to_disk` wrote stands for the files in it.
    format: "jsonl" (an object a line), "json" (a list of objects), "csv", "tsv" (commas or tabs,
      a header unless `columns` is given), "lines" (plain text; a single file gives the column
      `text`), "parquet" or "arrow" (rows count as lines). By the suffix when not given.
    data_dir: the folder that relative paths lie under, or a function that says it when a file is
      about to be read; the working directory when not given.
    encoding: of the files; a byte order mark is dropped.
    columns: names of the columns of a CSV or TSV file that has no header line.
    quoted: whether a CSV or TSV file quotes cells with "…"; False takes every quote literally.
    on_bad_row: "stop" raises BadRowError at the first row that cannot be read; "skip" counts it
      and goes on.
    reader: reads a file of any other format: path -> (line number, row) pairs; or split name ->
      such a function, where splits share a file. `read_lines` and `read_jsonl` of
      `flan_mix.registry` are there to build one of.
    """

    splits: Mapping[str, Files]
    format: str | None = None
    data_dir: Folder | Callable[[], Folder] | None = None
    encoding: str = "utf-8"
    columns: Sequence[str] | None = None
    quoted: bool = True
    on_bad_row: Literal["stop", "skip"] = "stop"
    reader: RowReader | Mapping[str, RowReader] | None = None

    def __post_init__(self):
        if not self.splits:
            raise SourceError("FileSource needs at least one split, as in {'train': 'a.jsonl'}.")
        if self.format is not None and self.format not in FORMATS:
            raise SourceError(f"format {self.format!r} is none of {', '.join(FORMATS)}.")
        if self.on_bad_row not in ("stop", "skip"):
            raise SourceError(f"on_bad_row is 'stop' or 'skip', not {self.on_bad_row!r}.")
        if self.reader is not None and self.format is not None:
            raise SourceError("FileSource takes a format or a reader, not both.")
        if isinstance(self.reader, Mapping) and (unread := set(self.splits) - set(self.reader)):
            raise SourceError(f"FileSource has no reader for split {min(unread)!r}.")

    def files(self, split: str) -> "list[Path] | dict[str, Path]":
        """The files of a split in the order they are read; column -> file for parallel files.

        Raises SourceError when the split is unknown, and FileNotFoundError, naming what lies
        nearby, when a path or pattern matches no file.
        """
        patterns = self.splits.get(split)
        if patterns is None:
            raise SourceError(f"no split {split!r}; there are: {', '.join(self.splits)}.")
        if isinstance(patterns, Mapping):
            return {column: self._find(path)[0] for column, path in patterns.items()}
        listed = [patterns] if isinstance(patterns, str) else patterns
        return [path for pattern in listed for path in self._find(pattern)]

    def format_of(self, path: Path) -> str:
        """The format of one file: as told, else by its suffix."""
        if self.format is not None:
            return self.format
        suffixes = [s for s in path.suffixes if s != ".gz"]
        if not suffixes or suffixes[-1] not in _SUFFIXES:
            known = ", ".join(_SUFFIXES)
            raise SourceError(
                f"{path}: the suffix tells no format (known: {known}); "
                f"give FileSource(format=…), one of {', '.join(FORMATS)}, or a reader."
            )
        return _SUFFIXES[suffixes[-1]]

    def reader_of(self, split: str) -> RowReader | None:
        """The reader of a split's files; None where a format says how to read them."""
        return self.reader[split] if isinstance(self.reader, Mapping) else self.reader

    def _folder(self) -> Path:
        folder = self.data_dir() if callable(self.data_dir) else self.data_dir
        return Path(folder).expanduser() if folder is not None else Path()

    def _find(self, pattern: str) -> list[Path]:
        path = self._folder() / pattern
        if path.is_file():
            return [path]
        if (path / _SAVED_DATASET).is_file():
            return _saved_files(path)
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
        found = [candidate for candidate in found if candidate.is_file()]
        if not found:
            raise FileNotFoundError(f"no file {path}; {_nearby(path)}")
        return found


def _saved_files(folder: Path) -> list[Path]:
    """The Arrow files of a dataset that Hugging Face's library saved, in order."""
    try:
        state = json.loads((folder / _SAVED_DATASET).read_text(encoding="utf-8"))
        names = [file["filename"] for file in state["_data_files"]]
        selected = bool(state.get("_indices_data_files"))
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{folder / _SAVED_DATASET} is not what Dataset.save_to_disk writes: {error!r}."
        ) from None
    if selected:
        raise SourceError(
            f"{folder} holds a selection of rows by a version of `datasets` that kept the others: "
            "load it and save it again with a newer one."
        )
    found = [folder / Path(name).name for name in names]
    for path in found:
        if not path.is_file():
            raise FileNotFoundError(f"no file {path}, which {folder / _SAVED_DATASET} lists.")
    return found


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}: is the data folder set right?"
    names = sorted(child.name for child in path.parent.iterdir())
    if not names:
        return f"{path.parent} is empty."
    more = ", …" if len(names) > 12 else ""
    return f"{path.parent} holds: {', '.join(names[:12])}{more}"
