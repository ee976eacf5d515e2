"""T5X's own checkpoint format, in which all its published models are.

`checkpoint_<step>/checkpoint` is a msgpack tree; large arrays are TensorStore zarr folders beside
it, named by their path with dots (`target.encoder.layers_0.mlp.wo.kernel`), which the tree refers
to; small ones are in the tree. Some checkpoints are the tree alone, in one file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import tensorstore as ts
from flax import serialization

from flan_mix.checkpoints.arrays import StoredArray, in_memory
from flan_mix.checkpoints.layout import LEGACY_INDEX
from flan_mix.checkpoints.location import CONTEXT, Location
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.checkpoints.zarr import zarr_array

VERSION = 3
PLACEHOLDER = "PLACEHOLDER://"
"""What the first Orbax versions wrote into the tree in place of an array's folder."""


def open_t5x(folder: Location) -> StoredCheckpoint:
    """The checkpoint in a folder with an index file.

    Raises ValueError for an index that is none, or of a version that T5X itself refuses.
    """
    content = folder.read(LEGACY_INDEX)
    if content is None:
        raise FileNotFoundError(f"{folder.url}: no file {LEGACY_INDEX!r} in it")
    return _open(content, folder)


def open_t5x_file(file: Location) -> StoredCheckpoint:
    """The checkpoint that is one msgpack file with all arrays inside; it is read whole."""
    parent = Location(file.url.rsplit("/", 1)[0])
    content = parent.read(file.name)
    if content is None:
        raise FileNotFoundError(f"{file.url}: no such file")
    return _open(content, parent, file.url)


def _open(content: bytes, folder: Location, url: str | None = None) -> StoredCheckpoint:
    url = url or folder.url
    tree = _tree(content, url)
    leaves = dict(_flatten(tree))
    opening = {
        path: _open_zarr(folder, _array_folder(leaf), strict=_is_strict(path))
        for path, leaf in leaves.items()
        if _is_reference(leaf)
    }
    arrays = {
        path: in_memory(leaf) if path not in opening else _opened(opening[path], url, path)
        for path, leaf in leaves.items()
    }
    step = arrays.get("state/step")
    return StoredCheckpoint(
        url,
        "t5x",
        None if step is None else int(step.read()),
        _below(arrays, "target/"),
        _below(arrays, "state/param_states/"),
    )


def _tree(content: bytes, url: str) -> Mapping[str, Any]:
    try:
        tree = serialization.msgpack_restore(content)
    except Exception as error:
        raise ValueError(
            f"{url} is no T5X checkpoint: its index is not msgpack ({error})"
        ) from error
    if not isinstance(tree, dict) or not ({"optimizer", "target"} & tree.keys()):
        raise ValueError(f"{url} is no T5X checkpoint: its index holds no 'optimizer' tree")
    version = int(tree.get("version", 0))
    if version != VERSION and "optimizer" in tree:
        raise ValueError(
            f"{url} is of version {version} of T5X's format; version {VERSION} is read, as by T5X"
        )
    return tree.get("optimizer", tree)


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and "driver" not in value:
            yield from _flatten(value, f"{prefix}{key}/")
        elif value is not None:
            yield f"{prefix}{key}", value


def _is_reference(leaf: Any) -> bool:
    return isinstance(leaf, Mapping) or (isinstance(leaf, str) and leaf.startswith(PLACEHOLDER))


def _array_folder(leaf: Mapping[str, Any] | str) -> str:
    """The array's folder beside the index, whichever machine and driver wrote the reference."""
    path = leaf if isinstance(leaf, str) else leaf["kvstore"]["path"]
    return path.removeprefix(PLACEHOLDER).rstrip("/").rsplit("/", 1)[-1]


def _is_strict(path: str) -> bool:
    """Whether a chunk that is not there is an error. TensorStore leaves out chunks of zeros,
    which optimizer slots may have; of a parameter it means an incomplete copy.
    """
    return path.startswith("target/")


def _open_zarr(folder: Location, name: str, *, strict: bool) -> ts.Future[ts.TensorStore]:
    spec = {
        "driver": "zarr",
        "kvstore": folder.child(name).kvstore_spec,
        "fill_missing_data_reads": not strict,
    }
    return ts.open(spec, open=True, read=True, context=CONTEXT)


def _opened(store: ts.Future[ts.TensorStore], url: str, path: str) -> StoredArray:
    try:
        return zarr_array(store.result(), strict=_is_strict(path))
    except ValueError as error:
        raise ValueError(f"{url}: an array that the index names cannot be read: {error}") from error


def _below(arrays: Mapping[str, StoredArray], prefix: str) -> dict[str, StoredArray]:
    return {
        path.removeprefix(prefix): array
        for path, array in arrays.items()
        if path.startswith(prefix)
    }
