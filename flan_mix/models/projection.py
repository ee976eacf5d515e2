"""The product of activations and a kernel, with a backward pass that XLA's CPU compiler runs well.

Left to itself it merges what comes before a product (an activation's derivative, say) with the
transpose that the kernel's gradient asks for, computes it element by element in the transposed
order, and does it all again for the gradient of the inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from flan_mix.models.platform import platform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

Tree = Any


def materialized(array: jax.Array) -> jax.Array:
    """The array, which XLA's CPU compiler does not make into something else before it is read.

    So a transpose stays one, instead of a product with its operands in another order, which that
    compiler is slow at. Fusion comes later and is not held back. Elsewhere nothing: merging is what
    other compilers do well.
    """
    return jax.lax.optimization_barrier(array) if platform() == "cpu" else array


def after(arrays: Tree, cotangent: jax.Array) -> Tree:
    """`arrays`, to be used once `cotangent` is there: what is computed of them is computed anew.

    For backward passes that shall not keep what the forward pass had. XLA's CPU compiler drops the
    barrier before it looks for equal expressions, so there each array gets a zero added, made of
    the cotangent.
    """
    if platform() != "cpu":
        return jax.lax.optimization_barrier((arrays, cotangent))[0]
    nothing = jnp.minimum(jnp.abs(cotangent[(0,) * cotangent.ndim]), 0)
    return jax.tree.map(lambda array: array + nothing.astype(array.dtype), arrays)


def summed_rows(array: jax.Array) -> jax.Array:
    """The sum over the first dimension, at once: as a product, which no compiler puts off."""
    ones = jnp.ones((array.shape[0],), array.dtype)
    flat = array.reshape(array.shape[0], -1)
    return jnp.dot(ones, flat, precision=jax.lax.Precision.HIGHEST).reshape(array.shape[1:])


@jax.custom_vjp
def project(
    inputs: Float[Array, "*batch n"], kernel: Float[Array, "n features"]
) -> Float[Array, "*batch features"]:
    """inputs·kernel."""
    return jnp.dot(inputs, kernel)


def _forward(inputs, kernel):
    return jnp.dot(inputs, kernel), (inputs, kernel)


def _backward(kept, of_outputs):
    inputs, kernel = kept
    of_outputs = materialized(of_outputs)
    rows = materialized(inputs.reshape(-1, inputs.shape[-1]).T)
    of_kernel = jnp.dot(rows, of_outputs.reshape(-1, of_outputs.shape[-1]))
    return jnp.dot(of_outputs, kernel.T), of_kernel


project.defvjp(_forward, _backward)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def project_prepared(
    prepare: Callable[..., jax.Array], sources: tuple[jax.Array, ...], kernel: jax.Array
) -> jax.Array:
    """prepare(*sources)·kernel, whose backward pass prepares again instead of keeping the result.

    prepare: a cheap function, the same object at every call.
    """
    return jnp.dot(prepare(*sources), kernel)


def _prepared_forward(prepare, sources, kernel):
    return project_prepared(prepare, sources, kernel), (sources, kernel)


def _prepared_backward(prepare, kept, of_outputs):
    sources, kernel = kept
    inputs, pull_back = jax.vjp(prepare, *after(sources, of_outputs))
    of_outputs = materialized(of_outputs)
    rows, of_rows = (x.reshape(-1, x.shape[-1]) for x in (inputs, of_outputs))
    # Not through a transpose as above, which would draw the preparation into it.
    of_kernel = jax.lax.dot_general(rows, of_rows, (((0,), (0,)), ((), ())))
    return pull_back(jnp.dot(of_outputs, kernel.T)), of_kernel


project_prepared.defvjp(_prepared_forward, _prepared_backward)
