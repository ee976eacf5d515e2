"""From inputs to predicted target tokens, one step at a time with cached keys and values.

The encoder runs once, each decoder layer's keys and values of the encoder are computed once, and
the loop ends with the last unfinished row. Everything is one jittable function of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from flan_mix.models.parameters import in_compute_dtype
from flan_mix.models.t5 import KeyValues, Transformer, empty_caches

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int


class DecodeResult(NamedTuple):
    """What was predicted: tokens (0 after a row's EOS) and the log-likelihood of each row.

    `steps` is how many steps the loop took: the length of the longest answer.
    """

    tokens: Int[Array, "batch target_length"]
    scores: Float[Array, " batch"]
    steps: Int[Array, ""]


class _Decoding(NamedTuple):
    """What one step hands to the next."""

    step: Int[Array, ""]
    last: Int[Array, "batch 1"]
    done: Bool[Array, " batch"]
    tokens: Int[Array, "batch target_length"]
    scores: Float[Array, " batch"]
    caches: KeyValues


def greedy_decode(
    model: Transformer,
    params: Mapping[str, Any],
    encoder_input_tokens: Int[Array, "batch input_length"],
    encoder_segment_ids: Int[Array, "batch input_length"],
    *,
    max_decode_length: int,
    eos_id: int = 1,
) -> DecodeResult:
    """The likeliest next token at every step, until EOS or `max_decode_length` tokens.

    Inputs are one example a row, segment id 1 on its tokens and 0 on padding; a row of padding
    alone counts as finished. EOS is part of the result and of the score, which is the sum of the
    tokens' log-probabilities under the model. (Tokens are those of T5X's temperature_sample at
    temperature 0, whose scores are always 0, since that distribution has one outcome.)
    """
    bound = model.bind({"params": in_compute_dtype(model.config, params)})
    cross = bound.cross_key_values(bound.encode(encoder_input_tokens, encoder_segment_ids))
    batch_size = encoder_input_tokens.shape[0]

    def unfinished(state: _Decoding) -> Bool[Array, ""]:
        return (state.step < max_decode_length) & ~jnp.all(state.done)

    def advance(state: _Decoding) -> _Decoding:
        logits, caches = bound.decode_step(
            state.last, state.step, cross, state.caches, encoder_segment_ids
        )
        chosen, log_prob = _likeliest(logits[:, 0])
        chosen = jnp.where(state.done, 0, chosen)
        return _Decoding(
            step=state.step + 1,
            last=chosen[:, None],
            done=state.done | (chosen == eos_id),
            tokens=jax.lax.dynamic_update_slice_in_dim(
                state.tokens, chosen[:, None], state.step, axis=1
            ),
            scores=state.scores + jnp.where(state.done, 0.0, log_prob),
            caches=caches,
        )

    start = _Decoding(
        step=jnp.int32(0),
        last=jnp.zeros((batch_size, 1), jnp.int32),
        done=jnp.all(encoder_segment_ids == 0, axis=1),
        tokens=jnp.zeros((batch_size, max_decode_length), jnp.int32),
        scores=jnp.zeros(batch_size, jnp.float32),
        caches=empty_caches(model.config, batch_size, max_decode_length),
    )
    end = jax.lax.while_loop(unfinished, advance, start)
    return DecodeResult(end.tokens, end.scores, end.step)


def _likeliest(
    logits: Float[Array, "batch vocab"],
) -> tuple[Int[Array, " batch"], Float[Array, " batch"]]:
    log_prob = jnp.max(logits, axis=-1) - jax.nn.logsumexp(logits, axis=-1)
    return jnp.argmax(logits, axis=-1).astype(jnp.int32), log_prob
