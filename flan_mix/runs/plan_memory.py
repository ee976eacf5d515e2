"""The most memory that a program needs at once: every array is followed from birth to last use.

What XLA makes of a program is followed in outline. Operations on single elements are computed
inside the operation that reads them and never lie in memory, unless a matrix product or a loop
reads them, or several operations would have to repeat them at a cost. Sums, and updates that go
into the memory of an argument, are made as soon as they can be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flan_mix.runs.plan_program import BARRIER, Operation, Program, Value

_SAME_MEMORY = {
    BARRIER,
    "bitcast_convert_type",
    "copy",
    "copy_p",
    "expand_dims",
    "name",
    "pmax",
    "psum",
    "random_unwrap",
    "random_wrap",
    "reshape",
    "reshard",
    "sharding_constraint",
    "squeeze",
    "stop_gradient",
}
"""Operations whose result is their input, seen otherwise or summed over devices in its place."""

GATHER = "all_gather"
"""The operation that makes an array whole which devices hold parts of."""

_STANDING = {
    "conv_general_dilated",
    "cumlogsumexp",
    "cummax",
    "cumprod",
    "cumsum",
    "custom_call",
    "dot_general",
    "dynamic_update_slice",
    "gather",
    GATHER,
    "pallas_call",
    "random_bits",
    "random_fold_in",
    "random_seed",
    "random_split",
    "scatter",
    "scatter-add",
    "sort",
    "top_k",
}
"""Operations that read from memory and write to memory."""

_COSTLY = {
    "cbrt", "cos", "div", "erf", "erf_inv", "exp", "exp2", "expm1", "log", "log1p", "logistic",
    "pow", "rem", "rsqrt", "sin", "sqrt", "tanh",
}  # fmt: skip
"""Operations on single elements that XLA computes once, however many read them."""

_SMALL = 8
"""An operation is made as soon as it can be where its result is this many times smaller."""


@dataclass(frozen=True)
class Held:
    """An array in memory at the peak; `maker` is None for what a product copies."""

    value: Value
    local_bytes: int
    maker: Operation | None


@dataclass(frozen=True)
class Peak:
    """The most bytes that one device holds beside the program's inputs, and what they are."""

    total_bytes: int
    held: tuple[Held, ...]
    during: Operation | None


@dataclass(eq=False)
class _Kernel:
    """Operations that run as one: the last, and the values in memory that it reads."""

    operation: Operation
    reads: tuple[Value, ...]


def peak_of(program: Program, mesh: Mapping[str, int], *, on_cpu: bool = False) -> Peak:
    """The peak of a program whose values have their specs (see `plan_sharding.place`).

    Outputs count as written into the memory of inputs, as those of a train step are.
    on_cpu: as XLA:CPU does, make everything as soon as it can be; write operands of matrix products
    out anew where the products need their dimensions in another order, which accelerators read in
    either order; and compute what is cheap in each of its readers, even where it lies in memory for
    a matrix product.
    """
    return _Sweep(program, mesh, on_cpu).peak()


