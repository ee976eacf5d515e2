"""Reads files into rows: JSON, CSV and TSV, plain lines, parallel files, Parquet, Arrow.

Every row comes with the number of the line it starts on. A row that cannot be read comes as the
BadRowError that says why, so that the caller decides whether to stop; what spoils a whole file
(a JSON list that breaks off, parallel files of unequal length) is raised.
"""

import codecs
import csv
import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from flan_mix.registry.arrow_files import read_arrow
from flan_mix.registry.bad_rows import BadRowError
from flan_mix.registry.file_source import FileSource, SourceError

Row = Mapping[str, Any]
PlacedRow = tuple[Path, int, "Row | BadRowError"]

_GZIP_MAGIC = b"\x1f\x8b"
_BROKEN_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)
_LONGEST_CELL = min(sys.maxsize, 2**31 - 1)


def read_rows(source: FileSource, split: str) -> Iterator[PlacedRow]:
    """All rows of a split, file by file: (file, line, row or the error that it is)."""
    files = source.files(split)
    if isinstance(files, dict):
        yield from _parallel_rows(files, source.encoding)
        return
    for path in files:
        for line, row in _file_rows(source, split, path):
            yield path, line, row


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """(line number, text) of a text file, plain or gzipped, without line ends.

    Raises BadRowError at a line that is not in `encoding`.
    """
    for number, line in _lines(path, encoding):
        if isinstance(line, BadRowError):
            raise line
        yield number, line


def read_jsonl(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, Row]]:
    """(line number, object) of a JSON lines file; BadRowError at a line that is no object."""
    for number, row in _jsonl_rows(path, encoding):
        if isinstance(row, BadRowError):
            raise row
        yield number, row


def _file_rows(
    source: FileSource, split: str, path: Path
) -> Iterable[tuple[int, Row | BadRowError]]:
    if (reader := source.reader_of(split)) is not None:
        return reader(path)
    match source.format_of(path):
        case "jsonl":
            return _jsonl_rows(path, source.encoding)
        case "json":
            return _json_list_rows(path, source.encoding)
        case "lines":
            return _text_rows(path, source.encoding)
        case "parquet" | "arrow":
            return read_arrow(path)
        case tabular:
            return _table_rows(source, path, delimiter="\t" if tabular == "tsv" else ",")


def _jsonl_rows(path: Path, encoding: str) -> Iterator[tuple[int, Row | BadRowError]]:
    for number, line in _lines(path, encoding):
        if isinstance(line, BadRowError):
            yield number, line
        elif line.strip():
            yield number, _json_object(path, number, line)


def _json_object(path: Path, number: int, line: str) -> Row | BadRowError:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        hint = f"{error.msg} at column {error.colno}; each line must hold one JSON object"
        if number == 1 and line.lstrip().startswith("["):
            hint += " (a file that is one list is read with format='json')"
        return BadRowError(path, number, "invalid JSON", hint + ".")
    except RecursionError:
        return BadRowError(path, number, "invalid JSON", "It is nested too deeply.")
    return _checked_object(path, number, row)


def _checked_object(path: Path, number: int, row: Any) -> Row | BadRowError:
    if isinstance(row, dict):
        return row
    kind = type(row).__name__
    hint = f'Each row must be an object of columns, as in {{"text": …}}; this is a {kind}.'
    return BadRowError(path, number, "not a JSON object", hint)


def _json_list_rows(path: Path, encoding: str) -> Iterator[tuple[int, Row | BadRowError]]:
    """Elements one by one, so that each has its line and a bad one need not spoil the others."""
    text = _whole_text(path, encoding)
    decoder = json.JSONDecoder()
    start = _skip_blank(text, 0)
    line = 1 + text.count("\n", 0, start)
    if not text.startswith("[", start):
        hint = "The file must be one JSON list; give format='jsonl' if each line is an object."
        raise BadRowError(path, line, "not a JSON list", hint)
    position, counted = _skip_blank(text, start + 1), start
    while not text.startswith("]", position):
        line += text.count("\n", counted, position)
        counted = position
        try:
            row, end = decoder.raw_decode(text, position)
            position = _after_element(text, end)
        except json.JSONDecodeError as error:
            hint = f"{error.msg} at column {error.colno}; rows after it cannot be found."
            raise BadRowError(path, error.lineno, "invalid JSON", hint) from None
        yield line, _checked_object(path, line, row)


def _after_element(text: str, end: int) -> int:
    """Where the next element or the closing bracket is."""
    position = _skip_blank(text, end)
    if text.startswith(",", position):
        following = _skip_blank(text, position + 1)
        if text.startswith("]", following):
            raise json.JSONDecodeError("a comma before ']'", text, position)
        return following
    if not text.startswith("]", position):
        raise json.JSONDecodeError("expected ',' or ']'", text, position)
    return position


