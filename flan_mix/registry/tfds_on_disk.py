"""What TFDS has prepared on this machine, told from its own books without loading TensorFlow."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from flan_mix.registry.tfds_source import TfdsSource

_SLICE = re.compile(r"(?P<base>\w+)(\[(?P<start>-?\d*):(?P<end>-?\d*)\])?\Z")


def prepared_sizes(source: TfdsSource) -> Mapping[str, int] | None:
    """TFDS split -> rows of a dataset that lies on this machine; None where it does not."""
    folder = Path(source.data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets")
    name, _, version = source.name.partition(":")
    try:
        info = json.loads((folder.expanduser() / name / version / "dataset_info.json").read_text())
        return {
            split["name"]: sum(map(int, split.get("shardLengths", ())))
            for split in info.get("splits", ())
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def prepared_rows(source: TfdsSource, split: str) -> int | None:
    """Rows of a split before any filter; None where it is not prepared or its slice is in per cent
    or otherwise not plain."""
    sizes = prepared_sizes(source)
    parts = [_SLICE.match(part.strip()) for part in source.tfds_split(split).split("+")]
    if sizes is None or not all(parts):
        return None
    rows = [len(range(sizes[m["base"]])[_slice(m)]) for m in parts if m and m["base"] in sizes]
    return sum(rows) if len(rows) == len(parts) else None


def _slice(match: re.Match[str]) -> slice:
    return slice(*(int(match[end]) if match[end] else None for end in ("start", "end")))
