"""Decoding in segments: compiled programs that stop, report, and are gone on with.

A first program encodes and decodes up to the first capacity of the caches. Only where answers are
still unfinished are the caches made longer, the finished rows left behind, and the next segment
run, so that neither long limits nor a few long answers make the other steps dear.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from flan_mix.inference.beam_search import Beams, advance_beams, ranked_answers, start_beams
from flan_mix.inference.decoding import (
    Encoded,
    Guides,
    Rows,
    advance_rows,
    encode,
    lengthened,
    padded_to,
    start_rows,
)
from flan_mix.inference.placing import keep_rows_apart, replicate
from flan_mix.inference.settings import Decoding
from flan_mix.models.t5 import Transformer

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

FIRST_CAPACITY = 64
"""Tokens that a first segment has room for, where answers may become longer."""

State = Rows | Beams
Tree = TypeVar("Tree")


class Report(NamedTuple):
    """What the host sees of a batch after a segment; the same on all processes.

    log_probs: of each token under the model; None in beam search, whose beams change places.
    """

    step: Int[Array, ""]
    done: Bool[Array, "batch answers"]
    tokens: Int[Array, "batch answers capacity"]
    scores: Float[Array, "batch answers"]
    log_probs: Float[Array, "batch answers capacity"] | None


class Program(NamedTuple):
    """What decides the compiled programs besides the shapes of their arguments."""

    model: Transformer
    decoding: Decoding
    eos_id: int
    max_length: int
    mesh: Mesh | None


def next_capacity(capacity: int, longest: int) -> int:
    """The capacity after `capacity` (0: the first): doubled, or `longest` if that is near."""
    doubled = 2 * capacity or FIRST_CAPACITY
    return longest if longest <= doubled * 3 // 2 else doubled


@functools.partial(jax.jit, static_argnames=("program", "capacity"))
def begin(
    program: Program,
    params: Mapping[str, Any],
    tokens: Int[Array, "batch input_length"],
    segment_ids: Int[Array, "batch input_length"],
    guides: Guides,
    limit: Int[Array, ""],
    *,
    capacity: int,
) -> tuple[Encoded, State, Report]:
    """Encodes a batch and decodes its first segment, up to `limit` tokens."""
    model, decoding = program.model, program.decoding
    encoded = encode(model, params, tokens, segment_ids)
    count = decoding.answers_at_once
    if decoding.method == "beam":
        state = start_beams(model, encoded, num_beams=count, capacity=capacity)
    else:
        state = start_rows(model, encoded, answers=count, capacity=capacity)
    state = keep_rows_apart(state, program.mesh)
    return encoded, *_advance(program, params, encoded, guides, state, limit)


@functools.partial(jax.jit, static_argnames=("program",), donate_argnames=("state",))
def resume(
    program: Program,
    params: Mapping[str, Any],
    encoded: Encoded,
    guides: Guides,
    state: State,
    stopped: Bool[Array, "batch answers"],
    limit: Int[Array, ""],
) -> tuple[State, Report]:
    """The next segment, without the answers that are `stopped` for reasons outside the model."""
    if isinstance(state, Beams):
        state = state._replace(done=state.done | jnp.all(stopped, axis=1))
    else:
        state = state._replace(done=state.done | stopped.reshape(-1))
    return _advance(program, params, encoded, guides, state, limit)


@functools.partial(jax.jit, static_argnames=("capacity",))
def grown(state: State, *, capacity: int) -> State:
    """The state with room for `capacity` tokens."""
    caches = lengthened(state.caches, capacity)
    if isinstance(state, Beams):
        return state._replace(
            caches=caches,
            live_tokens=padded_to(state.live_tokens, capacity, axis=2),
            ended_tokens=padded_to(state.ended_tokens, capacity, axis=2),
        )
    return state._replace(
        caches=caches,
        tokens=padded_to(state.tokens, capacity, axis=1),
        log_probs=padded_to(state.log_probs, capacity, axis=1),
    )


@functools.partial(jax.jit, static_argnames=("mesh",))
def kept(
    everything: tuple[Encoded, Guides, State], places: Int[Array, " smaller"], *, mesh: Mesh | None
) -> tuple[Encoded, Guides, State]:
    """What belongs to the inputs at `places` of the batch, as a smaller batch."""
    batch = everything[0].segment_ids.shape[0]

    def of_places(array: Array) -> Array:
        if not array.ndim:
            return array
        # Rows of several answers to each input stand together.
        by_input = array.reshape(batch, -1, *array.shape[1:])
        return by_input[places].reshape(-1, *array.shape[1:])

    return keep_rows_apart(jax.tree.map(of_places, everything), mesh)


def smaller_batch(active: int, batch: int, parts: int) -> int:
    """The size to go on with when `active` of `batch` inputs are unfinished: a quarter or all.

    One smaller size, so that few shapes are compiled; `parts` of the mesh must divide it.
    """
    quarter = batch // 4
    fits = batch % 4 == 0 and quarter % parts == 0 and active <= quarter
    return quarter if fits and quarter else batch


def _advance(
    program: Program,
    params: Mapping[str, Any],
    encoded: Encoded,
    guides: Guides,
    state: State,
    limit: Int[Array, ""],
) -> tuple[State, Report]:
    shared = (program.model, params, encoded, guides)
    if isinstance(state, Beams):
        state = advance_beams(
            *shared,
            state,
            limit,
            program.decoding,
            eos_id=program.eos_id,
            max_length=program.max_length,
        )
        ranked = ranked_answers(state, program.decoding)
        done = jnp.broadcast_to(state.done[:, None], ranked.scores.shape)
        report = Report(state.step, done, ranked.tokens, ranked.scores, None)
    else:
        state = advance_rows(*shared, state, limit, program.decoding, eos_id=program.eos_id)
        batch = encoded.segment_ids.shape[0]
        tokens, log_probs = (
            array.reshape(batch, -1, array.shape[1]) for array in (state.tokens, state.log_probs)
        )
        done = state.done.reshape(batch, -1)
        report = Report(state.step, done, tokens, jnp.sum(log_probs, axis=-1), log_probs)
    return state, jax.tree.map(lambda array: replicate(array, program.mesh), report)


def fetched(report: Report) -> Report:
    """The report as NumPy arrays; waits for the segment."""
    return jax.tree.map(np.asarray, report)
