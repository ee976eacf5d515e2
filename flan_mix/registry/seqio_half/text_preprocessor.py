"""The SeqIO preprocessor that turns rows of fields into inputs and targets text."""

from typing import Any

import seqio
import tensorflow as tf

from flan_mix.registry.seqio_half.ragged import from_dense
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates.tensor_rendering import TensorRenderer


class RenderText:
    """Renders every row of a dataset with the template drawn for it.

    The pass is the seed that SeqIO hands its map functions (`seqio.utils.map_seed_manager`), the
    same for every element, so that an example's text depends neither on shards nor on order; 0
    where SeqIO has none.
    """

    def __init__(self, spec: TaskSpec):
        self._renderer = TensorRenderer(
            tuple(spec.templates), spec.text_fields, tuple(spec.option_styles), spec.seed
        )

    def __call__(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """One by one, as SeqIO has them."""
        pass_index = _map_seed()

        @tf.autograph.experimental.do_not_convert
        def render(row: dict[str, Any]) -> dict[str, Any]:
            batch = {name: value[tf.newaxis] for name, value in row.items()}
            batch["options"] = from_dense(batch["options"])
            rendered = self._renderer(batch, pass_index=pass_index)
            return _without_fields(row) | {name: value[0] for name, value in rendered.items()}

        return dataset.map(render, num_parallel_calls=tf.data.AUTOTUNE)

    def render_batches(
        self, batches: tf.data.Dataset, *, seed: int, pass_index: int
    ) -> tf.data.Dataset:
        """The same for a dataset of ragged batches, with the run's seed beside the registered."""

        @tf.autograph.experimental.do_not_convert
        def render(rows: dict[str, Any]) -> dict[str, Any]:
            return _without_fields(rows) | self._renderer(rows, seed, pass_index)

        return batches.map(render, num_parallel_calls=tf.data.AUTOTUNE)


def _without_fields(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("texts", "training")}


def _map_seed() -> int:
    # SeqIO passes seeds on only as a random stream, one per element, which would tie the text to
    # order and shards; what it starts from is to be had nowhere else.
    return int(getattr(seqio.utils, "_NEXT_MAP_SEED", None) or 0)
