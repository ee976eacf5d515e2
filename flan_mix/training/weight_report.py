"""How large every parameter, its gradient and its update are: T5X's WeightMetricsComputer."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from flan_mix.models.layer_stacks import apart, path_of

Tree = Any


def weight_report(before: Tree, gradients: Tree, after: Tree) -> dict[str, jax.Array]:
    """T5X's names -> float32 scalars, for one step; to be traced.

    weight_rms, weight_gradient_rms, weight_update_rms, weight_update_divided_by_weight_rms and
    weight_max, each with "/" and the parameter's path; of parameters as they are after the step.
    """
    report: dict[str, jax.Array] = {}
    leaves = zip(_named(before), _named(gradients), _named(after), strict=True)
    for (name, old), (_, gradient), (_, new) in leaves:
        size, change = _rms(new), _rms(new - old)
        report |= {
            f"weight_rms/{name}": size,
            f"weight_gradient_rms/{name}": _rms(gradient),
            f"weight_update_rms/{name}": change,
            f"weight_update_divided_by_weight_rms/{name}": change / (size + 1e-20),
            f"weight_max/{name}": jnp.max(jnp.abs(new)),
        }
    return report


def _named(tree: Tree) -> list[tuple[str, jax.Array]]:
    leaves = jax.tree_util.tree_leaves_with_path(apart(tree))
    return [(path_of(keys), leaf) for keys, leaf in leaves]


def _rms(x: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.mean(jnp.square(x.astype(jnp.float32))))
