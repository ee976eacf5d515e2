"""The floating-point operations of a program's matrix products, 2 for each multiply-and-add."""

from __future__ import annotations

import math

from flan_mix.runs.plan_program import Operation, Program


def matmul_flops(program: Program) -> float:
    """Of all devices together; a loop counts its body once for each turn, a branch its longest."""
    return sum(map(_flops, program.operations))


def _flops(operation: Operation) -> float:
    if operation.bodies:
        turns = int(operation.params.get("length", 1))
        return turns * max(map(matmul_flops, operation.bodies))
    if operation.name != "dot_general":
        return 0
    (summed, _), _ = operation.params["dimension_numbers"]
    left = operation.inputs[0].shape
    return 2.0 * operation.outputs[0].size * math.prod(left[d] for d in summed)