def _skip_blank(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\n", "\r", "\t"):
        position += 1
    return position


def _table_rows(
    source: FileSource, path: Path, delimiter: str
) -> Iterator[tuple[int, Row | BadRowError]]:
    """Rows of a CSV or TSV file; cells are text."""
    records = _quoted_records if source.quoted else _plain_records
    columns = list(source.columns) if source.columns is not None else None
    for line, cells in records(path, source.encoding, delimiter):
        if isinstance(cells, BadRowError):
            yield line, cells
        elif columns is None:
            columns = _header(path, line, cells)
        else:
            yield line, _table_row(path, line, columns, cells)


def _quoted_records(
    path: Path, encoding: str, delimiter: str
) -> Iterator[tuple[int, list[str] | BadRowError]]:
    """(first line, cells) as RFC 4180 has them: a quoted cell may hold delimiters and line ends."""
    csv.field_size_limit(_LONGEST_CELL)
    # A quoted cell may span lines, so that no line can be left out before the table is read: bytes
    # that cannot be decoded become lone surrogates here, and `field_rows` reports them by field.
    lines = (line.decode(encoding, "surrogateescape") for _, line in _raw_lines(path, encoding))
    # Strict, for otherwise a quote that is never closed swallows the rest of the file unseen.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            hint = f"{error}; if quotes are plain characters here, give FileSource(quoted=False)."
            yield line, BadRowError(path, line, "malformed table", hint)
            continue
        if cells is None:
            return
        if cells:
            yield line, cells


def _plain_records(
    path: Path, encoding: str, delimiter: str
) -> Iterator[tuple[int, list[str] | BadRowError]]:
    """(line, cells) of a table without quotes, in which a line is a row."""
    for number, line in _lines(path, encoding):
        if isinstance(line, BadRowError):
            yield number, line
        elif line:
            yield number, line.split(delimiter)


def _header(path: Path, line: int, cells: list[str]) -> list[str]:
    if doubled := {name for name in cells if cells.count(name) > 1}:
        hint = "Name the columns with FileSource(columns=…) if the file has no header line."
        raise BadRowError(path, line, f"the header has {min(doubled)!r} twice", hint)
    return cells


def _table_row(
    path: Path, line: int, columns: Sequence[str], cells: Sequence[str]
) -> Row | BadRowError:
    if len(cells) != len(columns):
        hint = (
            f"It has {len(cells)} cells, and the columns are {', '.join(columns)}; if quotes are "
            "plain characters in this file, give FileSource(quoted=False)."
        )
        return BadRowError(path, line, "wrong number of cells", hint)
    return dict(zip(columns, cells, strict=True))


def _text_rows(path: Path, encoding: str) -> Iterator[tuple[int, Row | BadRowError]]:
    for number, line in _lines(path, encoding):
        yield number, line if isinstance(line, BadRowError) else {"text": line}


def _parallel_rows(files: Mapping[str, Path], encoding: str) -> Iterator[PlacedRow]:
    """Line n of every file makes row n, whose place is that in the first file."""
    first = next(iter(files.values()))
    readers = [_lines(path, encoding) for path in files.values()]
    for number, lines in enumerate(zip_longest(*readers), start=1):
        if short := [
            str(path) for path, line in zip(files.values(), lines, strict=True) if line is None
        ]:
            hint = "Parallel files must have the same number of lines."
            raise BadRowError(first, number, f"{short[0]} ends before line {number}", hint)
        texts = [line[1] for line in lines if line is not None]
        bad = next((text for text in texts if isinstance(text, BadRowError)), None)
        yield first, number, bad or dict(zip(files, texts, strict=True))


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str | BadRowError]]:
    """(line number, text without its end), or the error that a line is."""
    for number, line in _raw_lines(path, encoding):
        try:
            yield number, line.removesuffix(b"\n").removesuffix(b"\r").decode(encoding)
        except UnicodeDecodeError as error:
            yield number, _encoding_error(path, number, encoding, error)


def _raw_lines(path: Path, encoding: str) -> Iterator[tuple[int, bytes]]:
    """(line number, bytes with the line end), without a byte order mark."""
    if "\n".encode(encoding) != b"\n":
        raise SourceError(f"{path}: encoding {encoding!r} is not read by line; convert to UTF-8.")
    number = 0
    try:
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
    except _BROKEN_GZIP as error:
        raise _gzip_error(path, number, error) from None


def _whole_text(path: Path, encoding: str) -> str:
    try:
        with _open(path) as file:
            content = file.read()
    except _BROKEN_GZIP as error:
        raise _gzip_error(path, 0, error) from None
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise _encoding_error(path, line, encoding, error) from None


def _gzip_error(path: Path, last_line: int, error: Exception) -> BadRowError:
    hint = f"{error}. The file was cut short or damaged: fetch it again."
    return BadRowError(path, last_line + 1, "broken gzip", hint)


def _encoding_error(path: Path, line: int, encoding: str, error: UnicodeDecodeError) -> BadRowError:
    byte = error.object[error.start]
    hint = f"Byte 0x{byte:02x} is not {encoding}; give FileSource(encoding=…), as in 'latin-1'."
    return BadRowError(path, line, "wrong encoding", hint)


def _open(path: Path):
    """The file as bytes, unzipped where its first bytes (not its name) say it is gzipped."""
    with open(path, "rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if zipped else open(path, "rb")
