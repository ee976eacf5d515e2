"""What a run will need, known before it is launched: memory, arithmetic and communication.

Made of the run's own train step, traced for a mesh that need not exist: no parameter is
allocated, and no data, checkpoint or vocabulary is read. Whatever the step does (its loss, its
remat policy, its optimizer) is therefore counted as it is.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import jax
from jax.sharding import AbstractMesh, Mesh

from flan_mix.models import apply
from flan_mix.models.platform import assume
from flan_mix.models.t5 import Transformer, empty_caches
from flan_mix.runs.abstract_step import AbstractStep, abstract_step, placed_state
from flan_mix.runs.plan_devices import Device
from flan_mix.runs.plan_flops import matmul_flops
from flan_mix.runs.plan_memory import GATHER, Held, Peak, peak_of
from flan_mix.runs.plan_program import Program, program_of, spec_of
from flan_mix.runs.plan_sharding import place
from flan_mix.runs.plan_transfers import Transfer, transfers_of
from flan_mix.training import Partitioner
from flan_mix.training.mesh import DATA_AXIS, MODEL_AXIS
from flan_mix.training.projected_loss import TURNS

GRADIENTS = "gradients"
CAST_PARAMETERS = "parameters in the compute dtype"
ACTIVATIONS = "activations"
LOGITS = "logits and loss"
_IN_LOSS = re.compile(r"jvp\(\)|" + TURNS.format(r"\d+"))


@dataclass(frozen=True)
class MeshShape:
    """Devices along the two axes of a mesh."""

    data: int = 1
    model: int = 1

    @property
    def devices(self) -> int:
        """How many there are."""
        return self.data * self.model


@dataclass(frozen=True)
class PlannedPartitioner(Partitioner):
    """A partitioner of devices that are not there."""

    mesh_shape: MeshShape = MeshShape()

    @cached_property
    def mesh(self) -> Mesh:
        """The ('data', 'model') mesh, as far as shapes need one."""
        sizes = (self.mesh_shape.data, self.mesh_shape.model)
        return cast(Mesh, AbstractMesh(sizes, (DATA_AXIS, MODEL_AXIS)))


@dataclass(frozen=True)
class Communication:
    """Transfers of one kind among the devices of the same axes, by one device in one step.

    array_bytes: of the arrays, as a device holds them where they are whole. sent_bytes: what a
    device sends where they go around a ring.
    """

    kind: str
    axes: str
    transfers: int
    array_bytes: int
    sent_bytes: int


@dataclass(frozen=True)
class Plan:
    """What one step of a run needs. Bytes are of one device, FLOPs of all together.

    memory: bytes at the peak by part, which sum to peak_bytes. model_flops: the matrix products of
    forward and backward, 3 times those of forward. step_flops: of the step as traced, with what
    remat computes again. cache_bytes: what decoding a batch keeps, where asked for.
    """

    mesh: MeshShape
    parameters: int
    rows: int
    lengths: Mapping[str, int]
    microbatches: int
    compute_dtype: str
    remat_policy: str
    memory: Mapping[str, int]
    peak_bytes: int
    model_flops: float
    step_flops: float
    communication: tuple[Communication, ...]
    cache_bytes: int | None = None

    def fits(self, device: Device) -> bool:
        """Whether the peak is within the device's memory."""
        return self.peak_bytes <= device.memory_bytes

    def seconds(self, device: Device, mfu: float = 1.0) -> float:
        """Of one step, at a share of the peak of the model's FLOPs; at 1, no step is faster."""
        return self.model_flops / (self.mesh.devices * device.peak_flops * mfu)


def parse_mesh(text: str) -> MeshShape:
    """The mesh of "data:8,model:4"; an axis left out has one device. Raises ValueError."""
    sizes: dict[str, int] = {}
    for part in text.split(","):
        axis, _, size = part.partition(":")
        if axis not in (DATA_AXIS, MODEL_AXIS) or not size.isdigit() or not int(size):
            raise ValueError(
                f"--mesh={text}: {part!r} is no axis of the mesh and its devices: give data:N, "
                "model:N or both, as --mesh=data:8,model:4"
            )
        if axis in sizes:
            raise ValueError(f"--mesh={text} gives {axis} twice")
        sizes[axis] = int(size)
    return MeshShape(**sizes)


