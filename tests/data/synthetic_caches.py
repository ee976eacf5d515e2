"""Small token caches for tests, written by the real writer from made-up examples."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flan_mix.data.cache_key import CacheKey
from flan_mix.data.cache_writer import write_cache
from flan_mix.data.mixture_parts import CachePart, MixtureCache
from flan_mix.data.token_cache import TokenCache
from flan_mix.vocabularies import ByteVocabulary

EOS = 1
VOCABULARY = ByteVocabulary(extra_ids=65_000)


@dataclass(frozen=True)
class MadeExample:
    """What `registry.rendering.RenderedExample` has."""

    id: str
    inputs: str = ""
    targets: str = ""
    template: int = 0
    references: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    answer: str | None = None
    tokens: Mapping[str, np.ndarray] | None = None
    option_style: str | None = None
    option: str | None = None
    exemplars: tuple[str, ...] = ()
    shot_style: str | None = None
    inputs_by_shots: tuple[str, ...] = ()

    def with_shots(self, shots: int) -> "MadeExample":
        return replace(
            self,
            inputs=self.inputs_by_shots[shots],
            inputs_by_shots=self.inputs_by_shots[: shots + 1],
            exemplars=self.exemplars[:shots],
        )


class ListSource:
    """Gives examples out of a list; can be told to fail after some of them."""

    def __init__(
        self,
        examples: Sequence[MadeExample],
        fail_at: int | None = None,
        max_input_tokens: int | None = None,
    ):
        self._examples = examples
        self._fail_at = fail_at
        self._max_input_tokens = max_input_tokens

    def examples(self, skip: int) -> Iterator[MadeExample]:
        for number, example in enumerate(self._examples):
            if number == self._fail_at:
                raise KeyboardInterrupt
            if number >= skip:
                yield example

    def skipped(self) -> dict[str, int]:
        return {}

    def max_input_tokens(self) -> int | None:
        return self._max_input_tokens

    def total(self) -> int:
        return len(self._examples)


def key(task: str, *, split: str = "train", content: str = "v1", pass_index: int = 0) -> CacheKey:
    return CacheKey(task, split, content, VOCABULARY.fingerprint, pass_index)


def numbered_example(number: int, inputs: int, targets: int) -> MadeExample:
    """An example of given lengths, EOS included, all of whose other ids are `number`."""
    ids = {
        "inputs": np.array([number] * (inputs - 1) + [EOS], np.int64),
        "targets": np.array([number] * (targets - 1) + [EOS], np.int64),
    }
    return MadeExample(id=f"example-{number}", template=number % 3, tokens=ids)


def numbered_cache(
    directory: Path,
    task: str,
    lengths: Sequence[tuple[int, int]],
    *,
    first: int = 2,
    pass_index: int = 0,
) -> TokenCache:
    """Example i has the given (inputs, targets) lengths and is made of the id first + i."""
    examples = [numbered_example(first + i, *pair) for i, pair in enumerate(lengths)]
    cache_key = key(task, content=f"{lengths}{first}", pass_index=pass_index)
    return write_cache(cache_key, ListSource(examples), VOCABULARY, directory)


def random_lengths(count: int, seed: int, longest: tuple[int, int]) -> list[tuple[int, int]]:
    """(inputs, targets) lengths, each at least 2, skewed to short ones."""
    random = np.random.default_rng(seed)
    skewed = random.random((count, 2)) ** 2
    return [
        tuple(2 + int(s * (m - 2)) for s, m in zip(row, longest, strict=True)) for row in skewed
    ]


def mixture(parts: Mapping[str, tuple[float, Sequence[TokenCache]]]) -> MixtureCache:
    """A mixture from task -> (rate, one cache for each rendering pass)."""
    return MixtureCache(
        name="made",
        split="train",
        parts=tuple(CachePart(task, rate, tuple(c)) for task, (rate, c) in parts.items()),
        vocabulary_fingerprint=VOCABULARY.fingerprint,
        eos_id=EOS,
    )


def numbers_in(batch: Mapping[str, np.ndarray]) -> list[int]:
    """The `first + i` of every example in a batch of numbered examples, row by row."""
    tokens, positions = batch["encoder_input_tokens"], batch["encoder_positions"]
    starts = (positions == 0) & (batch["encoder_segment_ids"] > 0)
    return tokens[starts].tolist()
