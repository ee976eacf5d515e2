"""Writes the data of the starter collection, tasks/starter/data/*.jsonl.gz.

Command: `python -m tools.generators.starter`, from the root of the repository; some seconds. The
bytes are the same every time. `python -m tools.generators.starter_vocabulary` comes after it.
"""

import gzip
import io
import json
from collections.abc import Iterable
from pathlib import Path

from tools.generators.datasets import DATASETS, Row, draw_splits

DATA = Path(__file__).parents[2] / "tasks" / "starter" / "data"


def encode_rows(rows: Iterable[Row]) -> bytes:
    """The rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def compress(contents: bytes) -> bytes:
    """The contents as a gzip file that holds neither a name nor a time.

    Not `gzip.compress`, whose header differs between versions of Python.
    """
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(contents)
    return packed.getvalue()


def write_starter(directory: Path) -> None:
    """Writes `<data set>-<split>.jsonl.gz` for every data set and split."""
    directory.mkdir(parents=True, exist_ok=True)
    for dataset in DATASETS:
        for split, rows in draw_splits(dataset).items():
            path = directory / f"{dataset.name}-{split}.jsonl.gz"
            path.write_bytes(compress(encode_rows(rows)))


if __name__ == "__main__":
    write_starter(DATA)