def plan_run(
    arguments: Mapping[str, Any], mesh: MeshShape | None = None, *, decoding: bool = False
) -> Plan:
    """The plan of the run whose bindings are `arguments` (see `gin.get_bindings`).

    mesh: None is one copy of the model, over the partitions that the run asks for. Raises
    ValueError where mesh, batch and microbatches do not fit each other.
    """
    model, given = arguments["model"], arguments["partitioner"]
    partitioner = planned(given, mesh)
    rows = arguments["train_dataset_cfg"].batch_size
    if rows % partitioner.data_parts:
        raise ValueError(
            f"BATCH_SIZE {rows} does not divide over the {partitioner.data_parts} devices of "
            f"--mesh's data axis: make it a multiple of {partitioner.data_parts}"
        )
    traced = abstract_step(arguments, model, partitioner, placed_state(model, partitioner))
    return plan_of(model, traced, decoding=decoding)


def planned(partitioner: Partitioner, mesh: MeshShape | None) -> PlannedPartitioner:
    """A partitioner with the rules of `partitioner` and devices that are not there."""
    submesh = partitioner.model_parallel_submesh
    parts = math.prod(submesh) if submesh else partitioner.num_partitions or 1
    return PlannedPartitioner(
        logical_axis_rules=partitioner.logical_axis_rules,
        mesh_shape=mesh or MeshShape(model=parts),
    )


def plan_of(model: Any, traced: AbstractStep, *, decoding: bool = False) -> Plan:
    """The plan of a step; `decoding` adds the caches of a batch of as many rows."""
    partitioner = cast(PlannedPartitioner, traced.step.partitioner)
    mesh = dict(partitioner.mesh.shape)
    program = placed_program(traced)
    peak = peak_of(program, mesh)
    memory = _argument_bytes(traced, mesh)
    for part, held in _by_part(peak, traced, model.config, mesh).items():
        memory[part] = memory.get(part, 0) + sum(h.local_bytes for h in held)
    lengths = {
        "inputs": traced.batch["encoder_input_tokens"].shape[1],
        "targets": traced.batch["decoder_input_tokens"].shape[1],
    }
    rows = traced.batch["encoder_input_tokens"].shape[0]
    return Plan(
        mesh=partitioner.mesh_shape,
        parameters=sum(leaf.size for leaf in jax.tree.leaves(traced.state.params)),
        rows=rows,
        lengths=lengths,
        microbatches=traced.step.num_microbatches,
        compute_dtype=model.config.dtype,
        remat_policy=getattr(model.config, "remat_policy", "none"),
        memory=memory,
        peak_bytes=sum(memory.values()),
        model_flops=model_flops(model.module, traced.batch, traced.state.params),
        step_flops=matmul_flops(program),
        communication=_summed(transfers_of(program, mesh), mesh),
        cache_bytes=_cache_bytes(model.config, rows, lengths, mesh) if decoding else None,
    )


def placed_program(traced: AbstractStep, *, on_cpu: bool = False) -> Program:
    """The step's program, as JAX traces it for its mesh, with every value placed there."""
    arguments = (traced.state, traced.batch, traced.key)
    with assume("cpu" if on_cpu else "gpu"):
        jaxpr = jax.make_jaxpr(traced.step.update)(*arguments)
    program = program_of(jaxpr, on_cpu=on_cpu)
    leaves = jax.tree.leaves(arguments)
    for value in program.inputs:
        value.spec = ((),) * len(value.shape)
    # Constants of the trace come before the arguments.
    for value, leaf in zip(program.inputs[-len(leaves) :], leaves, strict=True):
        if leaf.sharding is not None:
            value.spec = spec_of(leaf.sharding.spec, len(leaf.shape))
    place(program, dict(traced.step.partitioner.mesh.shape))
    return program


