"""The safetensors file format: a length, a JSON header, and the tensors' bytes one after another.

Written here rather than through the `safetensors` package because that one reads local files only
and writes from whole dicts in memory; these read byte ranges of any location and write tensor by
tensor. The tests hold both against the package.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from flan_mix.checkpoints.arrays import Index, StoredArray
from flan_mix.checkpoints.byte_streams import copy_rows
from flan_mix.checkpoints.location import Location

DTYPES = {
    "F64": np.dtype(np.float64),
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I64": np.dtype(np.int64),
    "I32": np.dtype(np.int32),
}
_LARGEST_HEADER = 100 << 20  # As in the reference implementation.


def open_safetensors(folder: Location, name: str) -> dict[str, StoredArray]:
    """The tensors of one file. Raises ValueError for a file that is damaged or none of these."""
    where = f"{folder.url}/{name}"
    header_size = int.from_bytes(folder.read_range(name, 0, 8), "little")
    if header_size > _LARGEST_HEADER:
        raise ValueError(f"{where} is no safetensors file: its header would be {header_size} bytes")
    try:
        header = json.loads(folder.read_range(name, 8, header_size))
    except ValueError as error:
        raise ValueError(f"{where} is no safetensors file: {error}") from error
    header.pop("__metadata__", None)
    data = 8 + header_size
    return {key: _tensor(folder, name, data, key, entry) for key, entry in header.items()}


def _tensor(
    folder: Location, name: str, data: int, key: str, entry: Mapping[str, Any]
) -> StoredArray:
    if entry["dtype"] not in DTYPES:
        raise ValueError(
            f"{folder.url}/{name}: {key} is of dtype {entry['dtype']}; read are {sorted(DTYPES)}"
        )
    dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
    start = data + entry["data_offsets"][0]

    row_shape = shape[1:]
    row_bytes = int(np.prod(row_shape, dtype=np.int64)) * dtype.itemsize

    def fetch(index: Index, out: np.ndarray) -> None:
        # Rows lie one after another: only those asked for are read.
        rows = index[0] if shape else slice(0, 1)
        first, last = start + rows.start * row_bytes, start + rows.stop * row_bytes
        with folder.stream(name, first, last) as stream:
            try:
                copy_rows(stream, dtype, row_shape, index[1:], out if shape else out[None])
            except EOFError as error:
                raise ValueError(f"{folder.url}/{name} is cut short in {key}") from error

    return StoredArray(shape, dtype, fetch)


@dataclass(frozen=True)
class Shard:
    """One file's share of the tensors."""

    name: str
    tensors: Mapping[str, StoredArray]


def shards(tensors: Mapping[str, StoredArray], max_bytes: int) -> list[Shard]:
    """The tensors in order, in as many files as keep each within `max_bytes`.

    A tensor larger than that has a file of its own. Names are those that Hugging Face gives.
    """
    groups: list[dict[str, StoredArray]] = [{}]
    for key, array in tensors.items():
        held = sum(other.nbytes for other in groups[-1].values())
        if groups[-1] and held + array.nbytes > max_bytes:
            groups.append({})
        groups[-1][key] = array
    if len(groups) == 1:
        return [Shard("model.safetensors", groups[0])]
    count = len(groups)
    return [
        Shard(f"model-{number:05}-of-{count:05}.safetensors", group)
        for number, group in enumerate(groups, start=1)
    ]


def index_of(parts: Sequence[Shard]) -> dict[str, Any]:
    """The content of model.safetensors.index.json."""
    total = sum(array.nbytes for part in parts for array in part.tensors.values())
    files = {key: part.name for part in parts for key in part.tensors}
    return {"metadata": {"total_size": total}, "weight_map": files}


def write_safetensors(path: Path, tensors: Mapping[str, StoredArray]) -> None:
    """Writes one file, holding one tensor in memory at a time."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for key, array in tensors.items():
        start, end = end, end + array.nbytes
        offsets = [start, end]
        entry = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": offsets}
        header[key] = entry
    content = json.dumps(header, separators=(",", ":")).encode()
    content += b" " * (-len(content) % 8)
    with path.open("wb") as file:
        file.write(len(content).to_bytes(8, "little"))
        file.write(content)
        for array in tensors.values():
            values = np.ascontiguousarray(array.read())
            file.write(values.reshape(-1).view(np.uint8).data)
