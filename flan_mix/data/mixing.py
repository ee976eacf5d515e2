"""Which example comes next: an endless, weighted, shuffled stream over the parts of a mixture.

The stream is cut into chunks of fixed nominal size. What is in chunk c is computed from c alone:
how many examples each part gives, which of its epochs they belong to, and in which order they
stand. So a run resumes anywhere without replaying what came before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flan_mix.data.shuffling import mix64, permute, shuffled, stable_key, unit_fraction

CHUNK_EXAMPLES = 4096


@dataclass(frozen=True)
class StreamPart:
    """A part of a mixture as the stream sees it.

    Attributes:
        name: the task; decides the part's order together with the seed, so that adding a task
            leaves the order inside the others as it was.
        sizes: number of examples in each rendering pass, as many passes as the other parts have;
            epoch e reads pass e mod len(sizes).
        rate: its weight; rates need not sum to one.
    """

    name: str
    sizes: tuple[int, ...]
    rate: float


@dataclass(frozen=True)
class Picks:
    """A stretch of the stream: parallel arrays [count].

    Attributes:
        part: int64, the number of the part.
        pass_index: int64, which of the part's rendering passes.
        example: int64, the example's index in that pass.
    """

    part: np.ndarray
    pass_index: np.ndarray
    example: np.ndarray

    def __len__(self) -> int:
        return len(self.part)

    def __getitem__(self, where: slice | np.ndarray) -> "Picks":
        return Picks(self.part[where], self.pass_index[where], self.example[where])


class ExampleStream:
    """The stream of a mixture; `chunk(c)` is its c-th stretch.

    After c chunks, part p has given floor(c * CHUNK_EXAMPLES * rate_p + u_p) examples with a
    fixed u_p in [0, 1): every rate is kept to within one example from the start to any point.
    """

    def __init__(self, parts: Sequence[StreamPart], *, seed: int = 0, shuffle: bool = True):
        """Raises ValueError where a part is empty or no rate is positive."""
        self._parts = [part for part in parts if part.rate > 0]
        self._numbers = np.array([i for i, part in enumerate(parts) if part.rate > 0], np.int64)
        _check_parts(parts, self._parts)
        self._seed = seed
        self._shuffle = shuffle
        rates = np.array([part.rate for part in self._parts], np.float64)
        self._rates = rates / rates.sum()
        self._keys = np.array(
            [stable_key("order", seed, part.name) for part in self._parts], np.uint64
        )
        self._phases = np.array(
            [unit_fraction(stable_key("phase", seed, part.name)) for part in self._parts]
        )
        # Where each pass ends in a lap through all passes, [parts, passes].
        self._ends = np.cumsum([part.sizes for part in self._parts], axis=1, dtype=np.int64)

    def chunk(self, number: int) -> Picks:
        """Stretch `number` (from 0) of the stream; about CHUNK_EXAMPLES examples."""
        first = self._given_before(number)
        counts = self._given_before(number + 1) - first
        part = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(part)) - np.repeat(np.cumsum(counts) - counts, counts)
        picks = self._locate(part, first[part] + within)
        return picks[self._order(number, part, within, counts)]

    def _given_before(self, chunk: int) -> np.ndarray:
        return np.floor(chunk * CHUNK_EXAMPLES * self._rates + self._phases).astype(np.int64)

    def _locate(self, part: np.ndarray, position: np.ndarray) -> Picks:
        """Finds the examples that stand at `position` of each part's own endless sequence."""
        ends = self._ends[part]
        passes = ends.shape[1]
        lap, rest = np.divmod(position, ends[:, -1])
        pass_index = (rest[:, None] >= ends[:, :-1]).sum(axis=1)
        starts = np.concatenate([np.zeros_like(ends[:, :1]), ends], axis=1)
        rows = np.arange(len(part))
        start = starts[rows, pass_index]
        example, size = rest - start, starts[rows, pass_index + 1] - start
        if self._shuffle:
            epoch = (lap * passes + pass_index).astype(np.uint64)
            example = permute(example, size, mix64(self._keys[part] ^ mix64(epoch)))
        return Picks(self._numbers[part], pass_index, example)

    def _order(
        self, number: int, part: np.ndarray, within: np.ndarray, counts: np.ndarray
    ) -> np.ndarray:
        """How parts interleave; each keeps its own order, so that its epochs stay whole."""
        if not self._shuffle:
            return np.argsort((within + 0.5) / counts[part], kind="stable")
        turns = part[shuffled(len(part), stable_key("turns", self._seed, number))]
        order = np.empty(len(part), np.int64)
        order[np.argsort(turns, kind="stable")] = np.arange(len(part))
        return order


def _check_parts(parts: Sequence[StreamPart], weighted: Sequence[StreamPart]) -> None:
    for part in weighted:
        if min(part.sizes) == 0:
            raise ValueError(
                f"task {part.name!r} has no examples to train on: "
                "check its filters and source, or take it out of the mixture"
            )
    if not weighted:
        names = ", ".join(repr(part.name) for part in parts) or "none"
        raise ValueError(f"no part of the mixture has a rate above 0 (parts: {names})")
