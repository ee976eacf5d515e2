"""Beam search: the likeliest answers, by T5X's rules.

At every step the likeliest continuations of the live beginnings are found; those that end move to
the ended answers, whose log-likelihood is divided by the length penalty of 1609.08144 (T5X's
alpha), and the others live on. A search ends when no live beginning can become better than the
worst ended answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from flan_mix.inference.decoding import (
    FREE,
    Encoded,
    Guides,
    encode,
    forced_at,
)
from flan_mix.inference.settings import Decoding
from flan_mix.models.parameters import in_compute_dtype
from flan_mix.models.t5 import KeyValues, Transformer, empty_caches

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

NONE_YET = -1e7
"""The score of a place without an answer; whatever is below half of it is no answer."""


class Beams(NamedTuple):
    """A search under way in each row; live and ended answers best first.

    live_scores are log-likelihoods, ended_scores divided by the length penalty.
    """

    step: Int[Array, ""]
    done: Bool[Array, " batch"]
    live_tokens: Int[Array, "batch beams capacity"]
    live_scores: Float[Array, "batch beams"]
    ended_tokens: Int[Array, "batch beams capacity"]
    ended_scores: Float[Array, "batch beams"]
    last: Int[Array, "rows 1"]
    caches: KeyValues


class RankedAnswers(NamedTuple):
    """Answers of each row, best first: tokens (0 after EOS) and scores; see `ranked_answers`."""

    tokens: Int[Array, "batch beams target_length"]
    scores: Float[Array, "batch beams"]


def length_penalty(decoding: Decoding, tokens: int | Int[Array, ""]) -> Float[Array, ""]:
    """What the log-likelihood of an answer of so many tokens (EOS included) is divided by."""
    length = jnp.asarray(tokens, jnp.float32)
    if decoding.beam_rules == "t5x":
        length = (5.0 + length) / 6.0
    return length**decoding.length_penalty


def beam_decode(
    model: Transformer,
    params: Mapping[str, Any],
    encoder_input_tokens: Int[Array, "batch input_length"],
    encoder_segment_ids: Int[Array, "batch input_length"],
    *,
    max_decode_length: int,
    decoding: Decoding = Decoding(method="beam"),
    eos_id: int = 1,
) -> RankedAnswers:
    """Beam search over inputs as `greedy_decode` takes them, of up to `max_decode_length` tokens.

    By default T5X's beam_search, but sorted best to worst. (Where some but fewer than `num_beams`
    answers of a row ended, T5X leaves the other places empty.)
    """
    params = in_compute_dtype(model.config, params)
    encoded = encode(model, params, encoder_input_tokens, encoder_segment_ids)
    guides = Guides(0, jnp.arange(encoder_input_tokens.shape[0]))
    end = advance_beams(
        model,
        params,
        encoded,
        guides,
        start_beams(model, encoded, num_beams=decoding.num_beams, capacity=max_decode_length),
        max_decode_length,
        decoding,
        eos_id=eos_id,
        max_length=max_decode_length,
    )
    return ranked_answers(end, decoding)


def start_beams(model: Transformer, encoded: Encoded, *, num_beams: int, capacity: int) -> Beams:
    """Before the first step: one empty beginning a row; padding rows are finished."""
    batch = encoded.segment_ids.shape[0]
    no_tokens = jnp.zeros((batch, num_beams, capacity), jnp.int32)
    no_scores = jnp.full((batch, num_beams), NONE_YET, jnp.float32)
    return Beams(
        step=jnp.int32(0),
        done=jnp.all(encoded.segment_ids == 0, axis=1),
        live_tokens=no_tokens,
        live_scores=no_scores.at[:, 0].set(0.0),
        ended_tokens=no_tokens,
        ended_scores=no_scores,
        last=jnp.zeros((batch * num_beams, 1), jnp.int32),
        caches=empty_caches(model.config, batch * num_beams, capacity),
    )


def advance_beams(
    model: Transformer,
    params: Mapping[str, Any],
    encoded: Encoded,
    guides: Guides,
    beams: Beams,
    limit: int | Int[Array, ""],
    decoding: Decoding,
    *,
    eos_id: int,
    max_length: int | Int[Array, ""],
) -> Beams:
    """Steps until `limit` tokens or the end of every row's search.

    `max_length` is the longest an answer may become in later calls too: it bounds what a live
    beginning can still reach. `params` are in the compute dtype.
    """
    bound = model.bind({"params": params})

    def unfinished(beams: Beams) -> Bool[Array, ""]:
        return (beams.step < limit) & ~jnp.all(beams.done)

    def advance(beams: Beams) -> Beams:
        logits, caches = bound.decode_step(
            beams.last, beams.step, encoded.cross, beams.caches, encoded.segment_ids
        )
        found = _continuations(logits[:, 0], beams, guides.forced)
        ended_tokens, ended_scores = _ended(beams, found, decoding, eos_id)
        goes_on = jnp.where(found.token == eos_id, NONE_YET, found.score)
        live = _top(goes_on, decoding.num_beams)
        best_live = jnp.max(goes_on, axis=1)
        longest = max_length if decoding.beam_rules == "t5x" else beams.step + 1
        reachable = best_live / length_penalty(decoding, longest)
        return Beams(
            step=beams.step + 1,
            done=beams.done | (jnp.min(ended_scores, axis=1) > reachable),
            live_tokens=_at(found.tokens, live),
            live_scores=_at(goes_on, live),
            ended_tokens=ended_tokens,
            ended_scores=ended_scores,
            last=_at(found.token, live).reshape(-1, 1),
            caches=_of_beams(caches, _at(found.beam, live)),
        )

    return jax.lax.while_loop(unfinished, advance, beams)


def ranked_answers(beams: Beams, decoding: Decoding) -> RankedAnswers:
    """The answers of searches that are over, best first.

    Under T5X's rules answers cut at the limit fill the places behind those that ended, and their
    score is the plain log-likelihood. A place without an answer has no tokens and NONE_YET.
    """
    count = beams.live_scores.shape[1]
    compete = decoding.beam_rules == "hugging_face"
    penalty = length_penalty(decoding, beams.step) if compete else 1.0
    # What is live in a search that ended before the limit has lost.
    live_scores = jnp.where(beams.done[:, None], NONE_YET, beams.live_scores / penalty)
    scores = jnp.concatenate([beams.ended_scores, live_scores], axis=1)
    tokens = jnp.concatenate([beams.ended_tokens, beams.live_tokens], axis=1)
    absent = scores < NONE_YET / 2
    cut = jnp.arange(2 * count) >= count
    group = jnp.where(absent, 2, 0 if compete else cut)
    first = jnp.lexsort((-scores, group), axis=1)[:, :count]
    return RankedAnswers(
        _at(jnp.where(absent[..., None], 0, tokens), first),
        _at(jnp.where(absent, NONE_YET, scores), first),
    )


class _Found(NamedTuple):
    """The likeliest continuations of a row, twice as many as beams, best first."""

    score: Float[Array, "batch candidates"]
    beam: Int[Array, "batch candidates"]
    token: Int[Array, "batch candidates"]
    tokens: Int[Array, "batch candidates capacity"]


def _continuations(
    logits: Float[Array, "rows vocab"],
    beams: Beams,
    forced: Int[Array, "batch forced_length"] | None,
) -> _Found:
    """Twice as many as beams, since at most one of each beam's continuations is its end."""
    batch, count = beams.live_scores.shape
    # Each beam's own best first, so that no [beams x vocab] array of probabilities is sorted.
    logit, token = jax.lax.top_k(logits, min(2 * count, logits.shape[-1]))
    log_prob = (logit - jax.nn.logsumexp(logits, axis=-1, keepdims=True)).reshape(batch, count, -1)
    token = token.reshape(batch, count, -1)
    if forced is not None:
        must = forced_at(forced, beams.step)[:, None, None]
        only = jnp.where(jnp.arange(token.shape[-1]) == 0, 0.0, NONE_YET)
        log_prob = jnp.where(must == FREE, log_prob, only)
        token = jnp.where(must == FREE, token, must)
    score = (beams.live_scores[:, :, None] + log_prob).reshape(batch, -1)
    best = _top(score, 2 * count)
    beam, token = best // log_prob.shape[-1], _at(token.reshape(batch, -1), best)
    tokens = _at(beams.live_tokens, beam)
    tokens = jax.lax.dynamic_update_slice_in_dim(tokens, token[..., None], beams.step, axis=2)
    return _Found(_at(score, best), beam, token, tokens)


