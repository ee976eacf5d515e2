"""Drawing the next token: temperature, top-k and top-p on logits, and the draw itself.

Both filters look for the highest bar that enough tokens reach. The bar is found by bisection on
the bits of a float, which needs 32 passes over the vocabulary instead of a sort.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.inference.settings import Decoding

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int, Key, UInt32

IMPOSSIBLE = -jnp.inf


def top_k_mask(logits: Float[Array, "rows vocab"], k: int) -> Bool[Array, "rows vocab"]:
    """True for the `k` largest of each row, and for all that equal the smallest of them."""
    k = min(k, logits.shape[-1])
    return _reach_highest_bar(
        logits, lambda reached: jnp.sum(reached, axis=-1, dtype=jnp.int32) >= k
    )


def top_p_mask(logits: Float[Array, "rows vocab"], p: float) -> Bool[Array, "rows vocab"]:
    """True for the fewest likeliest tokens whose probabilities reach `p` (1904.09751).

    Tokens as likely as the last of them are kept too; at least one always is.
    """
    probabilities = jax.nn.softmax(logits, axis=-1)

    def enough(reached: Bool[Array, "rows vocab"]) -> Bool[Array, " rows"]:
        held = jnp.sum(jnp.where(reached, probabilities, 0.0), axis=-1)
        # Rounded sums may stay below 1 with all tokens; `p` is then what all of them have.
        return held >= jnp.minimum(p, jnp.sum(probabilities, axis=-1))

    return _reach_highest_bar(logits, enough)


def filtered_logits(
    logits: Float[Array, "rows vocab"], decoding: Decoding
) -> Float[Array, "rows vocab"]:
    """Logits of the distribution that is drawn from: -inf for what the filters leave out."""
    logits = logits / decoding.temperature
    if decoding.top_k:
        logits = jnp.where(top_k_mask(logits, decoding.top_k), logits, IMPOSSIBLE)
    if decoding.top_p < 1.0:
        logits = jnp.where(top_p_mask(logits, decoding.top_p), logits, IMPOSSIBLE)
    return logits


def row_keys(
    seed: int | np.uint32 | Int[Array, ""], examples: Int[Array, " batch"], answers: int
) -> Key[Array, " rows"]:
    """A key for each answer of each example, from the seed and the example's number alone.

    Threefry, whatever JAX's default: rows of other generators draw what their batch makes them.
    """

    def of(example, answer):
        key = jax.random.key(seed, impl="threefry2x32")
        return jax.random.fold_in(jax.random.fold_in(key, example), answer)

    by_answer = jax.vmap(of, in_axes=(None, 0))
    return jax.vmap(by_answer, in_axes=(0, None))(examples, jnp.arange(answers)).reshape(-1)


def draw(
    logits: Float[Array, "rows vocab"], keys: Key[Array, " rows"], step: Int[Array, ""]
) -> Int[Array, " rows"]:
    """One token of each row, by its own key and the step."""

    def of(key, row):
        return jax.random.categorical(jax.random.fold_in(key, step), row)

    return jax.vmap(of)(keys, logits).astype(jnp.int32)


def _reach_highest_bar(
    values: Float[Array, "rows vocab"],
    enough: Callable[[Bool[Array, "rows vocab"]], Bool[Array, " rows"]],
) -> Bool[Array, "rows vocab"]:
    """values >= bar, with each row's bar the highest at which `enough` still holds.

    `enough` must hold for everything, and go on holding as more values reach the bar.
    """
    ordered = _in_order(values.astype(jnp.float32))

    def set_bit(number, bar):
        higher = bar | (jnp.uint32(1) << (31 - number).astype(jnp.uint32))
        return jnp.where(enough(ordered >= higher[:, None]), higher, bar)

    bar = jax.lax.fori_loop(0, 32, set_bit, jnp.zeros(values.shape[0], jnp.uint32))
    return ordered >= bar[:, None]


def _in_order(values: Float[Array, "rows vocab"]) -> UInt32[Array, "rows vocab"]:
    """Unsigned integers in the order of the float32 `values`: sign flipped, negatives reversed."""
    # -0.0 equals 0.0 but has other bits.
    bits = jax.lax.bitcast_convert_type(jnp.where(values == 0, 0.0, values), jnp.uint32)
    sign = jnp.uint32(1 << 31)
    return jnp.where(bits & sign, ~bits, bits | sign)
