"""A traced step as a flat list of operations, for counting what it holds, computes and sends.

JAX traces the step as nested expressions (jaxprs). Here calls are written out in place, work that
nothing needs is dropped, equal work is done once, as XLA does it, and every array becomes a `Value`
that can be told how it lies on a mesh.
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

BARRIER = "optimization_barrier"
"""The operation whose results are its inputs, on which work is not equal to work on the inputs."""

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

_THREEFRY = "key<fry>"

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


def program_of(closed: core.ClosedJaxpr, *, on_cpu: bool = False) -> Program:
    """The program of a traced function, without operations whose results nothing reads.

    on_cpu: as XLA:CPU does, forget the barriers around checkpoints before it looks for equal
    operations, so that only checkpoints within loops compute anything anew.
    """
    return _Writer(on_cpu).program(closed.jaxpr)


class _Writer:
    """Writes one jaxpr out as a program; bodies of loops get writers of their own."""

    def __init__(self, on_cpu: bool) -> None:
        self._on_cpu = on_cpu
        self._operations: list[Operation] = []
        self._literals: dict[str, Value] = {}
        self._done: dict[Any, Operation] = {}

    def program(self, jaxpr: Any, scope: str = "") -> Program:
        known = {var: _value(var.aval) for var in (*jaxpr.constvars, *jaxpr.invars)}
        inputs = tuple(known[var] for var in (*jaxpr.constvars, *jaxpr.invars))
        outputs = self._write(jaxpr, known, scope)
        return Program(inputs, outputs, _needed(self._operations, outputs))

    def _write(self, jaxpr: Any, known: dict[Any, Value], scope: str) -> tuple[Value, ...]:
        def read(atom: Any) -> Value:
            if not isinstance(atom, core.Literal):
                return known[atom]
            return self._literals.setdefault(f"{atom.aval}: {atom.val!r}", _value(atom.aval))

        for equation in jaxpr.eqns:
            inputs = tuple(read(atom) for atom in equation.invars)
            inner_scope = f"{scope}/{equation.source_info.name_stack}"
            outputs = self._outputs(equation, inputs, inner_scope)
            known.update(zip(equation.outvars, outputs, strict=True))
        return tuple(read(atom) for atom in jaxpr.outvars)

    def _outputs(self, equation: Any, inputs: tuple[Value, ...], scope: str) -> tuple[Value, ...]:
        name, params = equation.primitive.name, equation.params
        if name in _CALLS and _CALLS[name] in params:
            if params.get("prevent_cse") and params.get("differentiated") and not self._on_cpu:
                seen = tuple(Value(value.shape, value.itemsize) for value in inputs)
                self._operations.append(Operation(BARRIER, inputs, seen, {}, scope))
                inputs = seen
            return self._call(params[_CALLS[name]], inputs, scope)
        made = tuple(_value(var.aval) for var in equation.outvars)
        if name in _LOOPS:
            bodies = tuple(
                _Writer(self._on_cpu).program(body, scope) for body in core.jaxprs_in_params(params)
            )
            turns = _turns(equation)
            self._operations.append(Operation(name, inputs, made, params, scope, bodies, turns))
            return made
        if name == "random_bits" and str(equation.invars[0].aval.dtype) == _THREEFRY:
            # Threefry makes two words for each: XLA keeps both and joins them where they are read.
            words = (made[0], Value(made[0].shape, made[0].itemsize))
            words = self._once(Operation(name, inputs, words, params, scope))
            name, inputs, made, params = "xor", words, (_value(equation.outvars[0].aval),), {}
        return self._once(Operation(name, inputs, made, params, scope))

    def _once(self, operation: Operation) -> tuple[Value, ...]:
        """The outputs of an operation, which is written unless an equal one was."""
        params = {name: str(value) for name, value in operation.params.items()}
        equal = (operation.name, *map(id, operation.inputs), *sorted(params.items()))
        if equal not in self._done:
            self._done[equal] = operation
            self._operations.append(operation)
        return self._done[equal].outputs

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
