"""Answers for any number of inputs: batches by length, decodes, and gives answers back in order."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from flan_mix.inference.answers import Answer, AnswerReader
from flan_mix.inference.batch_run import BatchRun, Request
from flan_mix.inference.length_buckets import plan_batches
from flan_mix.inference.placing import check_rows
from flan_mix.inference.segments import Program
from flan_mix.inference.settings import Decoding
from flan_mix.models.parameters import in_compute_dtype
from flan_mix.models.t5 import Transformer
from flan_mix.vocabularies import Vocabulary


@dataclasses.dataclass(frozen=True)
class Generator:
    """Answers of one model and its parameters, decoded as `decoding` says.

    `batch_size` inputs are decoded at once, each answer up to `max_decode_length` tokens, prompt
    included. With `mesh`, inputs are divided over its axis "data", which must divide `batch_size`
    (else ValueError); `params` then lie on that mesh already. On several processes all call it
    with the same arguments and all get every answer. `vocabulary` gives answers their text; a
    prompt and stop strings need it (else ValueError).
    """

    model: Transformer
    params: Mapping[str, Any]
    batch_size: int
    max_decode_length: int
    eos_id: int = 1
    mesh: Mesh | None = None
    decoding: Decoding = dataclasses.field(default_factory=Decoding)
    vocabulary: Vocabulary | None = None

    def __post_init__(self):
        check_rows("Generator.batch_size", self.batch_size, self.mesh)
        if self.max_decode_length < 1:
            raise ValueError(
                f"Generator.max_decode_length is {self.max_decode_length}; it must be at least 1"
            )
        if self.decoding.needs_text and self.vocabulary is None:
            raise ValueError(
                "Decoding.prompt and Decoding.stop are texts, so Generator.vocabulary is needed"
            )

    def generate(
        self,
        inputs: Sequence[Sequence[int]],
        on_progress: Callable[[int], None] | None = None,
        prompts: Sequence[Sequence[int]] | None = None,
    ) -> list[list[int]]:
        """The tokens of the best answer to each input; see `answer`."""
        found = self.answer(inputs, on_progress, prompts)
        return [answers[0].tokens if answers else [] for answers in found]

    def answer(
        self,
        inputs: Sequence[Sequence[int]],
        on_progress: Callable[[int], None] | None = None,
        prompts: Sequence[Sequence[int]] | None = None,
    ) -> list[list[Answer]]:
        """Up to `decoding.num_return` answers to each input, best first, in the order of inputs.

        Inputs are token ids as the model was trained on them, so with their EOS. An answer ends
        with EOS, unless it was cut at `max_decode_length` or by a stop string. An empty input gets
        no answer. `prompts` are the first tokens of each input's answers, without EOS, in place
        of `decoding.prompt`. `on_progress` is told after each batch how many inputs are answered.

        Raises ValueError, naming the input, for prompts that leave no room or hold EOS.
        """
        forced = self._forced(inputs, prompts)
        answers: list[list[Answer]] = [[] for _ in inputs]
        filled = [index for index, tokens in enumerate(inputs) if len(tokens)]
        answered = len(inputs) - len(filled)
        started: list[BatchRun] = []

        def finish(run: BatchRun) -> None:
            nonlocal answered
            found = run.finish()
            for index, of_input in found.items():
                answers[index] = of_input
            answered += len(found)
            if on_progress is not None:
                on_progress(answered)

        for planned in plan_batches([len(inputs[index]) for index in filled], self.batch_size):
            indices = [filled[place] for place in planned.indices]
            requests = [Request(index, inputs[index], forced[index]) for index in indices]
            # One batch ahead of the one being fetched, so that the device does not wait.
            started.append(self._start(requests, planned.length))
            if len(started) > 1:
                finish(started.pop(0))
        for run in started:
            finish(run)
        return answers

    def _start(self, requests: list[Request], length: int) -> BatchRun:
        return BatchRun(
            Program(
                self.model,
                self.decoding.compiled(),
                self.eos_id,
                self.max_decode_length,
                self.mesh,
            ),
            self._compute_params,
            AnswerReader(self.decoding, self.eos_id, self.vocabulary),
            requests,
            rows=self.batch_size,
            input_length=length,
            # The lower 32 bits, as in jax.random.key; an int beyond them is no argument to jit.
            seed=np.uint32(int(self.decoding.seed or 0) & 0xFFFFFFFF),
        )

    @functools.cached_property
    def _compute_params(self) -> Mapping[str, Any]:
        """The parameters as decoding needs them: themselves, or made once for all batches."""
        config = self.model.config
        if config.dtype == "float32" and not config.scan_layers:
            return self.params
        return jax.jit(in_compute_dtype, static_argnums=0)(config, self.params)

    def _forced(
        self, inputs: Sequence[Sequence[int]], prompts: Sequence[Sequence[int]] | None
    ) -> list[list[int]]:
        if prompts is None:
            prompt = self.vocabulary.encode(self.decoding.prompt) if self.vocabulary else []
            prompts = [prompt if self.decoding.prompt else []] * len(inputs)
        if len(prompts) != len(inputs):
            raise ValueError(f"{len(prompts)} prompts for {len(inputs)} inputs: each needs one")
        for index, prompt in enumerate(prompts):
            if len(prompt) >= self.max_decode_length:
                raise ValueError(
                    f"the prompt of input {index} has {len(prompt)} tokens, which leaves none of "
                    f"max_decode_length {self.max_decode_length} to predict"
                )
            if self.eos_id in np.asarray(prompt, np.int64):
                raise ValueError(f"the prompt of input {index} holds EOS ({self.eos_id})")
        return [list(map(int, prompt)) for prompt in prompts]
