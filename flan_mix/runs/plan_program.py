"""A traced step as a flat list of operations, for counting what it holds, computes and sends.

JAX traces the step as nested expressions (jaxprs). Here calls are written out in place, work that
nothing needs is dropped, and every array becomes a `Value` that can be told how it lies on a mesh.
Loops keep their bodies as programs of their own; so does work written for each device by itself
(`shard_map`), whose arrays have the shapes of a device's parts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
from jax.extend import core

from flan_mix.training.projected_loss import TURNS

Spec = tuple[tuple[str, ...], ...]
"""For each dimension of an array, the axes of the mesh that it is split over."""

_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}
"""Operations that only call another expression, and the parameter that holds it."""

_LOOPS = {"cond", "scan", "shard_map", "while"}
"""Operations that keep their expressions as bodies."""

_TURNS = re.compile(TURNS.format(r"(\d+)"))


@dataclass(eq=False)
class Value:
    """An array of a program. spec: how it lies on the mesh; None where nothing says so yet."""

    shape: tuple[int, ...]
    itemsize: int
    spec: Spec | None = None

    @property
    def size(self) -> int:
        """Elements of the whole array."""
        return math.prod(self.shape)

    def parts(self, mesh: Mapping[str, int]) -> int:
        """How many devices share the whole array."""
        return math.prod(mesh[axis] for axes in self.spec or () for axis in axes)

    def local_bytes(self, mesh: Mapping[str, int]) -> int:
        """What one device holds of it."""
        return self.size * self.itemsize // self.parts(mesh)


@dataclass(eq=False)
class Operation:
    """One operation of a program.

    scope: the modules and transformations that it stands in, as JAX names them. bodies: of a loop,
    the program of one turn; of a branch, one for each way. turns: how often a loop runs its body at
    most; 1 where a `while` stands in no scope that says so (see `TURNS`). gathered: inputs that
    devices must have more of than they hold, and the axes of the mesh to gather them along. summed:
    the axes along which devices hold parts of the sum that the result is.
    """

    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    params: Mapping[str, Any]
    scope: str = ""
    bodies: tuple[Program, ...] = ()
    turns: int = 1
    gathered: tuple[tuple[Value, tuple[str, ...]], ...] = ()
    summed: tuple[str, ...] = ()


@dataclass(eq=False)
class Program:
    """Operations in the order in which they were traced; constants count as inputs."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    operations: list[Operation] = field(default_factory=list)


def spec_of(spec: Iterable[Any], dimensions: int = 0) -> Spec:
    """A PartitionSpec for an array of so many dimensions, written out."""
    axes = [(a,) if isinstance(a, str) else tuple(a or ()) for a in spec]
    return (*axes, *((),) * (dimensions - len(axes)))


def program_of(closed: core.ClosedJaxpr) -> Program:
    """The program of a traced function, without operations whose results nothing reads."""
    return _Writer().program(closed.jaxpr)


class _Writer:
    """Writes one jaxpr out as a program; bodies of loops get writers of their own."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []

    def program(self, jaxpr: Any, scope: str = "") -> Program:
        known = {var: _value(var.aval) for var in (*jaxpr.constvars, *jaxpr.invars)}
        inputs = tuple(known[var] for var in (*jaxpr.constvars, *jaxpr.invars))
        outputs = self._write(jaxpr, known, scope)
        return Program(inputs, outputs, _needed(self._operations, outputs))

    def _write(self, jaxpr: Any, known: dict[Any, Value], scope: str) -> tuple[Value, ...]:
        def read(atom: Any) -> Value:
            return _value(atom.aval) if isinstance(atom, core.Literal) else known[atom]

        for equation in jaxpr.eqns:
            inputs = tuple(read(atom) for atom in equation.invars)
            inner_scope = f"{scope}/{equation.source_info.name_stack}"
            name = equation.primitive.name
            if name in _CALLS and _CALLS[name] in equation.params:
                called = equation.params[_CALLS[name]]
                outputs = self._call(called, inputs, inner_scope)
            else:
                outputs = tuple(_value(var.aval) for var in equation.outvars)
                inner = core.jaxprs_in_params(equation.params) if name in _LOOPS else ()
                bodies = tuple(_Writer().program(body, inner_scope) for body in inner)
                turns = _turns(equation) if bodies else 1
                self._operations.append(
                    Operation(name, inputs, outputs, equation.params, inner_scope, bodies, turns)
                )
            known.update(zip(equation.outvars, outputs, strict=True))
        return tuple(read(atom) for atom in jaxpr.outvars)

    def _call(self, called: Any, inputs: tuple[Value, ...], scope: str) -> tuple[Value, ...]:
        jaxpr = getattr(called, "jaxpr", called)
        constants = tuple(_value(var.aval) for var in jaxpr.constvars)
        variables = (*jaxpr.constvars, *jaxpr.invars)
        return self._write(jaxpr, dict(zip(variables, (*constants, *inputs), strict=True)), scope)


def _turns(equation: Any) -> int:
    if equation.primitive.name == "scan":
        return equation.params["length"]
    said = _TURNS.findall(str(equation.source_info.name_stack))
    return int(said[-1]) if said and equation.primitive.name == "while" else 1


def _value(aval: Any) -> Value:
    shape, dtype = tuple(aval.shape), aval.dtype
    if jax.numpy.issubdtype(dtype, jax.dtypes.prng_key):
        return Value((*shape, *jax.eval_shape(jax.random.key_data, aval).shape[len(shape) :]), 4)
    return Value(shape, dtype.itemsize)


def _needed(operations: Sequence[Operation], outputs: Sequence[Value]) -> list[Operation]:
    wanted, kept = {id(value) for value in outputs}, []
    for operation in reversed(operations):
        if any(id(value) in wanted for value in operation.outputs):
            wanted.update(id(value) for value in operation.inputs)
            kept.append(operation)
    return kept[::-1]
