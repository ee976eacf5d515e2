"""How likely a model finds the targets themselves: loss and accuracy of the next token.

Cheaper than generating and defined for every task, metrics or none. The model is again a plain
function, over batches this time. Both figures are means over tokens: they are kept as sums of each
example, from which intervals and comparisons draw examples again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from flan_mix.data import Batch, TokenCache, evaluation_batches, spread_examples
from flan_mix.evaluation.bootstrap import CorpusSample
from flan_mix.evaluation.predictions import Prediction, TargetSums

LOSS, TOKEN_ACCURACY = "loss", "token_accuracy"


@dataclass(frozen=True)
class TeacherForcing:
    """How targets are scored.

    measure: batches -> the `TargetSums` of each of their examples, in order.
    batch_size: rows of a batch.
    feature_lengths: {"inputs": tokens, "targets": tokens}; None takes each task's longest.
    """

    measure: Callable[[Iterator[Batch]], Sequence[TargetSums]]
    batch_size: int
    feature_lengths: Mapping[str, int] | None = None


def with_target_sums(
    predictions: Sequence[Prediction], forcing: TeacherForcing, cache: TokenCache
) -> list[Prediction]:
    """The predictions of evenly spread examples of the cache with their `target_sums`.

    Raises ValueError where measuring loses examples.
    """
    batches = evaluation_batches(
        cache,
        batch_size=forcing.batch_size,
        feature_lengths=forcing.feature_lengths,
        examples=spread_examples(len(cache), len(predictions)),
    )
    measured = forcing.measure(batch for batch, _ in batches)
    if len(measured) != len(predictions):
        raise ValueError(
            f"{predictions[0].task}: {len(measured)} of {len(predictions)} examples were scored "
            "with their targets given: has one neither inputs nor targets?"
        )
    pairs = zip(predictions, measured, strict=True)
    return [replace(prediction, target_sums=sums) for prediction, sums in pairs]


def token_mean(key: str, predictions: Sequence[Prediction]) -> CorpusSample | None:
    """What `loss` or `token_accuracy` is drawn again from.

    None for another key, and where an example was not measured or none has a token.
    """
    sums = [p.target_sums for p in predictions if p.target_sums is not None]
    if key not in (LOSS, TOKEN_ACCURACY) or not sums or len(sums) < len(predictions):
        return None
    tokens = np.array([each.tokens for each in sums], np.float64)
    if not tokens.any():
        return None
    totals = [each.loss if key == LOSS else 100 * each.correct for each in sums]
    columns = np.stack([np.array(totals, np.float64), tokens], axis=1)

    def scores(weights: np.ndarray) -> np.ndarray:
        drawn = weights @ columns
        # A draw of nothing but empty targets has no mean.
        return drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9)

    return CorpusSample(len(sums), scores)
