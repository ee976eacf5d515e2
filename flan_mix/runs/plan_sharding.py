"""How every array of a program lies on a mesh, and what the devices must send each other for it.

What is given is where arguments lie and the constraints that the model names; the rest follows as
XLA's partitioner infers it, operation by operation: along dimensions that an operation keeps, and
with a sum over devices where it adds up along a dimension that is split.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flan_mix.runs.plan_program import Operation, Program, Spec, Value
from flan_mix.training.mesh import DATA_AXIS

_ROUNDS = 2  # Forwards and backwards; what the second finds no third has been seen to change.


@dataclass(frozen=True)
class Transfer:
    """What one device takes part in, `times` a step.

    kind: "all-reduce", "all-gather" or "reduce-scatter". axes: of the mesh, among whose devices.
    elements, itemsize: of the array as a device holds it where it is whole along the axes.
    """

    kind: str
    axes: tuple[str, ...]
    elements: int
    itemsize: int
    times: int
    scope: str

    @property
    def array_bytes(self) -> int:
        """Of all `times`."""
        return self.times * self.elements * self.itemsize

    def sent_bytes(self, mesh: Mapping[str, int]) -> int:
        """What a device sends where the array goes around a ring of the devices."""
        devices = math.prod(mesh[axis] for axis in self.axes)
        rounds = 2 if self.kind == "all-reduce" else 1
        return rounds * self.array_bytes * (devices - 1) // devices


def place(program: Program, mesh: Mapping[str, int]) -> list[Transfer]:
    """Gives every value of `program`, whose inputs have theirs, a spec; returns the transfers."""
    placing = _Placing(mesh)
    for _ in range(_ROUNDS):
        placing.forwards(program)
        placing.backwards(program)
    placing.transfers = []
    placing.forwards(program, counts=True)
    return placing.transfers


def whole(value: Value) -> Spec:
    """The spec of an array that every device holds all of."""
    return ((),) * len(value.shape)


class _Placing:
    def __init__(self, mesh: Mapping[str, int]):
        self.mesh = mesh
        self.transfers: list[Transfer] = []
        # Sums over devices that are not made yet where the program has them: id(value) -> axes.
        self.partial: dict[int, tuple[str, ...]] = {}
        # Gradients, which are sums over the batch, and what is made of them: each may end up split
        # as its readers are, which makes of the sum over devices a sum and scatter.
        self.loose: set[int] = set()

    def forwards(self, program: Program, counts: bool = False, times: int = 1) -> None:
        for operation in program.operations:
            if operation.bodies:
                self._loop(operation, counts, times)
                continue
            specs, gathered, summed = self._outputs(operation)
            if summed:
                self.partial[id(operation.outputs[0])] = summed
            if DATA_AXIS in summed or self._is_loose(operation):
                self.loose.update(id(value) for value in operation.outputs)
            for value, spec in zip(operation.outputs, specs, strict=False):
                if spec is not None:
                    self._adopt(value, spec)
            if counts:
                operation.gathered = tuple(gathered)
                self._count(operation, gathered, summed, times)

    def backwards(self, program: Program) -> None:
        """Values lie as finely as their readers have them, where nothing else places them."""
        for operation in reversed(program.operations):
            if operation.bodies:
                for body in operation.bodies:
                    self.backwards(body)
                _match(_boundary(operation), backwards=True)
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

    def _is_loose(self, operation: Operation) -> bool:
        if operation.name not in _BACKWARDS and not _is_elementwise(operation):
            return False
        return any(id(v) in self.loose for v in operation.inputs)

    def _adopt(self, value: Value, spec: Spec) -> None:
        if value.spec is None or (id(value) in self.loose and _is_finer(spec, value.spec)):
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

    def _outputs(
        self, operation: Operation
    ) -> tuple[list[Spec | None], list[tuple[Value, tuple[str, ...]]], tuple[str, ...]]:
        """Specs of the outputs; inputs that must be gathered along axes; axes to be summed over."""
        if operation.name == "dot_general":
            return self._dot(operation)
        if operation.name in ("sharding_constraint", "reshard"):
            return self._constraint(operation)
        if operation.name == "gather":
            return _gather(operation)
        if operation.name == "scatter-add":
            return _scatter(operation)
        if operation.name.startswith(("reduce_", "arg")) and "axes" in operation.params:
            return _reduction(operation)
        rule = _FORWARDS.get(operation.name)
        if rule is not None:
            return [rule(operation, value) for value in operation.outputs], [], ()
        return [_merged(operation.inputs, value) for value in operation.outputs], [], ()

    def _dot(self, operation: Operation):
        (left_sum, right_sum), (left_batch, right_batch) = operation.params["dimension_numbers"]
        left, right = operation.inputs
        lefts, rights = left.spec or whole(left), right.spec or whole(right)
        smaller = left if left.size < right.size else right

        def free(value: Value, *taken: Sequence[int]) -> list[int]:
            return [d for d in range(len(value.shape)) if all(d not in t for t in taken)]

        batch = [_or(lefts[i], rights[j]) for i, j in zip(left_batch, right_batch, strict=True)]
        left_free = [lefts[d] for d in free(left, left_sum, left_batch)]
        right_free = [rights[d] for d in free(right, right_sum, right_batch)]
        pairs = [(lefts[i], rights[j]) for i, j in zip(left_sum, right_sum, strict=True)]
        gathered: list[tuple[Value, tuple[str, ...]]] = []
        of_smaller = [mine if smaller is left else theirs for mine, theirs in pairs]
        of_larger = [theirs if smaller is left else mine for mine, theirs in pairs]
        # An axis that splits rows of one operand and the summed dimension of the other: weights
        # split over the data axis, gathered before they meet activations.
        kept_axes = _flat((*batch, *(right_free if smaller is left else left_free), *of_larger))
        lost = tuple(a for a in _flat(of_smaller) if a in kept_axes and a not in _flat(of_larger))
        small_free = left_free if smaller is left else right_free
        lost_free = tuple(a for a in _flat(small_free) if a in kept_axes)
        if lost or lost_free:
            gathered.append((smaller, (*lost, *lost_free)))
        small_free[:] = [tuple(a for a in axes if a not in lost_free) for axes in small_free]
        summed = tuple(dict.fromkeys(
            a for a in (*_flat(of_smaller), *_flat(of_larger)) if a not in lost
        ))  # fmt: skip
        return [(*batch, *left_free, *right_free)], gathered, summed

    def _constraint(self, operation: Operation):
        (value,) = operation.inputs
        sharding = operation.params.get("sharding") or operation.params.get("dst_sharding")
        spec = _spec_of(sharding, value)
        before = value.spec or spec
        lost = tuple(a for a in _flat(before) if a not in _flat(spec))
        return [spec], [(value, lost)] if lost else [], ()

    def _loop(self, operation: Operation, counts: bool, times: int) -> None:
        turns = times * int(operation.params.get("length", 1) or 1)
        _match(_boundary(operation))
        for body in operation.bodies:
            self.forwards(body, counts, turns)
        _match(_boundary(operation), outputs=True)

    def _count(self, operation, gathered, summed, times) -> None:
        for value, axes in gathered:
            kept = [tuple(a for a in on if a not in axes) for on in value.spec or whole(value)]
            elements = Value(value.shape, 1, tuple(kept)).local_bytes(self.mesh)
            self._add("all-gather", axes, elements, value.itemsize, times, operation)
        if not summed:
            return
        out = operation.outputs[0]
        scattered = tuple(a for a in summed if a in _flat(out.spec or ()))
        rest = tuple(a for a in summed if a not in scattered)
        if scattered:
            kept = [tuple(a for a in on if a not in scattered) for on in out.spec or ()]
            elements = Value(out.shape, 1, tuple(kept)).local_bytes(self.mesh)
            self._add("reduce-scatter", scattered, elements, out.itemsize, times, operation)
        if rest:
            elements = Value(out.shape, 1, out.spec).local_bytes(self.mesh)
            self._add("all-reduce", rest, elements, out.itemsize, times, operation)

    def _add(self, kind, axes, elements, itemsize, times, operation) -> None:
        axes = tuple(axis for axis in axes if self.mesh[axis] > 1)
        if axes:
            self.transfers.append(Transfer(kind, axes, elements, itemsize, times, operation.scope))


def _flat(spec: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(axis for axes in spec for axis in axes)


def _or(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return first or second


def _is_finer(spec: Spec, than: Spec) -> bool:
    kept = all(axes == old or not old for axes, old in zip(spec, than, strict=True))
    return kept and len(_flat(spec)) > len(_flat(than))


def _is_elementwise(operation: Operation) -> bool:
    out = operation.outputs[0]
    return len(operation.outputs) == 1 and any(v.shape == out.shape for v in operation.inputs)


def _same_shape(value: Value, out: Value) -> Spec | None:
    return out.spec if value.shape == out.shape else None


def _merged(inputs: Sequence[Value], out: Value) -> Spec | None:
    """Of operations on single elements: a dimension is split where any input has it split."""
    known = [v.spec for v in inputs if v.shape == out.shape and v.spec is not None]
    if not known:
        return None
    return tuple(max(axes, key=len) for axes in zip(*known, strict=True))


def _spec_of(sharding: Any, value: Value) -> Spec:
    named = tuple(getattr(sharding, "spec", ()) or ())
    axes = [(a,) if isinstance(a, str) else tuple(a or ()) for a in named]
    return (*axes, *((),) * (len(value.shape) - len(axes)))


def _reduction(operation: Operation):
    (value,), axes = operation.inputs[:1], operation.params["axes"]
    if value.spec is None:
        return [None] * len(operation.outputs), [], ()
    kept = tuple(on for d, on in enumerate(value.spec) if d not in axes)
    summed = _flat(on for d, on in enumerate(value.spec) if d in axes)
    return [kept] * len(operation.outputs), [], summed


def _gather(operation: Operation):
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
    return [tuple(spec)], [(table, twice)] if twice else [], tuple(a for a in summed)


def _scatter(operation: Operation):
    """Rows added into a table, each device those of its part of the batch."""
    table, _, updates = operation.inputs
    window = operation.params["dimension_numbers"].update_window_dims
    summed = _flat(on for d, on in enumerate(updates.spec or ()) if d not in window)
    return [table.spec], [], summed


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
    if not places or value.shape != tuple(out.shape[d] for d in places):
        return None
    return tuple((out.spec or ())[d] for d in places)


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


def _match(
    pairs: Iterable[tuple[Value, Value, int]], outputs: bool = False, backwards: bool = False
) -> None:
    """What is known of one of a pair becomes known of the other."""
    del outputs, backwards
    for outer, inner, extra in pairs:
        if extra < 0 or outer.shape[extra:] != inner.shape:
            continue
        if inner.spec is None and outer.spec is not None:
            inner.spec = outer.spec[extra:]
        elif outer.spec is None and inner.spec is not None:
            outer.spec = (*((),) * extra, *inner.spec)
