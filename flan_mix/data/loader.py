"""The training input: an endless iterator of batches over a mixture's token caches.

What global batch k holds depends on mixture, lengths, batch size, packing, seed and k alone. It
is planned by every host from lengths; each host then fetches the tokens of its own rows.
"""

from collections.abc import Mapping

from flan_mix.data.batches import Batch, FlatTokens, assemble_batch
from flan_mix.data.mixing import ExampleStream, StreamPart
from flan_mix.data.mixture_parts import MixtureCache
from flan_mix.data.planning import Block, BlockPlanner, StreamPosition
from flan_mix.data.token_cache import FEATURES
from flan_mix.data.token_lookup import TokenLookup

# Rows planned together: denser packing the more there are, a longer wait for the first batch.
BLOCK_ROWS = 1024


class TrainLoader:
    """Iterates over batches; `state()` and `restore()` make it go on where it was."""

    def __init__(
        self,
        mixture: MixtureCache,
        *,
        feature_lengths: Mapping[str, int],
        batch_size: int,
        pack: bool = True,
        shuffle: bool = True,
        seed: int = 0,
        host_index: int = 0,
        host_count: int = 1,
    ):
        """Prepares to yield batches of `batch_size` rows, of which this host gets its share.

        Args:
            mixture: the token caches and their rates.
            feature_lengths: {"inputs": tokens, "targets": tokens} of a row.
            batch_size: rows of the global batch, a multiple of `host_count`.
            pack: several examples to a row; else one.
            shuffle: examples in a new order each epoch; else in the order of the caches.
            seed: decides the order and how parts interleave.
            host_index, host_count: host h of n gets the h-th n-th of the rows.

        Raises:
            ValueError: lengths or hosts do not fit, or the mixture has nothing to read.
        """
        _check_lengths(feature_lengths)
        self._host_rows = _host_rows(batch_size, host_index, host_count)
        self._feature_lengths = {name: int(feature_lengths[name]) for name in FEATURES}
        self._lookup = TokenLookup([part.passes for part in mixture.parts], eos_id=mixture.eos_id)
        self._planner = BlockPlanner(
            ExampleStream(_stream_parts(mixture), seed=seed, shuffle=shuffle),
            self._lookup,
            self._feature_lengths,
            rows=batch_size * max(1, BLOCK_ROWS // batch_size),
            packed=pack,
            shuffle=shuffle,
            seed=seed,
        )
        self._batch_size = batch_size
        self._settings = {
            "mixture": mixture.name,
            "contents": mixture.fingerprint,
            "feature_lengths": self._feature_lengths,
            "batch_size": batch_size,
            "pack": pack,
            "shuffle": shuffle,
            "seed": seed,
        }
        self._start = StreamPosition(chunk=0, offset=0)
        self._block: Block | None = None
        self._next_row = 0
        self._batches = 0

    def __iter__(self) -> "TrainLoader":
        return self

    def __next__(self) -> Batch:
        block = self._current_block()
        first = self._next_row + self._host_rows.start
        batch = self._assemble(block, first, first + len(self._host_rows))
        self._next_row += self._batch_size
        self._batches += 1
        if self._next_row == len(block.row_splits) - 1:
            self._start, self._block, self._next_row = block.end, None, 0
        return batch

    def state(self) -> dict:
        """Where the loader stands after the last batch it gave: a small dict that JSON can hold.

        The same on every host, and good for any number of hosts.
        """
        return {
            "batches": self._batches,
            "chunk": self._start.chunk,
            "offset": self._start.offset,
            "row": self._next_row,
            "settings": self._settings,
        }

    def restore(self, state: Mapping) -> None:
        """Goes on after the batch at which `state()` was taken.

        Raises ValueError naming what differs, if the state belongs to other settings or data.
        """
        saved = dict(state["settings"])
        differing = [
            f"{name} was {saved.get(name)!r} and is {value!r}"
            for name, value in self._settings.items()
            if saved.get(name) != value
        ]
        if differing:
            raise ValueError(
                "the saved place in the data does not fit this run: "
                + "; ".join(differing)
                + ". Restore the old settings, or start a new run from the checkpoint's parameters"
            )
        self._batches = int(state["batches"])
        self._start = StreamPosition(int(state["chunk"]), int(state["offset"]))
        self._block, self._next_row = None, int(state["row"])

    def _current_block(self) -> Block:
        if self._block is None:
            self._block = self._planner.plan(self._start)
        return self._block

    def _assemble(self, block: Block, first_row: int, end_row: int) -> Batch:
        splits = block.row_splits[first_row : end_row + 1]
        spans = block.spans[splits[0] : splits[-1]]
        flat = {
            name: FlatTokens(*self._lookup.fetch(spans, name, self._feature_lengths[name]))
            for name in FEATURES
        }
        return assemble_batch(
            flat["inputs"], flat["targets"], splits - splits[0], self._feature_lengths
        )


def _stream_parts(mixture: MixtureCache) -> list[StreamPart]:
    return [
        StreamPart(part.task, tuple(len(cache) for cache in part.passes), part.rate)
        for part in mixture.parts
    ]


def _check_lengths(feature_lengths: Mapping[str, int]) -> None:
    for name in FEATURES:
        if int(feature_lengths.get(name, 0)) < 1:
            raise ValueError(
                f"feature length of {name!r} must be at least 1, got {dict(feature_lengths)}: "
                "give both, as in {'inputs': 512, 'targets': 128}"
            )


def _host_rows(batch_size: int, host_index: int, host_count: int) -> range:
    """The rows of a global batch that a host reads."""
    if batch_size < host_count:
        raise ValueError(
            f"batch_size {batch_size} gives {host_count} hosts less than a row each: "
            "raise it or use fewer hosts"
        )
    if batch_size % host_count:
        raise ValueError(f"batch_size {batch_size} is not a multiple of {host_count} hosts")
    if not 0 <= host_index < host_count:
        raise ValueError(f"host_index {host_index} is not among {host_count} hosts")
    rows = batch_size // host_count
    return range(host_index * rows, (host_index + 1) * rows)
