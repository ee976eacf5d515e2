"""How every array of a program lies on a mesh, and what the devices must send each other for it.

What is given is where arguments lie and the constraints that the model names; the rest follows as
XLA's partitioner infers it, operation by operation: along dimensions that an operation keeps, and
with a sum over devices where it adds up along a dimension that is split. Work written for each
device by itself says all this: what lies where before and after it, and what is summed within.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flan_mix.runs.plan_program import Operation, Program, Spec, Value, spec_of
from flan_mix.training.mesh import DATA_AXIS

_ROUNDS = 2  # Forwards and backwards; what the second finds no third has been seen to change.


@dataclass(frozen=True)
class _Laid:
    """How an operation's results lie, where its inputs' places say; see `Operation`."""

    specs: Sequence[Spec | None]
    gathered: tuple[tuple[Value, tuple[str, ...]], ...] = ()
    summed: tuple[str, ...] = ()


def place(program: Program, mesh: Mapping[str, int]) -> None:
    """Gives every value of `program`, whose inputs have theirs, a spec.

    Operations are told what must be gathered for them and summed after them.
    """
    placing = _Placing(mesh)
    placing.stored.update(id(value) for value in program.inputs)
    for _ in range(_ROUNDS):
        placing.forwards(program)
        placing.backwards(program)
    placing.forwards(program)


def whole(value: Value) -> Spec:
    """The spec of an array that every device holds all of."""
    return ((),) * len(value.shape)


class _Placing:
    def __init__(self, mesh: Mapping[str, int]):
        self.mesh = mesh
        # Gradients, which are sums over the batch, and what is made of them: each may end up split
        # as its readers are, which makes of the sum over devices a sum and scatter.
        self.loose: set[int] = set()
        # What the program itself places, which nothing that reads it moves.
        self.fixed: set[int] = set()
        # Parameters, and what is made of nothing else.
        self.stored: set[int] = set()

    def forwards(self, program: Program) -> None:
        for operation in program.operations:
            if operation.name == "shard_map":
                self._on_each_device(operation)
                continue
            if operation.bodies:
                pairs = _boundary(operation)
                _match(pairs)
                self.stored.update(id(b) for a, b, _ in pairs if id(a) in self.stored)
                for body in operation.bodies:
                    self.forwards(body)
                _match(_boundary(operation))
                continue
            if len(operation.inputs) == 1 and id(operation.inputs[0]) in self.stored:
                self.stored.update(id(value) for value in operation.outputs)
            laid = self._laid(operation)
            operation.gathered, operation.summed = laid.gathered, laid.summed
            if DATA_AXIS in laid.summed or self._is_loose(operation):
                self.loose.update(id(value) for value in operation.outputs)
            for value, spec in zip(operation.outputs, laid.specs, strict=False):
                if spec is not None:
                    self._adopt(value, spec)

    def backwards(self, program: Program) -> None:
        """Values lie as finely as their readers have them, where nothing else places them."""
        for operation in reversed(program.operations):
            if operation.name == "shard_map":
                for value, spec in _specs(operation.inputs, operation.params["in_specs"]):
                    self._adopt(value, spec)
                continue
            if operation.bodies:
                _match(_boundary(operation))
                for body in operation.bodies:
                    self.backwards(body)
                _match(_boundary(operation))
                continue
            rule = _BACKWARDS.get(operation.name)
            if rule is None and not _is_elementwise(operation):
                continue
            out = operation.outputs[0]
            if out.spec is None:
                continue
            for value in operation.inputs:
                spec = rule(operation, value) if rule else _same_shape(value, out)
                if spec is not None:
                    self._adopt(value, spec)

    def _on_each_device(self, operation: Operation) -> None:
        """`shard_map` over all axes of the mesh: the body's arrays are the parts of a device."""
        (body,) = operation.bodies
        for value in body.inputs:
            value.spec = whole(value)
        self.forwards(body)
        operation.gathered = tuple(
            (value, lost)
            for value, spec in _specs(operation.inputs, operation.params["in_specs"])
            if (lost := _lost(value.spec or spec, spec))
        )
        for value, spec in _specs(operation.outputs, operation.params["out_specs"]):
            self._adopt(value, spec)
            self.fixed.add(id(value))
            if DATA_AXIS not in _flat(spec):
                # Of a gradient summed within, each device may go on with a part.
                self.loose.add(id(value))

    def _is_loose(self, operation: Operation) -> bool:
        if operation.name not in _BACKWARDS and not _is_elementwise(operation):
            return False
        return any(id(v) in self.loose for v in operation.inputs)

    def _adopt(self, value: Value, spec: Spec) -> None:
        is_free = id(value) in self.loose and id(value) not in self.fixed
        if value.spec is None or (is_free and _is_finer(spec, value.spec)):
            value.spec = self._fitting(value, spec)

    def _fitting(self, value: Value, spec: Spec) -> Spec:
        """`spec` without axes used twice or that do not divide their dimension."""
        used: set[str] = set()
        fitting = []
        for size, axes in zip(value.shape, spec, strict=True):
            kept = tuple(axis for axis in axes if axis not in used)
            if size % math.prod(self.mesh[axis] for axis in kept):
                kept = ()
            used.update(kept)
            fitting.append(kept)
        return tuple(fitting)

    def _laid(self, operation: Operation) -> _Laid:
        if operation.name == "dot_general":
            return _dot(operation, [id(value) in self.stored for value in operation.inputs])
        special = _SPECIAL.get(operation.name)
        if special is not None:
            return special(operation)
        if operation.name.startswith(("reduce_", "arg")) and "axes" in operation.params:
            return _reduction(operation)
        rule = _FORWARDS.get(operation.name, _merged)
        return _Laid([rule(operation, value) for value in operation.outputs])


