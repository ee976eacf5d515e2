"""A model's answers to, and scores of, the datasets that SeqIO's evaluator hands out.

Such a dataset holds one example a row in the features of `seqio.EncDecFeatureConverter`, each with
its number. It is read in parts of many batches, so that answers are decoded by length.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from flan_mix.inference import score_rows
from flan_mix.models import Transformer
from flan_mix.training import Partitioner

Features = Mapping[str, np.ndarray]
Predict = Callable[[Features], tuple[np.ndarray, Mapping[str, np.ndarray]]]
"""Features of any number of rows -> answers [rows, …] and further values of each."""

BATCHES_AT_ONCE = 64


@dataclass(frozen=True)
class DatasetModel:
    """What SeqIO's evaluator asks of a model. On several processes all call alike."""

    predict: Predict
    score: Callable[[Features], np.ndarray]
    batch_size: int

    def predictions(self, dataset: Iterable[Any]) -> list[tuple[int, list[int]]]:
        """(number, tokens) of each example."""
        return self.predictions_with_aux(dataset)[0]

    def predictions_with_aux(
        self, dataset: Iterable[Any]
    ) -> tuple[list[tuple[int, list[int]]], dict[str, list[Any]]]:
        """(number, tokens) of each example, and what else the decoder says of it, in order."""
        found: list[tuple[int, list[int]]] = []
        further: dict[str, list[Any]] = {}
        for numbers, features in _parts(dataset, self.batch_size * BATCHES_AT_ONCE):
            answers, values = self.predict(features)
            found += zip(numbers, answers.tolist(), strict=True)
            for name, column in values.items():
                further.setdefault(name, []).extend(column.tolist())
        return found, further

    def scores(self, dataset: Iterable[Any]) -> list[tuple[int, float]]:
        """(number, log-likelihood of the targets) of each example."""
        found: list[tuple[int, float]] = []
        for numbers, features in _parts(dataset, self.batch_size):
            found += zip(numbers, self.score(features).tolist(), strict=True)
        return found


def row_scorer(
    module: Transformer, partitioner: Partitioner, batch_size: int
) -> Callable[[Any, Features], np.ndarray]:
    """(parameters, features of up to `batch_size` rows, with segment ids) -> log-likelihoods."""

    def score(params: Any, batch: Any) -> jax.Array:
        with partitioner.activation_rules():
            return score_rows(module, params, batch)

    jitted = jax.jit(score, out_shardings=partitioner.replicated)
    layout = partitioner.data_layout(batch_size)
    first = layout.shard_index * layout.local_batch_size
    own = slice(first, first + layout.local_batch_size)

    def scored(params: Any, features: Features) -> np.ndarray:
        rows = len(next(iter(features.values())))
        full = {name: _filled_up(array, batch_size) for name, array in features.items()}
        placed = partitioner.shard_batch({name: array[own] for name, array in full.items()})
        return np.asarray(jax.device_get(jitted(params, placed)))[:rows]

    return scored


def _filled_up(array: np.ndarray, rows: int) -> np.ndarray:
    return np.pad(array, [(0, rows - len(array)), *[(0, 0)] * (array.ndim - 1)])


def _parts(dataset: Iterable[Any], rows: int) -> Iterator[tuple[list[int], dict[str, np.ndarray]]]:
    """The numbered rows of a dataset, `rows` together."""
    numbers: list[int] = []
    examples: list[Mapping[str, np.ndarray]] = []
    iterator = getattr(dataset, "as_numpy_iterator", dataset.__iter__)
    for number, example in iterator():
        numbers.append(int(number))
        examples.append(example)
        if len(numbers) == rows:
            yield numbers, _stacked(examples)
            numbers, examples = [], []
    if numbers:
        yield numbers, _stacked(examples)


def _stacked(examples: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    names = [name for name, value in examples[0].items() if np.asarray(value).ndim]
    return {name: np.stack([np.asarray(example[name]) for example in examples]) for name in names}
