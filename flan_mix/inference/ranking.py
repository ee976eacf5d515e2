"""Rank classification: how likely a model finds each of an input's options.

The encoder runs once for each input, and all options of a batch of inputs are decoded in one call
with teacher forcing: packed as segments that share their input's encoder output. T5X scores every
(input, option) pair as an example of its own, encoder included; the numbers are the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from flan_mix.inference.length_buckets import PlannedBatch, plan_batches
from flan_mix.inference.option_layout import Option, OptionRows, distinct, lay_out
from flan_mix.inference.placing import check_rows, place_rows, replicate
from flan_mix.models.parameters import in_compute_dtype
from flan_mix.models.t5 import Transformer

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

LOGITS_AT_ONCE = 1024
"""Positions of a batch whose logits over the vocabulary exist at one time."""


@dataclasses.dataclass(frozen=True)
class OptionScorer:
    """Log-likelihoods of options under one model and its parameters.

    `batch_size` inputs are encoded at once. With `mesh`, inputs are divided over its axis "data",
    which must divide `batch_size` (else ValueError); `params` then lie on that mesh already. On
    several processes, all call `score` with the same arguments and all get every score.
    """

    model: Transformer
    params: Mapping[str, Any]
    batch_size: int
    mesh: Mesh | None = None

    def __post_init__(self):
        check_rows("OptionScorer.batch_size", self.batch_size, self.mesh)

    def score(
        self,
        inputs: Sequence[Sequence[int]],
        options: Sequence[Sequence[Sequence[int]]],
        on_progress: Callable[[int], None] | None = None,
    ) -> list[np.ndarray]:
        """For each input, float32 [its options]: the summed log-probability of each one's tokens.

        Inputs and options are token ids as the model was trained on them, so with their EOS, which
        counts. An input may have any number of options, none included; equal options are scored
        once and have equal scores. `on_progress` is told how many inputs are scored.

        Raises ValueError, naming the index, for an input or option without tokens, and where there
        are not as many lists of options as inputs.
        """
        _check(inputs, options)
        groups = [distinct(group) for group in options]
        scores = [np.zeros(len(group), np.float32) for group in options]
        scored = [index for index, group in enumerate(groups) if group]
        done = len(inputs) - len(scored)
        started: list[_Started] = []
        for planned in plan_batches(
            [len(inputs[index]) for index in scored],
            self.batch_size,
            second=[sum(map(len, groups[index])) for index in scored],
        ):
            indices = tuple(scored[place] for place in planned.indices)
            # One batch ahead of the one being fetched, so that the device does not wait.
            started.append(
                self._start(dataclasses.replace(planned, indices=indices), inputs, groups)
            )
            if len(started) > 1:
                done += _finish(started.pop(0), options, scores)
                _tell(on_progress, done)
        for batch in started:
            done += _finish(batch, options, scores)
            _tell(on_progress, done)
        return scores

    def _start(
        self,
        planned: PlannedBatch,
        inputs: Sequence[Sequence[int]],
        groups: Sequence[Sequence[Option]],
    ) -> _Started:
        tokens = np.zeros((self.batch_size, planned.length), np.int32)
        segment_ids = np.zeros_like(tokens)
        for row, index in enumerate(planned.indices):
            tokens[row, : len(inputs[index])] = inputs[index]
            segment_ids[row, : len(inputs[index])] = 1
        rows = lay_out([groups[index] for index in planned.indices], self.batch_size)
        arrays = (tokens, segment_ids, rows.tokens, rows.previous, rows.segment_ids)
        placed = (place_rows(array, self.mesh) for array in arrays)
        found = _jitted_option_log_likelihoods(self.model, self.params, *placed, mesh=self.mesh)
        return _Started(planned.indices, rows, found)


@dataclasses.dataclass(frozen=True)
class _Started:
    """A batch on its way: which inputs, where their options lie, and the numbers to come."""

    indices: tuple[int, ...]
    rows: OptionRows
    log_likelihoods: jax.Array


def option_log_likelihoods(
    model: Transformer,
    params: Mapping[str, Any],
    encoder_input_tokens: Int[Array, "batch input_length"],
    encoder_segment_ids: Int[Array, "batch input_length"],
    tokens: Int[Array, "batch blocks width"],
    previous: Int[Array, "batch blocks width"],
    segment_ids: Int[Array, "batch blocks width"],
    *,
    mesh: Mesh | None = None,
) -> Float[Array, "batch positions"]:
    """The log-probability of every option token, an input's blocks end to end; padding has noise.

    The arrays of options are those of `OptionRows`.
    """
    bound = model.bind({"params": in_compute_dtype(model.config, params)})
    batch, blocks, width = tokens.shape
    decoded = bound.decode(
        bound.encode(encoder_input_tokens, encoder_segment_ids),
        encoder_segment_ids,
        previous.reshape(batch * blocks, width),
        segment_ids.reshape(batch * blocks, width),
        shared_inputs=True,
    ).reshape(batch, blocks * width, -1)
    chunks = _chunks(batch, blocks * width)

    def chosen(part):
        hidden, targets = part
        logits = bound.logits(hidden)
        picked = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        return picked - jax.nn.logsumexp(logits, axis=-1)

    def split(array):
        return array.reshape(batch, chunks, -1, *array.shape[2:]).swapaxes(0, 1)

    found = jax.lax.map(chosen, (split(decoded), split(tokens.reshape(batch, -1))))
    return replicate(found.swapaxes(0, 1).reshape(batch, -1), mesh)


_jitted_option_log_likelihoods = jax.jit(option_log_likelihoods, static_argnames=("model", "mesh"))


def _chunks(batch: int, positions: int) -> int:
    """Into how many equal parts to cut `positions` so that each has few enough logits."""
    return next(
        parts
        for parts in range(1, positions + 1)
        if positions % parts == 0
        and (batch * positions // parts <= LOGITS_AT_ONCE or parts == positions)
    )


def _finish(
    batch: _Started, options: Sequence[Sequence[Sequence[int]]], scores: list[np.ndarray]
) -> int:
    """Writes the batch's scores to their places; returns how many inputs they are of."""
    log_likelihoods = np.asarray(batch.log_likelihoods).astype(np.float64)
    for row, index in enumerate(batch.indices):
        places = batch.rows.places[row]
        for number, option in enumerate(options[index]):
            place = places[tuple(map(int, option))]
            scores[index][number] = log_likelihoods[row, place].sum()
    return len(batch.indices)


def _check(inputs: Sequence[Sequence[int]], options: Sequence[Sequence[Sequence[int]]]) -> None:
    if len(inputs) != len(options):
        raise ValueError(
            f"{len(inputs)} inputs and {len(options)} lists of options: each input needs its own"
        )
    for index, (tokens, group) in enumerate(zip(inputs, options, strict=True)):
        if not len(tokens):
            raise ValueError(f"input {index} has no tokens; inputs end with EOS")
        for number, option in enumerate(group):
            if not len(option):
                raise ValueError(
                    f"option {number} of input {index} has no tokens; options end with EOS"
                )


def _tell(on_progress: Callable[[int], None] | None, done: int) -> None:
    if on_progress is not None:
        on_progress(done)
