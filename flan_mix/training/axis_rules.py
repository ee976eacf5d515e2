"""T5X's rules for which logical axes of arrays are split over which axis of the mesh.

The model names the axes of its parameters and activations ("embed", "mlp", "batch", ...); these
rules map the names to 'data', 'model' or nothing. Where a name has several rules, the first whose
mesh axis is still free in that array applies.
"""

from __future__ import annotations

from collections.abc import Sequence

from flan_mix.training.mesh import DATA_AXIS, MODEL_AXIS

LogicalAxisRules = tuple[tuple[str, str | None], ...]

REPLICATED_AXES = (
    "relpos_buckets",
    "abspos_buckets",
    "length",
    "layers",
    "stack",
    "mlp_activations",
)


def standard_logical_axis_rules(
    activation_partitioning_dims: int = 1,
    parameter_partitioning_dims: int = 1,
    additional_rules: Sequence[tuple[str, str | None]] | None = None,
) -> LogicalAxisRules:
    """T5X's standard rules.

    activation_partitioning_dims: 2 also splits the embedding axis of activations over 'model'.
    parameter_partitioning_dims: 2 also splits parameters, and with them gradients and optimizer
        state, over 'data' (ZeRO-3).
    additional_rules: (logical axis, mesh axis or None) pairs, after the standard ones.
    Raises ValueError for other numbers than 1 and 2.
    """
    for name, dims in (
        ("activation_partitioning_dims", activation_partitioning_dims),
        ("parameter_partitioning_dims", parameter_partitioning_dims),
    ):
        if dims not in (1, 2):
            raise ValueError(f"{name} is {dims}; it must be 1 or 2")
    rules: list[tuple[str, str | None]] = [
        ("batch", DATA_AXIS),
        *((name, MODEL_AXIS) for name in ("vocab", "mlp", "heads", "joined_kv")),
    ]
    if activation_partitioning_dims == 2:
        rules.append(("embed", MODEL_AXIS))
    if parameter_partitioning_dims == 2:
        rules.append(("embed", DATA_AXIS))
    rules += [(name, None) for name in ("embed", "kv", *REPLICATED_AXES)]
    return (*rules, *(additional_rules or ()))
