"""From inputs to predicted target tokens, one step at a time with cached keys and values.

Greedy decoding and sampling. The encoder runs once, each decoder layer's keys and values of the
encoder are computed once and shared by all answers of an input, and the loop ends with the last
unfinished row. A loop can be stopped at any step and gone on with, its caches made longer in
between: a step's cost then follows the answers' length, not the longest length allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.inference.sampling import draw, filtered_logits, row_keys
from flan_mix.inference.settings import Decoding
from flan_mix.models.parameters import in_compute_dtype
from flan_mix.models.t5 import KeyValues, Transformer, empty_caches

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

FREE = -1
"""In place of a forced token: whatever the model says."""


class Encoded(NamedTuple):
    """What decoding reads of the inputs, the same for all steps."""

    cross: KeyValues
    segment_ids: Int[Array, "batch input_length"]


class Guides(NamedTuple):
    """What besides the inputs decides the answers.

    examples: the number of each example, which with `seed` decides what is drawn.
    forced: the first tokens of each example's answers, FREE where they end; None for no prompts.
    """

    seed: int | np.uint32 | Int[Array, ""]
    examples: Int[Array, " batch"]
    forced: Int[Array, "batch forced_length"] | None = None


class Rows(NamedTuple):
    """Answers under way, one a row; the answers of one example stand together.

    log_probs: of each token under the model, 0 for forced ones and after a row's EOS.
    """

    step: Int[Array, ""]
    last: Int[Array, "rows 1"]
    done: Bool[Array, " rows"]
    tokens: Int[Array, "rows capacity"]
    log_probs: Float[Array, "rows capacity"]
    caches: KeyValues


class DecodeResult(NamedTuple):
    """What was predicted: tokens (0 after a row's EOS) and the log-likelihood of each row.

    `steps` is how many steps the loop took: the length of the longest answer.
    """

    tokens: Int[Array, "batch target_length"]
    scores: Float[Array, " batch"]
    steps: Int[Array, ""]


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
    params = in_compute_dtype(model.config, params)
    encoded = encode(model, params, encoder_input_tokens, encoder_segment_ids)
    guides = Guides(0, jnp.arange(encoder_input_tokens.shape[0]))
    start = start_rows(model, encoded, answers=1, capacity=max_decode_length)
    end = advance_rows(
        model, params, encoded, guides, start, max_decode_length, Decoding(), eos_id=eos_id
    )
    return DecodeResult(end.tokens, jnp.sum(end.log_probs, axis=1), end.step)


def encode(
    model: Transformer,
    params: Mapping[str, Any],
    tokens: Int[Array, "batch input_length"],
    segment_ids: Int[Array, "batch input_length"],
) -> Encoded:
    """The encoder's one run, and what each decoder layer reads of it."""
    bound = model.bind({"params": params})
    return Encoded(bound.cross_key_values(bound.encode(tokens, segment_ids)), segment_ids)


def start_rows(model: Transformer, encoded: Encoded, *, answers: int, capacity: int) -> Rows:
    """Before the first step of `answers` answers to each input; padding rows are finished."""
    rows = encoded.segment_ids.shape[0] * answers
    return Rows(
        step=jnp.int32(0),
        last=jnp.zeros((rows, 1), jnp.int32),
        done=jnp.repeat(jnp.all(encoded.segment_ids == 0, axis=1), answers),
        tokens=jnp.zeros((rows, capacity), jnp.int32),
        log_probs=jnp.zeros((rows, capacity), jnp.float32),
        caches=empty_caches(model.config, rows, capacity),
    )


def advance_rows(
    model: Transformer,
    params: Mapping[str, Any],
    encoded: Encoded,
    guides: Guides,
    rows: Rows,
    limit: int | Int[Array, ""],
    decoding: Decoding,
    *,
    eos_id: int,
) -> Rows:
    """Steps of greedy decoding or sampling until `limit` tokens or the last row's EOS.

    `limit` is at most the rows' capacity; `params` are in the compute dtype.
    """
    bound = model.bind({"params": params})
    answers = rows.done.shape[0] // encoded.segment_ids.shape[0]
    forced = None if guides.forced is None else jnp.repeat(guides.forced, answers, axis=0)
    keys = row_keys(guides.seed, guides.examples, answers) if decoding.method == "sample" else None

    def unfinished(rows: Rows) -> Bool[Array, ""]:
        return (rows.step < limit) & ~jnp.all(rows.done)

    def advance(rows: Rows) -> Rows:
        logits, caches = bound.decode_step(
            rows.last, rows.step, encoded.cross, rows.caches, encoded.segment_ids
        )
        chosen, log_prob = _next(logits[:, 0], keys, rows.step, decoding)
        if forced is not None:
            chosen, log_prob = _as_forced(forced, rows.step, chosen, log_prob)
        chosen = jnp.where(rows.done, 0, chosen)
        return Rows(
            step=rows.step + 1,
            last=chosen[:, None],
            done=rows.done | (chosen == eos_id),
            tokens=_put(rows.tokens, chosen, rows.step),
            log_probs=_put(rows.log_probs, jnp.where(rows.done, 0.0, log_prob), rows.step),
            caches=caches,
        )

    return jax.lax.while_loop(unfinished, advance, rows)


def lengthened(caches: KeyValues, capacity: int) -> KeyValues:
    """The caches with room for `capacity` tokens."""
    return jax.tree.map(lambda cache: padded_to(cache, capacity, axis=2), caches)


def padded_to(array: Array, size: int, axis: int) -> Array:
    """`array` with zeros at the end of `axis`, which is `size` long then."""
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, size - array.shape[axis])
    return jnp.pad(array, widths)


def forced_at(
    forced: Int[Array, "rows forced_length"], step: Int[Array, ""]
) -> Int[Array, " rows"]:
    """The token that each row must have at `step`, or FREE."""
    inside = jnp.minimum(step, forced.shape[1] - 1)
    token = jax.lax.dynamic_index_in_dim(forced, inside, axis=1, keepdims=False)
    return jnp.where(step < forced.shape[1], token, FREE)


def _next(
    logits: Float[Array, "rows vocab"], keys: Any, step: Int[Array, ""], decoding: Decoding
) -> tuple[Int[Array, " rows"], Float[Array, " rows"]]:
    """The next token of each row and its log-probability under the model."""
    if decoding.method == "sample":
        chosen = draw(filtered_logits(logits, decoding), keys, step)
        logit = jnp.take_along_axis(logits, chosen[:, None], axis=-1)[:, 0]
    else:
        chosen, logit = jnp.argmax(logits, axis=-1).astype(jnp.int32), jnp.max(logits, axis=-1)
    return chosen, logit - jax.nn.logsumexp(logits, axis=-1)


def _as_forced(
    forced: Int[Array, "rows forced_length"],
    step: Int[Array, ""],
    chosen: Int[Array, " rows"],
    log_prob: Float[Array, " rows"],
) -> tuple[Int[Array, " rows"], Float[Array, " rows"]]:
    token = forced_at(forced, step)
    free = token == FREE
    return jnp.where(free, chosen, token), jnp.where(free, log_prob, 0.0)


def _put(columns: Array, column: Array, step: Int[Array, ""]) -> Array:
    return jax.lax.dynamic_update_slice_in_dim(columns, column[:, None], step, axis=1)
