"""T5X checkpoints as years of T5X versions wrote them, made by hand for tests of the reader."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import tensorstore as ts
from flax import serialization
from flax.traverse_util import unflatten_dict


def write_zarr(folder: Path, array: np.ndarray, chunks: tuple[int, ...]) -> None:
    """One array in zarr 2 with gzip, as T5X has it."""
    metadata = {
        "shape": list(array.shape),
        "chunks": list(chunks),
        "compressor": {"id": "gzip", "level": 1},
    }
    spec = {
        "driver": "zarr",
        "kvstore": {"driver": "file", "path": f"{folder}/"},
        "dtype": array.dtype.name,
        "metadata": metadata,
    }
    ts.open(spec, create=True).result().write(array).result()


def write_legacy(
    folder: Path,
    arrays: Mapping[str, np.ndarray],
    *,
    driver: str = "file",
    path_prefix: str = "",
    inline: tuple[str, ...] = (),
    version: int = 3,
) -> None:
    """arrays: by path in the tree (`target/…`, `state/…`); chunks split every dimension in 3."""
    folder.mkdir(parents=True)
    leaves: dict[str, Any] = {}
    for path, array in arrays.items():
        name = path.replace("/", ".")
        if path in inline or not array.shape:
            leaves[path] = array
            continue
        chunks = tuple(-(-size // 3) for size in array.shape)
        write_zarr(folder / name, array, chunks)
        kvstore = {"driver": driver, "path": path_prefix + name}
        if driver == "gcs":
            kvstore["bucket"] = "a-bucket"
        leaves[path] = {"driver": "zarr", "dtype": array.dtype.name, "kvstore": kvstore}
    tree = {"version": version, "optimizer": unflatten_dict(leaves, sep="/")}
    (folder / "checkpoint").write_bytes(serialization.msgpack_serialize(tree))


def write_first_orbax(folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """The first Orbax layout: a folder for each array, and their names in the msgpack tree."""
    folder.mkdir(parents=True)
    for path, array in arrays.items():
        write_zarr(folder / path.replace("/", "."), array, array.shape)
    leaves = {path: f"PLACEHOLDER://{path.replace('/', '.')}" for path in arrays}
    (folder / "checkpoint").write_bytes(msgpack.packb(unflatten_dict(leaves, sep="/")))
