"""The SeqIO preprocessor that turns rows of fields into inputs and targets text."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import seqio
import tensorflow as tf

from flan_mix.registry.seqio_half.exemplar_pool import exemplar_pool
from flan_mix.registry.seqio_half.ragged import LISTS, from_dense, from_lengths
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates.tensor_few_shot import ExemplarPool, first_shots
from flan_mix.templates.tensor_rendering import TensorRenderer


class RenderText:
    """Renders every row of a dataset with the template drawn for it.

    The pass is the seed that SeqIO hands its map functions (`seqio.utils.map_seed_manager`), the
    same for every element, so that an example's text depends neither on shards nor on order; 0
    where SeqIO has none.
    """

    def __init__(self, spec: TaskSpec, source: seqio.DataSource):
        self._spec = spec
        self._source = source

    @cached_property
    def _renderer(self) -> TensorRenderer:
        # When rows come, not before: most of the tasks that are registered are never read.
        spec = self._spec
        return TensorRenderer(
            tuple(spec.templates),
            spec.text_fields,
            tuple(spec.option_styles),
            spec.seed,
            drawn=spec.drawn,
            few_shot=spec.few_shot if spec.is_few_shot else None,
            shot_styles=tuple(spec.shot_styles),
            turn_step=spec.turn_step,
        )

    def __call__(
        self,
        dataset: tf.data.Dataset,
        sequence_length: Mapping[str, int] | None = None,
        output_features: Mapping[str, Any] | None = None,
    ) -> tf.data.Dataset:
        """One by one, as SeqIO has them; a rank variant gives an element for each option.

        sequence_length, output_features: what a few-shot prompt has to fit into, and how its
        tokens are counted; as many exemplars as were drawn where they are not given.
        """
        pass_index = _map_seed()
        if self._spec.is_ranked:
            return self._ranked(dataset, pass_index)
        pool = self.pool()
        budget = self.budget(sequence_length)
        vocabulary = output_features["inputs"].vocabulary if output_features else None

        @tf.autograph.experimental.do_not_convert
        def render(row: dict[str, Any]) -> dict[str, Any]:
            rendered = self._rendered(_as_batch(row), 0, pass_index, pool)
            one = {name: value[0] for name, value in rendered.items()}
            if pool is not None and budget is not None and vocabulary is not None:
                one |= _fitting(one, vocabulary, budget)
            one.pop("inputs_by_shots", None)
            return one

        return dataset.map(render, num_parallel_calls=tf.data.AUTOTUNE)

    def render_batches(
        self,
        batches: tf.data.Dataset,
        *,
        seed: int,
        pass_index: int,
        train_batches: tf.data.Dataset | None = None,
    ) -> tf.data.Dataset:
        """The same for a dataset of ragged batches, with the run's seed beside the registered.

        Few-shot rows keep `inputs_by_shots`, so that the caller can count tokens; rank variants
        have a row for each option. train_batches: the rows for exemplars, if not the source's own.
        """
        pool = self.pool(train_batches)

        @tf.autograph.experimental.do_not_convert
        def render(rows: dict[str, Any]) -> dict[str, Any]:
            if self._spec.is_ranked:
                return self._rank(rows, seed, pass_index)
            return self._rendered(rows, seed, pass_index, pool)

        return batches.map(render, num_parallel_calls=tf.data.AUTOTUNE)

    def budget(self, sequence_length: Mapping[str, int] | None) -> int | None:
        """Tokens that a few-shot prompt may have, EOS included; None where nothing says so."""
        limits = [self._spec.few_shot.max_input_tokens, (sequence_length or {}).get("inputs")]
        return min((limit for limit in limits if limit is not None), default=None)

    def pool(self, train_batches: tf.data.Dataset | None = None) -> ExemplarPool | None:
        """The exemplars to draw from; None for variants without, or where there are no rows."""
        if not self._spec.is_few_shot:
            return None
        pool = exemplar_pool(self._spec, self._source, self._renderer, train_batches)
        return pool if pool.size else None

    def _rendered(
        self, rows: dict[str, Any], seed: int, pass_index: int, pool: ExemplarPool | None
    ) -> dict[str, Any]:
        rendered = self._renderer(rows, seed, pass_index, pool)
        # References are right answers to the task, in full.
        references = _only_where(rendered.pop("is_answer"), rows["references"])
        return _without_fields(rows) | {"references": references} | rendered

    def _rank(self, rows: dict[str, Any], seed: int, pass_index: int) -> dict[str, Any]:
        """A row for each option: those of `_rendered`, with option (its text) and is_correct."""
        rendered = self._renderer.rank(rows, seed, pass_index)
        row, number = rendered.pop("row"), rendered.pop("option")
        del rendered["is_answer"]
        kept = {name: tf.gather(value, row) for name, value in _without_fields(rows).items()}
        kept["id"] = tf.strings.join([kept["id"], "#", tf.strings.as_string(number)])
        return kept | {"option": rows["options"].flat_values} | rendered

    def _ranked(self, dataset: tf.data.Dataset, pass_index: int) -> tf.data.Dataset:
        @tf.autograph.experimental.do_not_convert
        def options_of(row: dict[str, Any]) -> tf.data.Dataset:
            ranked = self._rank(_as_batch(row), 0, pass_index)
            # The lists are the row's own, the same for each option, and so of one length.
            lists = {name: ranked[name].to_tensor() for name in LISTS if name in ranked}
            examples: Any = ranked | lists
            return tf.data.Dataset.from_tensor_slices(examples)

        return dataset.flat_map(options_of)


def _as_batch(row: dict[str, Any]) -> dict[str, Any]:
    batch = {name: value[tf.newaxis] for name, value in row.items()}
    return batch | {name: from_dense(batch[name]) for name in LISTS}


def _only_where(kept: Any, lists: Any) -> Any:
    """Ragged lists, emptied where `kept` is not so."""
    lengths = lists.row_lengths()
    flat = tf.boolean_mask(lists.flat_values, tf.repeat(kept, lengths))
    return from_lengths(flat, tf.where(kept, lengths, 0))


def _fitting(row: dict[str, Any], vocabulary: seqio.Vocabulary, budget: int) -> dict[str, Any]:
    """The prompt with as many of the drawn exemplars as fit."""
    prompts = row["inputs_by_shots"]
    tokens = [tf.size(vocabulary.encode_tf(prompt)) for prompt in tf.unstack(prompts)]
    number = tf.range(len(tokens), dtype=tf.int64)
    fits = (tf.stack(tokens) + 1 <= budget) & (number <= row["shots"])
    shots = tf.reduce_max(tf.where(fits, number, 0))
    exemplars = first_shots(row["exemplars"][tf.newaxis], shots[tf.newaxis])[0]
    return {"inputs": prompts[shots], "shots": shots, "exemplars": exemplars}


def _without_fields(row: dict[str, Any]) -> dict[str, Any]:
    hidden = ("texts", "training", "turns", "speakers")
    return {name: value for name, value in row.items() if name not in hidden}


def _map_seed() -> int:
    # SeqIO passes seeds on only as a random stream, one per element, which would tie the text to
    # order and shards; what it starts from is to be had nowhere else.
    return int(getattr(seqio.utils, "_NEXT_MAP_SEED", None) or 0)
