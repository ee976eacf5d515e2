"""Reads Parquet files and Arrow files, as Hugging Face's library saves datasets, by pyarrow.

The number of a row, from 1, stands where the formats of text have a line.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.registry.bad_rows import BadRowError

_ROWS_AT_ONCE = 1024
_PARQUET_MAGIC = b"PAR1"
_ARROW_FILE_MAGIC = b"ARROW1"

PlacedValues = tuple[int, "Mapping[str, Any] | BadRowError"]


def read_arrow(path: Path) -> Iterator[PlacedValues]:
    """(row number, row) of a Parquet file or of an Arrow file, stream or random-access.

    Values are Python's: text, numbers, lists, dicts, None, dates. Raises BadRowError where the
    file breaks off or is of another format.
    """
    # Imported when first used: it takes longer than all of the registry.
    import pyarrow

    number = 0
    try:
        for batch in _batches(path):
            for row in _rows(path, number, batch):
                number += 1
                yield number, row
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # The system's word on the file, not pyarrow's on what is in it.
        said = str(error).splitlines()[0]
        hint = f"{said}. Is it a Parquet or Arrow file, and whole?"
        raise BadRowError(path, number + 1, "broken Parquet or Arrow file", hint) from None


def _batches(path: Path) -> Iterator[Any]:
    """Record batches of a file, whose first bytes (not its name) say of which format it is."""
    import pyarrow

    with open(path, "rb") as file:
        start = file.read(len(_ARROW_FILE_MAGIC))
    if start.startswith(_PARQUET_MAGIC):
        from pyarrow import parquet

        with parquet.ParquetFile(path) as table:
            yield from table.iter_batches(_ROWS_AT_ONCE)
        return
    with pyarrow.memory_map(str(path)) as file:
        if start == _ARROW_FILE_MAGIC:
            reader = pyarrow.ipc.open_file(file)
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)
        else:
            yield from pyarrow.ipc.open_stream(file)


def _rows(path: Path, read: int, batch: Any) -> Iterator[Mapping[str, Any] | BadRowError]:
    """The rows of a batch, of which `read` rows come before."""
    for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
        part = batch.slice(start, _ROWS_AT_ONCE)
        try:
            yield from part.to_pylist()
        except UnicodeDecodeError:
            # Row by row, for only the bad ones are to be left out.
            for index in range(part.num_rows):
                yield _row(path, read + start + index + 1, part.slice(index, 1))


def _row(path: Path, number: int, part: Any) -> Mapping[str, Any] | BadRowError:
    try:
        return part.to_pylist()[0]
    except UnicodeDecodeError as error:
        hint = f"Text in Parquet and Arrow files is UTF-8: {error}."
        return BadRowError(path, number, "wrong encoding", hint)