def _dot(operation: Operation, stored: Sequence[bool]) -> _Laid:
    """A product: where it sums along a dimension that is split, devices hold parts of the sums.

    An axis that splits rows of one operand and any dimension of the other cannot split both in the
    product: the operand that is stored (weights split over the data axis), else the smaller, is
    gathered along it.
    """
    sums, batches = operation.params["dimension_numbers"]
    specs = [value.spec or whole(value) for value in operation.inputs]
    if stored[0] != stored[1]:
        given = 0 if stored[0] else 1
    else:
        given = 0 if operation.inputs[0].size < operation.inputs[1].size else 1
    free = [
        [d for d in range(len(spec)) if d not in (*summed, *batch)]
        for spec, summed, batch in zip(specs, sums, batches, strict=True)
    ]
    other = 1 - given
    pairs = [specs[0][i] or specs[1][j] for i, j in zip(*batches, strict=True)]
    taken = _flat((*pairs, *(specs[other][d] for d in (*free[other], *sums[other]))))
    with_other = _flat(specs[other][d] for d in sums[other])
    of_given = _flat(specs[given][d] for d in sums[given])
    lost = tuple(
        axis
        for axis in (*of_given, *_flat(specs[given][d] for d in free[given]))
        if axis in taken and not (axis in of_given and axis in with_other)
    )
    kept = [[specs[side][d] for d in free[side]] for side in (0, 1)]
    kept[given] = [tuple(axis for axis in axes if axis not in lost) for axes in kept[given]]
    summed = dict.fromkeys(axis for axis in (*of_given, *with_other) if axis not in lost)
    gathered = ((operation.inputs[given], lost),) if lost else ()
    return _Laid([(*pairs, *kept[0], *kept[1])], gathered, tuple(summed))


def _constraint(operation: Operation) -> _Laid:
    (value,) = operation.inputs
    sharding = operation.params.get("sharding") or operation.params.get("dst_sharding")
    spec = spec_of(getattr(sharding, "spec", ()) or (), len(value.shape))
    lost = tuple(axis for axis in _flat(value.spec or spec) if axis not in _flat(spec))
    return _Laid([spec], ((value, lost),) if lost else ())


def _summed_across(operation: Operation) -> _Laid:
    """Sums and maxima over devices that the program itself asks for."""
    return _Laid([value.spec for value in operation.inputs], (), operation.params["axes"])


def _specs(values: Sequence[Value], specs: Iterable[Any]) -> list[tuple[Value, Spec]]:
    return [(v, spec_of(spec, len(v.shape))) for v, spec in zip(values, specs, strict=True)]


def _lost(spec: Spec, than: Spec) -> tuple[str, ...]:
    """Axes that split a dimension in `spec` and not in `than`."""
    pairs = zip(spec, than, strict=True)
    return tuple(axis for axes, kept in pairs for axis in axes if axis not in kept)


