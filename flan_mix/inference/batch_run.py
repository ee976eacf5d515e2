"""One batch through its segments: what the host decides between them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flan_mix.inference import segments
from flan_mix.inference.answers import Answer, AnswerReader
from flan_mix.inference.decoding import FREE, Guides
from flan_mix.inference.length_buckets import bucket_length
from flan_mix.inference.placing import data_parts, place_rows
from flan_mix.inference.segments import Program, Report

STEPS_BETWEEN_STOPS = 16
"""How often texts are looked through for stop strings: each look waits for the device."""

SHORTEST_PROMPT = 8


@dataclasses.dataclass(frozen=True)
class Request:
    """An input: its number among all inputs, its tokens, and those its answers begin with."""

    number: int
    tokens: Sequence[int]
    prompt: Sequence[int] = ()


class BatchRun:
    """A batch that is being decoded; the first segment starts at once and is not waited for.

    `rows` inputs of `input_length` tokens are decoded; those beyond `requests` are padding.
    `params` are in the compute dtype.
    """

    def __init__(
        self,
        program: Program,
        params: Mapping[str, Any],
        reader: AnswerReader,
        requests: Sequence[Request],
        *,
        rows: int,
        input_length: int,
        seed: np.uint32,
    ):
        self._program, self._params, self._reader = program, params, reader
        self._requests: list[Request | None] = [*requests, *[None] * (rows - len(requests))]
        self._capacity = segments.next_capacity(0, program.max_length)
        self._guides = self._place_guides(seed)
        tokens, segment_ids = _encoder_rows(requests, rows, input_length)
        self._encoded, self._state, self._report = segments.begin(
            program,
            params,
            place_rows(tokens, program.mesh),
            place_rows(segment_ids, program.mesh),
            self._guides,
            np.int32(self._limit(0)),
            capacity=self._capacity,
        )

    def finish(self) -> dict[int, list[Answer]]:
        """Decodes to the end; the answers of each request by its number."""
        answers: dict[int, list[Answer]] = {}
        while True:
            report = segments.fetched(self._report)
            stopped = self._stopped(report)
            over = int(report.step) >= self._program.max_length
            for row, request in enumerate(self._requests):
                if request is not None and (over or (report.done | stopped)[row].all()):
                    answers[request.number] = self._reader.read(report, row, len(request.prompt))
                    self._requests[row] = None
            active = [row for row, request in enumerate(self._requests) if request is not None]
            if not active:
                return answers
            self._go_on(int(report.step), active, stopped)

    def _go_on(self, step: int, active: list[int], stopped: np.ndarray) -> None:
        """Starts the next segment, with room for it and without those who need none."""
        mesh = self._program.mesh
        # A new capacity is a new shape anyway, so that is when the batch may become smaller.
        if step == self._capacity:
            stopped = self._leave_finished(active, stopped)
            self._capacity = segments.next_capacity(self._capacity, self._program.max_length)
            self._state = segments.grown(self._state, capacity=self._capacity)
        left = np.array([request is None for request in self._requests])
        self._state, self._report = segments.resume(
            self._program,
            self._params,
            self._encoded,
            self._guides,
            self._state,
            place_rows(stopped | left[:, None], mesh),
            np.int32(self._limit(step)),
        )

    def _leave_finished(self, active: list[int], stopped: np.ndarray) -> np.ndarray:
        """Goes on with the active inputs alone where few are left; `stopped` of those who stay."""
        mesh = self._program.mesh
        rows = len(self._requests)
        size = segments.smaller_batch(len(active), rows, data_parts(mesh))
        if size == rows:
            return stopped
        places = np.array([*active, *[active[0]] * (size - len(active))], np.int32)
        self._encoded, self._guides, self._state = segments.kept(
            (self._encoded, self._guides, self._state), places, mesh=mesh
        )
        spare = [None] * (size - len(active))
        self._requests = [*(self._requests[row] for row in active), *spare]
        return stopped[places]

    def _limit(self, step: int) -> int:
        """The step at which the host wants to see the answers again."""
        stops = self._reader.decoding.stop and self._program.decoding.method != "beam"
        return min(self._capacity, step + STEPS_BETWEEN_STOPS if stops else self._capacity)

    def _stopped(self, report: Report) -> np.ndarray:
        rows = [
            self._reader.stopped(report, row, len(request.prompt))
            if request is not None
            else np.zeros(report.done.shape[1], bool)
            for row, request in enumerate(self._requests)
        ]
        return np.stack(rows)

    def _place_guides(self, seed: np.uint32) -> Guides:
        mesh, requests = self._program.mesh, self._requests
        numbers = np.array([0 if r is None else r.number for r in requests], np.int32)
        prompts = [() if r is None else r.prompt for r in requests]
        forced = None
        if longest := max(map(len, prompts)):
            forced = np.full((len(requests), bucket_length(longest, SHORTEST_PROMPT)), FREE)
            for row, prompt in enumerate(prompts):
                forced[row, : len(prompt)] = prompt
            forced = place_rows(forced.astype(np.int32), mesh)
        return Guides(seed, place_rows(numbers, mesh), forced)


def _encoder_rows(
    requests: Sequence[Request], rows: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and segment ids, int32 [rows, length]."""
    tokens = np.zeros((rows, length), np.int32)
    segment_ids = np.zeros_like(tokens)
    for row, request in enumerate(requests):
        tokens[row, : len(request.tokens)] = request.tokens
        segment_ids[row, : len(request.tokens)] = 1
    return tokens, segment_ids
