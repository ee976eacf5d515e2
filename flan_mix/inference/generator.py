"""Answers for any number of inputs: batches by length, decodes, and gives answers back in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from flan_mix.inference.decoding import DecodeResult, greedy_decode
from flan_mix.inference.length_buckets import PlannedBatch, plan_batches
from flan_mix.models.t5 import Transformer

_jitted_greedy_decode = jax.jit(
    greedy_decode, static_argnames=("model", "max_decode_length", "eos_id")
)


@dataclasses.dataclass(frozen=True)
class Generator:
    """Greedy answers of one model and its parameters.

    `batch_size` rows are decoded at once, each up to `max_decode_length` tokens. With `mesh`, rows
    are divided over its axis "data", which must divide `batch_size` (else ValueError); `params`
    then lie on that mesh already.
    """

    model: Transformer
    params: Mapping[str, Any]
    batch_size: int
    max_decode_length: int
    eos_id: int = 1
    mesh: Mesh | None = None

    def __post_init__(self):
        for name in ("batch_size", "max_decode_length"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"Generator.{name} is {getattr(self, name)}; it must be at least 1"
                )
        if self.mesh is not None and self.batch_size % self.mesh.shape["data"]:
            raise ValueError(
                f"Generator.batch_size is {self.batch_size}, which the mesh's data axis of "
                f"{self.mesh.shape['data']} devices does not divide; choose a multiple of it"
            )

    def generate(
        self,
        inputs: Sequence[Sequence[int]],
        on_progress: Callable[[int], None] | None = None,
    ) -> list[list[int]]:
        """The answer to each input, in the order of the inputs.

        Inputs are token ids as the model was trained on them, so with their EOS. An answer ends
        with EOS, unless it was cut at `max_decode_length`. An empty input gets an empty answer.
        `on_progress` is told after each batch how many inputs are answered.
        """
        answers: list[list[int]] = [[] for _ in inputs]
        filled = [index for index, tokens in enumerate(inputs) if len(tokens)]
        answered = len(inputs) - len(filled)
        started: list[tuple[list[int], DecodeResult]] = []
        for planned in plan_batches([len(inputs[index]) for index in filled], self.batch_size):
            indices = [filled[index] for index in planned.indices]
            # One batch ahead of the one being fetched, so that the device does not wait.
            started.append((indices, self._start(inputs, indices, planned)))
            if len(started) > 1:
                answered += self._finish(*started.pop(0), answers)
                _tell(on_progress, answered)
        for batch in started:
            answered += self._finish(*batch, answers)
            _tell(on_progress, answered)
        return answers

    def _start(
        self, inputs: Sequence[Sequence[int]], indices: list[int], planned: PlannedBatch
    ) -> DecodeResult:
        tokens = np.zeros((self.batch_size, planned.length), np.int32)
        segment_ids = np.zeros_like(tokens)
        for row, index in enumerate(indices):
            tokens[row, : len(inputs[index])] = inputs[index]
            segment_ids[row, : len(inputs[index])] = 1
        return _jitted_greedy_decode(
            self.model,
            self.params,
            self._place(tokens),
            self._place(segment_ids),
            max_decode_length=self.max_decode_length,
            eos_id=self.eos_id,
        )

    def _place(self, array: np.ndarray) -> jax.Array | np.ndarray:
        if self.mesh is None:
            return array
        return jax.device_put(array, NamedSharding(self.mesh, PartitionSpec("data")))

    def _finish(self, indices: list[int], result: DecodeResult, answers: list[list[int]]) -> int:
        for index, row in zip(indices, np.asarray(result.tokens), strict=False):
            answers[index] = _up_to_eos(row, self.eos_id)
        return len(indices)


def _up_to_eos(row: np.ndarray, eos_id: int) -> list[int]:
    ends = np.flatnonzero(row == eos_id)
    return row[: ends[0] + 1 if len(ends) else len(row)].tolist()


def _tell(on_progress: Callable[[int], None] | None, answered: int) -> None:
    if on_progress is not None:
        on_progress(answered)