def _flat(spec: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(axis for axes in spec for axis in axes)


def _is_finer(spec: Spec, than: Spec) -> bool:
    kept = all(axes == old or not old for axes, old in zip(spec, than, strict=True))
    return kept and len(_flat(spec)) > len(_flat(than))


def _is_elementwise(operation: Operation) -> bool:
    out = operation.outputs[0]
    return len(operation.outputs) == 1 and any(v.shape == out.shape for v in operation.inputs)


def _same_shape(value: Value, out: Value) -> Spec | None:
    return out.spec if value.shape == out.shape else None


def _merged(operation: Operation, out: Value) -> Spec | None:
    """Of operations on single elements: a dimension is split where any input has it split."""
    same = (v.spec for v in operation.inputs if v.shape == out.shape)
    known = [spec for spec in same if spec is not None]
    if not known:
        return None
    return tuple(max(axes, key=len) for axes in zip(*known, strict=True))


def _reduction(operation: Operation) -> _Laid:
    (value,), axes = operation.inputs[:1], operation.params["axes"]
    if value.spec is None:
        return _Laid([None])
    kept = tuple(on for d, on in enumerate(value.spec) if d not in axes)
    summed = _flat(on for d, on in enumerate(value.spec) if d in axes)
    return _Laid([kept] * len(operation.outputs), (), summed)


def _gather(operation: Operation) -> _Laid:
    """Rows of a table: split as the indices are, summed where the table's rows are split."""
    table, indices = operation.inputs[:2]
    numbers, sizes = operation.params["dimension_numbers"], operation.params["slice_sizes"]
    out = operation.outputs[0]
    rows = list((indices.spec or whole(indices))[:-1])
    table_spec = table.spec or whole(table)
    kept = [d for d in range(len(table.shape)) if d not in numbers.collapsed_slice_dims]
    columns = [table_spec[d] if sizes[d] == table.shape[d] else () for d in kept]
    spec: list[tuple[str, ...]] = [()] * len(out.shape)
    for place, on in zip(numbers.offset_dims, columns, strict=False):
        spec[place] = on
    others = [d for d in range(len(out.shape)) if d not in numbers.offset_dims]
    for place, on in zip(others, rows, strict=False):
        spec[place] = on
    summed = _flat(table_spec[d] for d in numbers.collapsed_slice_dims)
    twice = tuple(a for a in _flat(columns) if a in _flat(rows))
    return _Laid([tuple(spec)], ((table, twice),) if twice else (), summed)


def _scatter(operation: Operation) -> _Laid:
    """Rows added into a table, each device those of its part of the batch."""
    table, _, updates = operation.inputs
    window = operation.params["dimension_numbers"].update_window_dims
    summed = _flat(on for d, on in enumerate(updates.spec or ()) if d not in window)
    return _Laid([table.spec], (), summed)


def _transposed(operation: Operation, out: Value) -> Spec | None:
    spec = operation.inputs[0].spec
    return None if spec is None else tuple(spec[d] for d in operation.params["permutation"])


def _transposed_back(operation: Operation, value: Value) -> Spec | None:
    spec: list[tuple[str, ...]] = [()] * len(value.shape)
    for place, source in enumerate(operation.params["permutation"]):
        spec[source] = (operation.outputs[0].spec or ())[place]
    return tuple(spec)


def _broadcast(operation: Operation, out: Value) -> Spec | None:
    value = operation.inputs[0]
    if value.spec is None or not _flat(value.spec):
        return None
    spec: list[tuple[str, ...]] = [()] * len(out.shape)
    for source, place in enumerate(operation.params["broadcast_dimensions"]):
        if value.shape[source] == out.shape[place]:
            spec[place] = value.spec[source]
    return tuple(spec)


def _broadcast_back(operation: Operation, value: Value) -> Spec | None:
    out = operation.outputs[0]
    places = operation.params["broadcast_dimensions"]
    if not places:
        return None
    spec = out.spec or whole(out)
    pairs = zip(value.shape, places, strict=True)
    return tuple(spec[d] if size == out.shape[d] else () for size, d in pairs)


def _reshaped(operation: Operation, out: Value) -> Spec | None:
    value = operation.inputs[0]
    return None if value.spec is None else _carried(value.shape, out.shape, value.spec)


def _reshaped_back(operation: Operation, value: Value) -> Spec | None:
    out = operation.outputs[0]
    return _carried(out.shape, value.shape, out.spec or ())


def _carried(shape: Sequence[int], into: Sequence[int], spec: Spec) -> Spec:
    """Where split dimensions end up when [a, b·c] becomes [a, b, c] or the reverse."""
    result: list[tuple[str, ...]] = [()] * len(into)
    i = j = 0
    while i < len(shape) and j < len(into):
        start_i, start_j, left, right = i, j, shape[i], into[j]
        while left != right:
            if left < right:
                i += 1
                left *= shape[i]
            else:
                j += 1
                right *= into[j]
        first = next((d for d in range(start_j, j + 1) if into[d] > 1), start_j)
        source = next((d for d in range(start_i, i + 1) if shape[d] > 1), start_i)
        result[first] = spec[source]
        i, j = i + 1, j + 1
    return tuple(result)


def _kept_dimensions(operation: Operation, out: Value) -> Spec | None:
    """Of slices, padding and joining: dimensions of the old size stay split."""
    for value in operation.inputs:
        if value.spec is not None and len(value.shape) == len(out.shape):
            pairs = zip(value.shape, out.shape, value.spec, strict=True)
            return tuple(on if old == new else () for old, new, on in pairs)
    return None


def _nowhere(operation: Operation, out: Value) -> Spec | None:
    return None


_SPECIAL: Mapping[str, Callable[[Operation], _Laid]] = {
    "gather": _gather,
    "pmax": _summed_across,
    "psum": _summed_across,
    "reshard": _constraint,
    "scatter-add": _scatter,
    "sharding_constraint": _constraint,
}
_FORWARDS: Mapping[str, Callable[[Operation, Value], Spec | None]] = {
    "transpose": _transposed,
    "broadcast_in_dim": _broadcast,
    "reshape": _reshaped,
    "squeeze": _reshaped,
    "expand_dims": _reshaped,
    **dict.fromkeys(
        ("slice", "dynamic_slice", "pad", "concatenate", "split", "rev", "scatter"),
        _kept_dimensions,
    ),
    **dict.fromkeys(("iota", "random_bits", "random_fold_in", "random_wrap"), _nowhere),
}
_BACKWARDS: Mapping[str, Callable[[Operation, Value], Spec | None]] = {
    "transpose": _transposed_back,
    "broadcast_in_dim": _broadcast_back,
    "reshape": _reshaped_back,
    "squeeze": _reshaped_back,
    "expand_dims": _reshaped_back,
}


def _boundary(operation: Operation) -> list[tuple[Value, Value, int]]:
    """Pairs of a value outside a loop and one in its body, and the dimensions only outside has."""
    params, pairs = operation.params, []
    for body in operation.bodies:
        outside, inside = list(operation.inputs), list(body.inputs)
        if operation.name == "while":
            constants = params["cond_nconsts"]
            if body is operation.bodies[0]:  # the condition
                outside = outside[:constants] + outside[constants + params["body_nconsts"] :]
                pairs += [(a, b, 0) for a, b in zip(outside, inside, strict=True)]
                continue
            outside = outside[constants:]
            carry_in = inside[params["body_nconsts"] :]
            pairs += [(b, a, 0) for a, b in zip(body.outputs, carry_in, strict=True)]
        # A jaxpr's constants come first in the body and are no arguments of the operation.
        inside = inside[len(inside) - len(outside) :] if len(inside) >= len(outside) else inside
        outside = outside[len(outside) - len(inside) :]
        pairs += [(a, b, len(a.shape) - len(b.shape)) for a, b in zip(outside, inside, strict=True)]
        if operation.name == "scan":
            carried = params["num_carry"]
            constants = params["num_consts"]
            carry_in = inside[constants : constants + carried]
            pairs += [(b, a, 0) for a, b in zip(body.outputs[:carried], carry_in, strict=True)]
        pairs += [
            (a, b, len(a.shape) - len(b.shape))
            for a, b in zip(operation.outputs, body.outputs, strict=False)
        ]
    return pairs


def _match(pairs: Iterable[tuple[Value, Value, int]]) -> None:
    """What is known of one of a pair becomes known of the other."""
    for outer, inner, extra in pairs:
        if extra < 0 or outer.shape[extra:] != inner.shape:
            continue
        if inner.spec is None and outer.spec is not None:
            inner.spec = outer.spec[extra:]
        elif outer.spec is None and inner.spec is not None:
            outer.spec = (*((),) * extra, *inner.spec)