def model_flops(module: Transformer, batch: Mapping[str, Any], params: Any) -> float:
    """3 times the matrix products of logits from a batch: backward has two for each of forward.

    Attention counts all pairs of positions, those that masks leave out as well; the look-up of
    embeddings counts nothing.
    """
    plain = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), (params, dict(batch)))
    forward = jax.make_jaxpr(lambda params, batch: apply(module, params, batch))(*plain)
    return 3 * matmul_flops(program_of(forward))


def _argument_bytes(traced: AbstractStep, mesh: Mapping[str, int]) -> dict[str, int]:
    def held(tree: Any) -> int:
        return sum(
            math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize
            for leaf in jax.tree.leaves(tree)
        )

    return {
        "parameters": held(traced.state.params),
        "optimizer": held(traced.state.opt_state),
        "batch": held(traced.batch),
    }


def _by_part(
    peak: Peak, traced: AbstractStep, config: Any, mesh: Mapping[str, int]
) -> dict[str, list[Held]]:
    """What is held at the peak, told apart by shape and by where the step makes it."""
    # The loss sees a device's part of the vocabulary.
    vocab_sizes = {config.vocab_size, config.vocab_size // mesh[MODEL_AXIS]}
    shapes = {_form(leaf.shape) for leaf in jax.tree.leaves(traced.state.params)}
    shapes |= {_form((config.emb_dim, size)) for size in vocab_sizes}
    parts: dict[str, list[Held]] = defaultdict(list)
    for held in peak.held:
        scope = held.maker.scope if held.maker is not None else ""
        form = _form(held.value.shape)
        if form in shapes and len(form) > 1:
            is_forwards = "transpose(" not in scope and "jvp(" in scope
            # The loss, which stands in no module, takes its gradients on the way forwards.
            is_gathered = held.maker is not None and held.maker.name == GATHER
            is_cast = is_gathered or (is_forwards and not _IN_LOSS.search(scope))
            parts[CAST_PARAMETERS if is_cast else GRADIENTS].append(held)
        elif vocab_sizes & set(held.value.shape):
            parts[LOGITS].append(held)
        else:
            parts[ACTIVATIONS].append(held)
    return {part: parts[part] for part in (GRADIENTS, CAST_PARAMETERS, ACTIVATIONS, LOGITS)}


def _form(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape however it is turned, without dimensions of one."""
    return tuple(sorted(size for size in shape if size > 1))


def _summed(transfers: list[Transfer], mesh: Mapping[str, int]) -> tuple[Communication, ...]:
    groups: dict[tuple[str, tuple[str, ...]], list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        groups[transfer.kind, tuple(sorted(transfer.axes))].append(transfer)
    return tuple(
        Communication(
            kind,
            ",".join(axes),
            sum(t.times for t in group),
            sum(t.array_bytes for t in group),
            sum(t.sent_bytes(mesh) for t in group),
        )
        for (kind, axes), group in sorted(groups.items())
    )


def _cache_bytes(config: Any, rows: int, lengths: Mapping[str, int], mesh: Mapping[str, int]):
    """Keys and values of self-attention and of the encoder's output, on one device."""
    split = math.gcd(mesh[MODEL_AXIS], config.num_heads)
    caches = [jax.eval_shape(lambda n=n: empty_caches(config, rows, n)) for n in lengths.values()]
    whole = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(caches))
    return whole // (mesh[DATA_AXIS] * split)


def as_json(plan: Plan, device: Device | None, mfu: float) -> dict[str, Any]:
    """A plan as plain values."""
    found = dataclasses.asdict(plan)
    found["memory"], found["lengths"] = dict(plan.memory), dict(plan.lengths)
    if device is not None:
        found["device"] = {
            **dataclasses.asdict(device),
            "fits": plan.fits(device),
            "seconds_at_peak": plan.seconds(device),
            "mfu": mfu,
            "seconds_at_mfu": plan.seconds(device, mfu),
        }
    return found
