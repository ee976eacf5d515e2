"""t5x.partitioning: how arrays lie on the devices, by T5X's names."""

from collections.abc import Sequence

from flan_mix.t5x.not_there import names_not_there, only
from flan_mix.training import Partitioner, standard_logical_axis_rules

__all__ = ["ModelBasedPjitPartitioner", "PjitPartitioner", "standard_logical_axis_rules"]

__getattr__ = names_not_there(
    "partitioning",
    dict.fromkeys(("BasePartitioner", "BasePjitPartitioner"), "partitioners but PjitPartitioner"),
)

_MESH = "the mesh is ('data', 'model'); give num_partitions or model_parallel_submesh"


def PjitPartitioner(
    num_partitions: int | None = None,
    model_parallel_submesh: Sequence[int] | None = None,
    params_on_devices: bool = True,
    backend: str | None = None,
    ici_mesh_shape: Sequence[int] | None = None,
    dcn_mesh_shape: Sequence[int] | None = None,
    use_cpu_pjit: bool | None = False,
    logical_axis_rules: Sequence[tuple[str, str | None]] | None = None,
) -> Partitioner:
    """The partitioner of T5X's arguments. `num_partitions` counts on CPU devices too.

    Raises NotThereError for meshes of T5X's other kind and for parameters kept on the host.
    """
    where = "PjitPartitioner"
    only(where, _MESH, ici_mesh_shape=ici_mesh_shape, dcn_mesh_shape=dcn_mesh_shape)
    only(where, "parameters lie on the devices", True, params_on_devices=params_on_devices)
    only(where, "JAX's default backend is used; set JAX_PLATFORMS", backend=backend)
    only(where, "the CPU is partitioned like any device", (False, None), use_cpu_pjit=use_cpu_pjit)
    # Older gin files of T5X's write () for no submesh.
    submesh = tuple(model_parallel_submesh) if model_parallel_submesh else None
    if num_partitions is None and submesh is None:
        num_partitions = 1
    rules = None if logical_axis_rules is None else tuple(map(tuple, logical_axis_rules))
    return Partitioner(num_partitions, submesh, rules)  # pyright: ignore[reportArgumentType]


def ModelBasedPjitPartitioner(
    num_partitions: int | None = None,
    model_parallel_submesh: Sequence[int] | None = None,
    logical_axis_rules: Sequence[tuple[str, str | None]] | None = None,
) -> Partitioner:
    """PjitPartitioner, as gin files of 2022 call it."""
    return PjitPartitioner(
        num_partitions, model_parallel_submesh, logical_axis_rules=logical_axis_rules
    )
