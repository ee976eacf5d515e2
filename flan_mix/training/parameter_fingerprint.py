"""Tells parameters from others, on any mesh: what was measured on some must not pass for others."""

import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Tree = Any


def parameter_fingerprint(params: Tree) -> str:
    """A fingerprint of a tree of arrays of 32-bit numbers, the same however they are sharded.

    The bits of each array are summed as whole numbers modulo 2^32, in which order does not matter.
    All hosts must call it.
    """
    sums = jax.device_get(_bit_sums(jax.tree.leaves(params)))
    return hashlib.sha256(np.array(sums, "<u4").tobytes()).hexdigest()


@jax.jit
def _bit_sums(leaves: list[jax.Array]) -> list[jax.Array]:
    return [jnp.sum(jax.lax.bitcast_convert_type(leaf, jnp.uint32)) for leaf in leaves]
