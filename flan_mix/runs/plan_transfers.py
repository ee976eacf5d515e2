"""What devices send each other in a step, read off a program whose values are placed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flan_mix.runs.plan_program import Operation, Program, Value


@dataclass(frozen=True)
class Transfer:
    """What one device takes part in, `times` a step.

    kind: "all-reduce", "all-gather" or "reduce-scatter". axes: of the mesh, among whose devices.
    elements, itemsize: of the array as a device holds it where it is whole along the axes. scope:
    the modules that it is for.
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


def transfers_of(program: Program, mesh: Mapping[str, int], times: int = 1) -> list[Transfer]:
    """All transfers of a program that `plan_sharding.place` has placed."""
    transfers = []
    for operation in program.operations:
        for body in operation.bodies:
            transfers += transfers_of(body, mesh, times * operation.turns)
        for value, axes in operation.gathered:
            transfers += _transfer("all-gather", value, axes, mesh, times, operation)
        for value in operation.outputs:
            for kind, axes in _ways(value, operation.summed):
                transfers += _transfer(kind, value, axes, mesh, times, operation)
    return transfers


def _ways(value: Value, summed: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A sum of which devices keep only a part each is scattered; else all get all of it."""
    split = [axis for axes in value.spec or () for axis in axes]
    scattered = tuple(axis for axis in summed if axis in split)
    yield "reduce-scatter", scattered
    yield "all-reduce", tuple(axis for axis in summed if axis not in scattered)


def _transfer(
    kind: str,
    value: Value,
    axes: tuple[str, ...],
    mesh: Mapping[str, int],
    times: int,
    operation: Operation,
) -> list[Transfer]:
    axes = tuple(axis for axis in axes if mesh[axis] > 1)
    if not axes:
        return []
    kept = tuple(tuple(a for a in on if a not in axes) for on in value.spec or ())
    elements = Value(value.shape, 1, kept).local_bytes(mesh)
    return [Transfer(kind, axes, elements, value.itemsize, times, operation.scope)]
