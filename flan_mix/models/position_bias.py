"""T5's relative position bias: a learned number per head for each bucket of key-query offsets.

The bias depends on `key position - query position` alone, so one vector over the offsets is
looked up for all layers of a stack; attention lays it out along the diagonals of [heads, query,
key] by a reshape. Its gradient is a sum along diagonals and a tiny scatter, never a scatter of
query x key elements. No batch dimension ever appears.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.models.logical_axes import named_param
from flan_mix.models.projection import materialized

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

NUM_BUCKETS = 32
MAX_DISTANCE = 128

BIAS_INIT = nn.initializers.variance_scaling(1.0, "fan_avg", "uniform")


def relative_position_bucket(
    offsets: np.ndarray,
    *,
    bidirectional: bool,
    num_buckets: int = NUM_BUCKETS,
    max_distance: int = MAX_DISTANCE,
) -> np.ndarray:
    """The bucket of each `key position - query position`, as T5 defines it (int32, same shape).

    Half of the buckets (per direction, if bidirectional) hold one distance each, the other half
    grow logarithmically up to `max_distance`, beyond which all share the last. Unidirectional
    buckets put every offset above 0 into bucket 0. Computed in NumPy, on the host, so that bucket
    borders never depend on a device's logarithm.
    """
    offsets = np.asarray(offsets, np.int64)
    if bidirectional:
        num_buckets //= 2
        first_bucket = np.where(offsets > 0, num_buckets, 0)
        distance = np.abs(offsets)
    else:
        first_bucket = 0
        distance = np.maximum(-offsets, 0)
    exact = num_buckets // 2
    # The epsilon keeps distances that are exact powers on their own side of the border.
    growth = np.log(np.maximum(distance, 1) / exact + np.finfo(np.float32).eps)
    logarithmic = exact + growth / np.log(max_distance / exact) * (num_buckets - exact)
    bucket = np.where(distance < exact, distance, logarithmic.astype(np.int64))
    return (first_bucket + np.minimum(bucket, num_buckets - 1)).astype(np.int32)


def lay_out_diagonals(
    by_offset: Float[Array, "heads offsets"], query_length: int, key_length: int
) -> Float[Array, "heads query key"]:
    """`result[h, i, j] = by_offset[h, (query_length - 1) + j - i]`, by padding and reshaping.

    `by_offset` holds the offsets -(query_length - 1) .. key_length - 1 in order. Rolled so that
    offset 0 comes first and repeated with a period one longer than the row, each row reads the
    same vector one place further to the left.
    """
    return _lay_out(by_offset, query_length, key_length)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _lay_out(by_offset, query_length, key_length) -> Array:
    heads, length = by_offset.shape
    unused = jnp.zeros((heads, 1), by_offset.dtype)
    rolled = jnp.concatenate(
        [by_offset[:, query_length - 1 :], unused, by_offset[:, : query_length - 1]], axis=1
    )
    repeated = jnp.broadcast_to(rolled[:, None, :], (heads, query_length, length + 1))
    flat = repeated.reshape(heads, -1)[:, : query_length * length]
    return flat.reshape(heads, query_length, length)[:, :, :key_length]


def _forward(by_offset, query_length, key_length):
    return _lay_out(by_offset, query_length, key_length), None


def sum_diagonals(
    of_laid_out: Float[Array, "heads query key"],
) -> Float[Array, "heads offsets"]:
    """Sums along the diagonals: the same padding and reshaping the other way."""
    heads, query_length, key_length = of_laid_out.shape
    length = query_length + key_length - 1
    of_laid_out = materialized(of_laid_out)
    padded = jnp.pad(of_laid_out, ((0, 0), (0, 0), (0, query_length - 1)))
    flat = jnp.pad(padded.reshape(heads, -1), ((0, 0), (0, query_length)))
    rolled = jnp.sum(flat.reshape(heads, query_length, length + 1), axis=1)
    return jnp.concatenate([rolled[:, key_length + 1 :], rolled[:, :key_length]], axis=1)


def _backward(query_length, key_length, _, of_laid_out):
    return (sum_diagonals(of_laid_out),)


_lay_out.defvjp(_forward, _backward)


def of_queries(
    by_offset: Float[Array, "heads offsets"], first: Int[Array, ""], count: int, key_length: int
) -> Float[Array, "heads offsets_of_count"]:
    """The part of `by_offset` that `count` queries from the (traced) number `first` on read."""
    query_length = by_offset.shape[1] - key_length + 1
    start = query_length - first - count
    return jax.lax.dynamic_slice_in_dim(by_offset, start, count + key_length - 1, axis=1)


class RelativePositionBias(nn.Module):
    """One table of [heads, 32 buckets] and the biases by offset read from it, in float32."""

    num_heads: int
    bidirectional: bool

    def setup(self):
        self.rel_embedding = named_param(
            self,
            "rel_embedding",
            BIAS_INIT,
            (self.num_heads, NUM_BUCKETS),
            ("heads", "relpos_buckets"),
        )

    def __call__(self, query_length: int, key_length: int) -> Float[Array, "heads offsets"]:
        """The bias of whole sequences that both start at position 0, to be laid out."""
        return self._by_offset(-(query_length - 1), key_length - 1)

    def at(
        self, first_query: Int[Array, ""], query_length: int, key_length: int
    ) -> Float[Array, "heads offsets"]:
        """The bias of `query_length` queries from the (traced) position `first_query` on.

        Keys are at 0 .. key_length - 1; `first_query + query_length` is at most `key_length`.
        """
        by_offset = self._by_offset(-(key_length - 1), key_length - 1)
        return of_queries(by_offset, first_query, query_length, key_length)

    def _by_offset(self, first: int, last: int) -> Float[Array, "heads offsets"]:
        buckets = relative_position_bucket(
            np.arange(first, last + 1), bidirectional=self.bidirectional
        )
        return jnp.take(self.rel_embedding, buckets, axis=1)
