"""Checkpoints whose layers lie in one array, as T5X's scanned models store them.

T5X's scalable_t5 keeps all layers of a stack under `encoder/encoder/…`, layers along dimension 1,
with heads apart ([embed, layers, heads, head_dim]) and a table of position biases in every layer.
Published T5 has one table a stack, which that form cannot say, save by repeating it; our own
scanned form keeps it apart under `encoder/relpos_bias`. Both are read, and either is written.
"""

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np

from flan_mix.checkpoints.arrays import StoredArray, in_memory, layer_of, reshaped, stacked

Layers = Literal["unrolled", "scanned", "scanned-shared-bias"]
"""How a checkpoint keeps its layers: each by itself (`layers_0`, …), or in one array with the
position bias repeated in every layer (what T5X's scanned models load) or once a stack."""

SCAN_AXIS = 1
STACKS = ("encoder", "decoder")
_BIAS = "relpos_bias/rel_embedding"


def is_scanned(parameters: Mapping[str, StoredArray]) -> bool:
    """Whether layers lie in one array."""
    return any(path.startswith(f"{stack}/{stack}/") for path in parameters for stack in STACKS)


def unrolled(parameters: Mapping[str, StoredArray], where: str) -> dict[str, StoredArray]:
    """The parameters with layers apart, heads joined and one position bias a stack.

    Raises ValueError where the layers' position biases differ: that is another architecture.
    """
    apart: dict[str, StoredArray] = {}
    for path, array in parameters.items():
        stack = path.split("/", 1)[0]
        prefix = f"{stack}/{stack}/"
        if not path.startswith(prefix):
            apart[path] = array
            continue
        for layer in range(array.shape[SCAN_AXIS]):
            name = f"{stack}/layers_{layer}/{path.removeprefix(prefix)}"
            apart[name] = layer_of(array, SCAN_AXIS, layer)
    joined = {path: _heads_joined(path, array) for path, array in apart.items()}
    return _one_bias_a_stack(joined, where)


def scanned(
    parameters: Mapping[str, StoredArray], num_heads: int, *, shared_bias: bool
) -> dict[str, StoredArray]:
    """Unrolled parameters with layers in one array and heads apart.

    shared_bias: the position bias once a stack, instead of in every layer.
    """
    layers: dict[str, list[tuple[int, StoredArray]]] = {}
    result: dict[str, StoredArray] = {}
    counts = {stack: _layer_count(parameters, stack) for stack in STACKS}
    for path, array in parameters.items():
        stack, rest = path.split("/", 1)
        if match := re.fullmatch(r"layers_(\d+)/(.+)", rest):
            name = f"{stack}/{stack}/{match[2]}"
            entry = (int(match[1]), _heads_apart(path, array, num_heads))
            layers.setdefault(name, []).append(entry)
        elif rest == _BIAS and not shared_bias:
            repeated = [(layer, array) for layer in range(counts[stack])]
            layers[f"{stack}/{stack}/{_BIAS}"] = repeated
        else:
            result[path] = array
    for name, entries in layers.items():
        ordered = [array for _, array in sorted(entries, key=lambda entry: entry[0])]
        result[name] = stacked(ordered, SCAN_AXIS)
    return result


def _layer_count(parameters: Mapping[str, StoredArray], stack: str) -> int:
    found = (re.match(rf"{stack}/layers_(\d+)/", path) for path in parameters)
    return 1 + max((int(match[1]) for match in found if match), default=-1)


def _heads_joined(path: str, array: StoredArray) -> StoredArray:
    """A kernel of three dimensions as a matrix; everything else as it is."""
    if len(array.shape) != 3 or not path.endswith("/kernel"):
        return array
    first, second, third = array.shape
    is_out = path.endswith("/out/kernel")
    return reshaped(array, (first * second, third) if is_out else (first, second * third))


def _heads_apart(path: str, array: StoredArray, num_heads: int) -> StoredArray:
    if not re.search(r"attention/(query|key|value|out)/kernel$", path):
        return array
    rows, columns = array.shape
    if path.endswith("/out/kernel"):
        return reshaped(array, (num_heads, rows // num_heads, columns))
    return reshaped(array, (rows, num_heads, columns // num_heads))


def _one_bias_a_stack(parameters: dict[str, StoredArray], where: str) -> dict[str, StoredArray]:
    result = {}
    tables: dict[str, list[np.ndarray]] = {}
    for path, array in parameters.items():
        if match := re.fullmatch(rf"(\w+)/layers_\d+/{_BIAS}", path):
            tables.setdefault(match[1], []).append(array.read())
        else:
            result[path] = array
    for stack, of_layers in tables.items():
        if any(not np.array_equal(table, of_layers[0]) for table in of_layers):
            raise ValueError(
                f"{where}: every layer of the {stack} has position biases of its own, as umT5 and "
                "models trained with T5X's scanned layers have; T5, FLAN-T5, mT5 and ByT5 share "
                "one table among the layers of a stack, and so do the models here"
            )
        result[f"{stack}/{_BIAS}"] = in_memory(of_layers[0])
    return result