class _Sweep:
    def __init__(self, program: Program, mesh: Mapping[str, int], on_cpu: bool):
        self.program, self.mesh, self.on_cpu = program, mesh, on_cpu
        self.outputs: set[int] = set()
        self._behind_barriers = {
            id(value)
            for operation in program.operations
            if operation.name == BARRIER
            for value in operation.inputs
        }
        self._sources: dict[int, Value] = {}
        self._makers: dict[int, Operation] = {}
        self._readers: dict[int, list[Operation]] = defaultdict(list)
        for operation in program.operations:
            if self._is_view(operation):
                for value, seen in zip(operation.inputs, operation.outputs, strict=False):
                    self._sources[id(seen)] = self._source(value)
                continue
            for value in operation.outputs:
                self._makers[id(value)] = operation
            for value in _distinct(map(self._source, operation.inputs)):
                self._readers[id(value)].append(operation)
        self.outputs = {id(self._source(value)) for value in program.outputs}
        self.inputs = {id(value) for value in program.inputs}
        self._in_memory: dict[int, Value] = {id(value): value for value in program.inputs}
        self._found: dict[tuple[int, bool], dict[int, Value]] = {}

    def peak(self) -> Peak:
        kernels = self._scheduled(self._kernels())
        last = {id(v): n for n, kernel in enumerate(kernels) for v in kernel.reads}
        live, most = 0, Peak(0, (), None)
        held: dict[int, Held] = {}
        for n, kernel in enumerate(kernels):
            operation = kernel.operation
            dying = [v for v in kernel.reads if last[id(v)] == n and id(v) in held]
            made = [v for v in operation.outputs if id(v) not in self.outputs]
            size = sum(map(self._bytes, made))
            passing = self._passing(operation)
            now = live + size + sum(h.local_bytes for h in passing)
            # A loop's first values lie where its results will.
            into = list(operation.outputs) if operation.bodies else made
            reused = self._reused(into, dying) if _runs_in_place(operation) else set()
            now -= sum(held[value].local_bytes for value in reused)
            held.update({id(v): Held(v, self._bytes(v), operation) for v in made})
            if now > most.total_bytes:
                beside = [h for value, h in held.items() if value not in reused]
                most = Peak(now, (*beside, *passing), operation)
            live += size
            for value in (*dying, *(v for v in made if id(v) not in last)):
                live -= held.pop(id(value)).local_bytes
        return most

    def _reused(self, made: list[Value], dying: list[Value]) -> set[int]:
        """Inputs, read here for the last time, whose memory results of their size take over."""
        wanted = Counter(map(self._bytes, made))
        reused = set()
        for value in dying:
            if wanted[self._bytes(value)]:
                wanted[self._bytes(value)] -= 1
                reused.add(id(value))
        return reused

    def _kernels(self) -> list[_Kernel]:
        kernels = []
        for operation in self.program.operations:
            if self._is_view(operation):
                continue
            if _is_fusible(operation) and not any(map(self._lies_in_memory, operation.outputs)):
                continue
            recomputes = self.on_cpu and not _is_standing(operation)
            reads: dict[int, Value] = {}
            for value in operation.inputs:
                reads.update(self._read(value, recomputes))
            for value, axes in operation.gathered:
                if all(self.mesh[axis] == 1 for axis in axes):
                    continue
                spec = tuple(tuple(a for a in on if a not in axes) for on in value.spec or ())
                whole = Value(value.shape, value.itemsize, spec)
                gather = Operation(GATHER, (value,), (whole,), {})
                kernels.append(_Kernel(gather, tuple(self._read(value, False).values())))
                reads[id(whole)] = whole
            self._in_memory.update({id(value): value for value in operation.outputs})
            kernels.append(_Kernel(operation, tuple(reads.values())))
        return kernels

    def _read(self, value: Value, recomputes: bool) -> dict[int, Value]:
        """What must be in memory to know `value`: itself, or what it is computed from.

        recomputes: the reader computes what is cheap itself even where it lies in memory.
        """
        value = self._source(value)
        maker = self._makers.get(id(value))
        is_cheap = maker is not None and _is_fusible(maker) and not self._is_dear(value, maker)
        if id(value) in self._in_memory and not (recomputes and is_cheap):
            return {id(value): value}
        if (id(value), recomputes) not in self._found:
            found: dict[int, Value] = {}
            for read in maker.inputs if maker is not None else ():
                found.update(self._read(read, recomputes))
            self._found[id(value), recomputes] = found
        return self._found[id(value), recomputes]

    def _lies_in_memory(self, value: Value) -> bool:
        """Whether the result of an operation on single elements is ever written."""
        readers, maker = self._readers[id(value)], self._makers[id(value)]
        if id(value) in self.outputs or any(map(_is_standing, readers)):
            return True
        return len(readers) > 1 and self._is_dear(value, maker)

    def _is_dear(self, value: Value, maker: Operation) -> bool:
        """Whether XLA would not compute `value` once for each reader."""
        inputs = [self._source(v) for v in maker.inputs]
        large = [v for v in _distinct(inputs) if 4 * v.size > value.size]
        if maker.name == "div":
            # By what is the same for many: their product with its inverse.
            divisor = self._makers.get(id(inputs[1]))
            if inputs[1].size == 1 or (divisor and divisor.name == "broadcast_in_dim"):
                return False
        return maker.name in _COSTLY or len(large) > 1

    def _scheduled(self, kernels: list[_Kernel]) -> list[_Kernel]:
        """In the order of tracing, but sums and updates in place as soon as they can be.

        On CPUs everything as soon as it can be.
        """
        made_by = {id(v): n for n, k in enumerate(kernels) for v in k.operation.outputs}
        waits_for = [{made_by[id(v)] for v in k.reads if id(v) in made_by} for k in kernels]
        readers: dict[int, list[int]] = defaultdict(list)
        for n, others in enumerate(waits_for):
            for other in others:
                readers[other].append(n)
        if self.on_cpu:
            ready = [n for n, others in enumerate(waits_for) if not others]
            for n in ready:  # It grows on the way.
                for reader in readers[n]:
                    waits_for[reader].discard(n)
                    if not waits_for[reader]:
                        ready.append(reader)
            return [kernels[n] for n in ready]
        order: list[_Kernel] = []
        done: set[int] = set()
        for first in range(len(kernels)):
            stack = [first]
            while stack:
                n = stack.pop()
                if n in done:
                    continue
                done.add(n)
                order.append(kernels[n])
                for reader in readers[n]:
                    waits_for[reader].discard(n)
                    if not waits_for[reader] and self._shrinks(kernels[reader]):
                        stack.append(reader)
        return order

    def _shrinks(self, kernel: _Kernel) -> bool:
        if kernel.operation.bodies:
            return False
        new = sum(self._bytes(v) for v in kernel.operation.outputs if id(v) not in self.outputs)
        return _SMALL * new <= max(map(self._bytes, kernel.reads), default=0)

    def _passing(self, operation: Operation) -> list[Held]:
        """What an operation needs while it runs: a loop its body's peak, a product its copies."""
        passing = []
        if operation.bodies:
            peaks = [peak_of(b, self.mesh, on_cpu=self.on_cpu)
                     for b in operation.bodies]  # fmt: skip
            passing += max(peaks, key=lambda peak: peak.total_bytes).held
        if self.on_cpu and operation.name == "dot_general":
            passing += [Held(v, self._bytes(v), None) for v in _turned(operation)]
        return passing

    def _is_view(self, operation: Operation) -> bool:
        """A product of matrices reads either as it lies or turned."""
        if operation.name == "transpose" and len(operation.inputs[0].shape) == 2:
            return not self.on_cpu or id(operation.outputs[0]) not in self._behind_barriers
        return operation.name in _SAME_MEMORY

    def _source(self, value: Value) -> Value:
        return self._sources.get(id(value), value)

    def _bytes(self, value: Value) -> int:
        return value.local_bytes(self.mesh)


def _is_standing(operation: Operation) -> bool:
    return operation.name in _STANDING or bool(operation.bodies)


def _is_fusible(operation: Operation) -> bool:
    return not _is_standing(operation) and not operation.name.startswith(("reduce_", "arg"))


def _runs_in_place(operation: Operation) -> bool:
    return _is_fusible(operation) or bool(operation.bodies)


def _distinct(values: Iterable[Value]) -> list[Value]:
    return list({id(value): value for value in values}.values())


def _turned(operation: Operation) -> list[Value]:
    """Operands of a product whose summed dimension is not last (of the left), first (right)."""
    sums, batches = operation.params["dimension_numbers"]
    turned = []
    for place, value in enumerate(operation.inputs):
        summed, batch = list(sums[place]), list(batches[place])
        free = [d for d in range(len(value.shape)) if d not in summed and d not in batch]
        order = [*batch, *free, *summed] if place == 0 else [*batch, *summed, *free]
        if order != sorted(order):
            turned.append(value)
    return turned
