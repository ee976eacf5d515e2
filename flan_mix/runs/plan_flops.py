"""The floating-point operations of a program's matrix products, 2 for each multiply-and-add."""

from __future__ import annotations

import math

from flan_mix.runs.plan_program import Operation, Program, spec_of


def matmul_flops(program: Program) -> float:
    """Of all devices together; a loop counts its body once for each turn, a branch its longest.

    What devices do alike counts once.
    """
    return sum(map(_flops, program.operations))


def _flops(operation: Operation) -> float:
    if operation.bodies:
        turns = operation.turns * _devices(operation)
        return turns * max(map(matmul_flops, operation.bodies))
    if operation.name != "dot_general":
        return 0
    (summed, _), _ = operation.params["dimension_numbers"]
    left = operation.inputs[0].shape
    return 2.0 * operation.outputs[0].size * math.prod(left[d] for d in summed)


def _devices(operation: Operation) -> int:
    """How many devices do a part each of work that is written for one by itself."""
    if operation.name != "shard_map":
        return 1
    axes = {axis for on in operation.params["in_specs"] for axes in spec_of(on) for axis in axes}
    return math.prod(operation.params["mesh"].shape[axis] for axis in axes)