def _ended(
    beams: Beams, found: _Found, decoding: Decoding, eos_id: int
) -> tuple[Int[Array, "batch beams capacity"], Float[Array, "batch beams"]]:
    """The best of the answers ended before and those that end now; a finished row keeps its own."""
    ends = (found.token == eos_id) & (found.score > NONE_YET / 2) & ~beams.done[:, None]
    if decoding.beam_rules == "hugging_face":
        ends &= jnp.arange(found.token.shape[1]) < decoding.num_beams
    penalty = length_penalty(decoding, beams.step + 1)
    scores = jnp.concatenate(
        [beams.ended_scores, jnp.where(ends, found.score / penalty, NONE_YET)], axis=1
    )
    tokens = jnp.concatenate([beams.ended_tokens, found.tokens], axis=1)
    best = _top(scores, decoding.num_beams)
    return _at(tokens, best), _at(scores, best)


def _of_beams(caches: KeyValues, beam: Int[Array, "batch beams"]) -> KeyValues:
    """The caches of the beams that live on, in their new order."""
    batch, count = beam.shape
    rows = (jnp.arange(batch)[:, None] * count + beam).reshape(-1)
    return jax.tree.map(lambda cache: cache[rows], caches)


def _top(scores: Float[Array, "batch candidates"], count: int) -> Int[Array, "batch count"]:
    return jax.lax.top_k(scores, count)[1]


def _at(values: Array, places: Int[Array, "batch count"]) -> Array:
    """values[b, places[b, i]] for every b and i."""
    return jnp.take_along_axis(values, places.reshape(*places.shape, *[1] * (values.ndim - 2)), 1)
