"""Token caches of made-up tasks, to measure the loader on as many tasks as one likes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flan_mix.data import CachePart, MixtureCache
from flan_mix.data.cache_key import CacheKey
from flan_mix.data.cache_writer import write_cache
from flan_mix.vocabularies import ByteVocabulary, Vocabulary


@dataclass(frozen=True)
class MadeExample:
    """An example that brings its token ids."""

    id: str
    tokens: dict[str, np.ndarray]
    template: int = -1
    inputs: str = ""
    targets: str = ""
    references: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    answer: str | None = None
    option_style: str | None = None
    option: str | None = None
    exemplars: tuple[str, ...] = ()
    shot_style: str | None = None
    inputs_by_shots: tuple[str, ...] = ()

    def with_shots(self, shots: int) -> "MadeExample":
        """There are no exemplars to leave out."""
        return self


@dataclass(frozen=True)
class MadeTask:
    """Log-normal lengths around the given medians, random ids."""

    name: str
    count: int
    median_inputs: int
    median_targets: int
    seed: int

    def examples(self, skip: int) -> Iterator[MadeExample]:
        """All examples but the first `skip`."""
        random = np.random.default_rng(self.seed)
        inputs = self._lengths(random, self.median_inputs)
        targets = self._lengths(random, self.median_targets)
        ids = random.integers(3, 32_000, 4096)
        for i in range(skip, self.count):
            tokens = {"inputs": ids[: inputs[i]], "targets": ids[: targets[i]]}
            yield MadeExample(id=str(i), tokens=tokens)

    def skipped(self) -> dict[str, int]:
        """Nothing is left out."""
        return {}

    def max_input_tokens(self) -> int | None:
        """No limit."""
        return None

    def total(self) -> int:
        """How many examples there are."""
        return self.count

    def _lengths(self, random: np.random.Generator, median: int) -> np.ndarray:
        lengths = random.lognormal(np.log(median), 0.6, self.count)
        return np.clip(lengths, 2, 4096).astype(int)


def made_mixture(
    cache_dir: Path, *, tasks: int, examples: int, median_inputs: int, median_targets: int
) -> MixtureCache:
    """A mixture of `tasks` tasks with uneven rates, `examples` in all; caches are reused."""
    vocabulary = ByteVocabulary(extra_ids=32_000)
    count = max(1, examples // tasks)
    parts = []
    for number in range(tasks):
        name = f"made_{count}_{median_inputs}_{median_targets}_{number}"
        task = MadeTask(name, count, median_inputs, median_targets, seed=number)
        parts.append(_part(task, vocabulary, cache_dir, rate=1.0 + number % 7))
    return MixtureCache("made", "train", tuple(parts), vocabulary.fingerprint, vocabulary.eos_id)


def _part(task: MadeTask, vocabulary: Vocabulary, cache_dir: Path, rate: float) -> CachePart:
    key = CacheKey(task.name, "train", repr(task), vocabulary.fingerprint)
    return CachePart(task.name, rate, (write_cache(key, task, vocabulary, cache_dir),))
