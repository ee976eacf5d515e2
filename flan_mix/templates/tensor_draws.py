"""Draws for string tensors of ids: TensorFlow has the hash of `draw` as an operation."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from flan_mix.templates.draw import RANKS, Draw


@dataclass(frozen=True)
class TensorDraw:
    """A draw for tensors: what `Draw` gives for each id."""

    draw: Draw

    def index(self, ids: Any, count: int) -> Any:
        """`Draw.index`: int64 of the shape of `ids`."""
        import tensorflow as tf

        messages = tf.strings.join([self.draw.prefix, ids])
        return tf.strings.to_hash_bucket_strong(messages, count, key=list(self.draw.key))

    def turn(self, ids: Any, count: int) -> Any:
        """`Draw.turn`: int64 of the shape of `ids`."""
        first = dataclasses.replace(self.draw, pass_index=0)
        return (TensorDraw(first).index(ids, count) + self.draw.pass_index % count) % count

    def rank(self, ids: Any) -> Any:
        """`Draw.rank`: int64 of the shape of `ids`."""
        return self.index(ids, RANKS)


@dataclass(frozen=True)
class Drawer:
    """All draws under the seeds and the pass of one rendering, by purpose."""

    registered_seed: int = 0
    seed: int = 0
    pass_index: int = 0

    def __call__(self, purpose: str) -> TensorDraw:
        """The draw for one purpose."""
        return TensorDraw(Draw(purpose, self.registered_seed, self.seed, self.pass_index))
