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
_BIAS_OF_LAYER = re.compile(rf"(\w+)/layers_\d+/{_BIAS}(/\w+)?")


def is_scanned(parameters: Mapping[str, StoredArray]) -> bool:
    """Whether layers lie in one array."""
    return any(holds_layers(path) for path in parameters)


def holds_layers(path: str) -> bool:
    """Whether an array of this name holds all layers of a stack."""
    return any(path.startswith(f"{stack}/{stack}/") for stack in STACKS)


def unrolled(parameters: Mapping[str, StoredArray], where: str) -> dict[str, StoredArray]:
    """The parameters with layers apart, heads joined and one position bias a stack.

    Raises ValueError where the layers' position biases differ: that is another architecture.
    """
    apart: dict[str, StoredArray] = {}
    for path, array in parameters.items():
        if not holds_layers(path):
            apart[path] = heads_joined(path, array)
            continue
        for layer, name in enumerate(names_apart(path, array.shape[SCAN_AXIS])):
            apart[name] = heads_joined(path, layer_of(array, SCAN_AXIS, layer))
    try:
        return one_bias_a_stack(apart)
    except DifferingBiasesError as error:
        raise ValueError(
            f"{where}: every layer of the {error} has position biases of its own, as umT5 and "
            "models trained with T5X's scanned layers have; T5, FLAN-T5, mT5 and ByT5 share "
            "one table among the layers of a stack, and so do the models here"
        ) from None


def scanned(
    parameters: Mapping[str, StoredArray], num_heads: int, *, shared_bias: bool
) -> dict[str, StoredArray]:
    """Unrolled parameters with layers in one array and heads apart.

    shared_bias: the position bias once a stack, instead of in every layer.
    """
    result = {}
    for name, paths in names_together(parameters, shared_bias=shared_bias).items():
        layers = [heads_apart(path, parameters[path], num_heads) for path in paths]
        result[name] = stacked(layers, SCAN_AXIS) if holds_layers(name) else parameters[name]
    return result


def names_apart(path: str, layers: int) -> list[str]:
    """The names of the layers of an array that holds them all."""
    stack, _, rest = path.split("/", 2)
    return [f"{stack}/layers_{layer}/{rest}" for layer in range(layers)]


def names_together(
    parameters: Mapping[str, StoredArray], *, shared_bias: bool
) -> dict[str, list[str]]:
    """For each array of the scanned form the parameters, in the order of layers, that are in it."""
    layers: dict[str, dict[int, str]] = {}
    for path in parameters:
        stack, rest = path.split("/", 1)
        if match := re.fullmatch(r"layers_(\d+)/(.+)", rest):
            layers.setdefault(f"{stack}/{stack}/{match[2]}", {})[int(match[1])] = path
        elif rest == _BIAS and not shared_bias:
            count = _layer_count(parameters, stack)
            layers[f"{stack}/{stack}/{_BIAS}"] = dict.fromkeys(range(count), path)
        else:
            layers[path] = {0: path}
    return {name: [paths[layer] for layer in sorted(paths)] for name, paths in layers.items()}


def heads_joined(path: str, array: StoredArray) -> StoredArray:
    """A kernel of three dimensions as a matrix; everything else as it is."""
    if len(array.shape) != 3 or not path.endswith("/kernel"):
        return array
    first, second, third = array.shape
    is_out = path.endswith("/out/kernel")
    return reshaped(array, (first * second, third) if is_out else (first, second * third))


def heads_apart(path: str, array: StoredArray, num_heads: int) -> StoredArray:
    """A matrix of attention with its heads as a dimension; everything else as it is."""
    if not is_of_attention(path):
        return array
    rows, columns = array.shape
    if path.endswith("/out/kernel"):
        return reshaped(array, (num_heads, rows // num_heads, columns))
    return reshaped(array, (rows, num_heads, columns // num_heads))


def is_of_attention(path: str) -> bool:
    """Whether a parameter has heads."""
    return re.search(r"attention/(query|key|value|out)/kernel$", path) is not None


class DifferingBiasesError(ValueError):
    """The layers of a stack, which it names, do not have the same position biases."""


def one_bias_a_stack(arrays: Mapping[str, StoredArray]) -> dict[str, StoredArray]:
    """Parameters, or their slots, with what every layer repeats of the position bias kept once.

    Raises DifferingBiasesError.
    """
    result = {}
    repeated: dict[str, tuple[str, np.ndarray]] = {}
    for path, array in arrays.items():
        match = _BIAS_OF_LAYER.fullmatch(path)
        if match is None:
            result[path] = array
            continue
        stack, slot = match[1], match[2] or ""
        table = array.read()
        _, first = repeated.setdefault(f"{stack}/{_BIAS}{slot}", (stack, table))
        if not np.array_equal(table, first):
            raise DifferingBiasesError(stack)
    return result | {name: in_memory(table) for name, (_, table) in repeated.items()}


def _layer_count(parameters: Mapping[str, StoredArray], stack: str) -> int:
    found = (re.match(rf"{stack}/layers_(\d+)/", path) for path in parameters)
    return 1 + max((int(match[1]) for match in found if match), default=-1)
