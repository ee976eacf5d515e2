"""Small tasks with real token caches, and models that are plain functions of text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flan_mix.data.cache_key import CacheKey
from flan_mix.data.cache_writer import write_cache
from flan_mix.data.token_cache import TokenCache
from flan_mix.evaluation import EvaluationTask
from flan_mix.metrics import Metric, accuracy
from flan_mix.vocabularies import ByteVocabulary

VOCABULARY = ByteVocabulary()


@dataclass(frozen=True)
class Row:
    """A rendered example."""

    id: str
    inputs: str
    targets: str
    references: tuple[str, ...] = ()
    template: int = 0
    options: tuple[str, ...] = ()
    answer: str | None = None
    tokens: Mapping[str, np.ndarray] | None = None
    option_style: str | None = None
    option: str | None = None
    exemplars: tuple[str, ...] = ()
    shot_style: str | None = None
    inputs_by_shots: tuple[str, ...] = ()

    def with_shots(self, shots: int) -> "Row":
        return self


@dataclass(frozen=True)
class Rows:
    """Rows as the cache writer reads them."""

    rows: Sequence[Row]

    def examples(self, skip: int) -> Iterator[Row]:
        return iter(self.rows[skip:])

    def total(self) -> int:
        return len(self.rows)

    def skipped(self) -> Mapping[str, int]:
        return {}

    def max_input_tokens(self) -> int | None:
        return None


def cache_of(
    directory: Path, rows: Sequence[Row], *, split: str = "validation", content: str = "v1"
) -> TokenCache:
    """A cache on disk, by the real writer."""
    key = CacheKey("made", split, content, VOCABULARY.fingerprint)
    return write_cache(key, Rows(rows), VOCABULARY, directory)


def task_of(
    directory: Path,
    rows: Sequence[Row],
    *,
    name: str = "made",
    category: str = "echoes",
    metrics: Sequence[Metric] = (accuracy,),
    postprocess: Callable[[str], str] | None = None,
    content: str = "v1",
) -> EvaluationTask:
    """A task over a cache of `rows`."""
    cache = cache_of(directory / name, rows, content=content)
    return EvaluationTask(name, category, cache, metrics, postprocess)


class TextModel:
    """Answers texts by a function; counts how many inputs it was asked."""

    def __init__(self, answer: Callable[[str], str]):
        self._answer = answer
        self.asked: list[str] = []

    def __call__(self, inputs: Sequence[Sequence[int]]) -> list[str]:
        texts = [VOCABULARY.decode(tokens) for tokens in inputs]
        self.asked += texts
        return [self._answer(text) for text in texts]


def numbered_rows(count: int) -> list[Row]:
    """Rows whose right answer is the input's number."""
    return [Row(f"id-{n}", f"say {n}", str(n)) for n in range(count)]


def last_word(text: str) -> str:
    """The right answer to `numbered_rows`."""
    return text.split()[-1]
