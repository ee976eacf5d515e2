"""Adafactor's slots of scanned layers, as T5X's scalable_t5 keeps them, and those of layers apart.

Both keep the same means of a kernel's second moment under names that follow other rules. In a
scanned array, or one with heads apart, T5X goes by the names of the axes: `v_row` is the mean over
all that is not embed, `v_col` the mean over embed, and layers are a batch. A matrix goes by its
sizes: `v_row` is the mean over the larger dimension. So a change of form renames, cuts or stacks
means and computes none.
"""

from collections.abc import Mapping

from flan_mix.checkpoints.arrays import StoredArray, layer_of, reshaped, stacked
from flan_mix.checkpoints.scanned_layers import (
    SCAN_AXIS,
    DifferingBiasesError,
    heads_apart,
    heads_joined,
    holds_layers,
    is_of_attention,
    names_apart,
    names_together,
    one_bias_a_stack,
)

Arrays = Mapping[str, StoredArray]
Moments = dict[str, StoredArray]
"""The four slots of one parameter by their names; what is not in use has the shape (1,)."""

SLOTS = ("m", "v", "v_row", "v_col")
_UNUSED = (1,)


def unrolled_slots(slots: Arrays, parameters: Arrays) -> dict[str, StoredArray]:
    """The slots of scanned `parameters` as those of layers apart, with heads joined.

    None at all, so that the optimizer starts afresh, where they are not those of T5X's Adafactor
    with its standard rules, or where one table of position biases has slots that differ.
    """
    by_parameter = _by_parameter(slots, parameters)
    if by_parameter is None:
        return {}
    apart: dict[str, StoredArray] = {}
    for path, moments in by_parameter.items():
        parameter = parameters[path]
        if not _have_shapes(moments, path, parameter):
            return {}
        names = names_apart(path, parameter.shape[SCAN_AXIS]) if holds_layers(path) else [path]
        for layer, name in enumerate(names):
            of_layer = _of_layer(moments, path, layer) if holds_layers(path) else moments
            if _is_named_by_axes(path, parameter):
                of_layer = _by_sizes(of_layer, path)
            apart |= {f"{name}/{slot}": array for slot, array in of_layer.items()}
    try:
        return one_bias_a_stack(apart)
    except DifferingBiasesError:
        return {}


def scanned_slots(
    slots: Arrays, parameters: Arrays, num_heads: int, *, shared_bias: bool
) -> dict[str, StoredArray]:
    """The slots of unrolled `parameters` as those of `scanned_layers.scanned`; none of those that
    are not Adafactor's.
    """
    by_parameter = _by_parameter(slots, parameters)
    if by_parameter is None:
        return {}
    together: dict[str, StoredArray] = {}
    for name, paths in names_together(parameters, shared_bias=shared_bias).items():
        moments = by_parameter[paths[0]]
        if holds_layers(name):
            layers = [
                _by_axes(by_parameter[path], path, parameters[path].shape, num_heads)
                for path in paths
            ]
            moments = {slot: _together(layers, slot, name) for slot in SLOTS}
        together |= {f"{name}/{slot}": array for slot, array in moments.items()}
    return together


def _by_parameter(slots: Arrays, parameters: Arrays) -> dict[str, Moments] | None:
    """The slots of each parameter; None where they are not Adafactor's."""
    if slots.keys() != {f"{path}/{slot}" for path in parameters for slot in SLOTS}:
        return None
    return {path: {slot: slots[f"{path}/{slot}"] for slot in SLOTS} for path in parameters}


def _is_named_by_axes(path: str, parameter: StoredArray) -> bool:
    return holds_layers(path) or len(parameter.shape) > 2


def _embed_is_last(path: str) -> bool:
    return path.endswith(("/out/kernel", "/wo/kernel"))


def _have_shapes(moments: Moments, path: str, parameter: StoredArray) -> bool:
    """Whether slots have the shapes that T5X's standard rules give those of a scanned array."""
    if not _is_named_by_axes(path, parameter):
        return True
    shape = parameter.shape
    embed = len(shape) - 1 if _embed_is_last(path) else 0
    row = tuple(
        size
        for axis, size in enumerate(shape)
        if axis == embed or (axis == SCAN_AXIS and holds_layers(path))
    )
    expected = {"m": shape, "v": shape, "v_row": row, "v_col": shape[:embed] + shape[embed + 1 :]}
    return all(moments[slot].shape in (_UNUSED, expected[slot]) for slot in SLOTS)


def _layer_axis(slot: str, path: str) -> int:
    """Where the layers lie in a slot in use: on dimension 1, where the one before it is kept."""
    before_is_kept = slot in ("m", "v") or (slot == "v_row") != _embed_is_last(path)
    return SCAN_AXIS if before_is_kept else SCAN_AXIS - 1


def _of_layer(moments: Moments, path: str, layer: int) -> Moments:
    return {
        slot: array if array.shape == _UNUSED else layer_of(array, _layer_axis(slot, path), layer)
        for slot, array in moments.items()
    }


def _together(layers: list[Moments], slot: str, name: str) -> StoredArray:
    arrays = [moments[slot] for moments in layers]
    return arrays[0] if arrays[0].shape == _UNUSED else stacked(arrays, _layer_axis(slot, name))


def _by_sizes(moments: Moments, path: str) -> Moments:
    """A kernel's slots, named by its axes and with heads apart, as those of the matrix it is."""
    joined = {slot: heads_joined(path, moments[slot]) for slot in ("m", "v")}
    v_row, v_col = moments["v_row"], moments["v_col"]
    along_others = reshaped(v_col, (v_col.size,))
    shape = (v_col.size, v_row.size) if _embed_is_last(path) else (v_row.size, v_col.size)
    if _is_row_along_embed(shape, path):
        return {**joined, "v_row": v_row, "v_col": along_others}
    return {**joined, "v_row": along_others, "v_col": v_row}


def _by_axes(moments: Moments, path: str, shape: tuple[int, ...], num_heads: int) -> Moments:
    """The slots of one layer's parameter of that shape under T5X's names, with heads apart."""
    v_row, v_col = moments["v_row"], moments["v_col"]
    if v_row.shape != _UNUSED and not _is_row_along_embed(shape, path):
        v_row, v_col = v_col, v_row
    if v_col.shape != _UNUSED and is_of_attention(path):
        v_col = reshaped(v_col, (num_heads, v_col.size // num_heads))
    full = {
        slot: array if array.shape == _UNUSED else heads_apart(path, array, num_heads)
        for slot, array in moments.items()
        if slot in ("m", "v")
    }
    return {**full, "v_row": v_row, "v_col": v_col}


def _is_row_along_embed(shape: tuple[int, ...], path: str) -> bool:
    """Whether a matrix's v_row, the mean over its larger dimension, is the one along embed.

    Of equal dimensions the later one counts as larger.
    """
    rows, columns = shape
    return (columns >= rows) != _embed_is_last(path)
