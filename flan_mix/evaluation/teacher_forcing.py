"""How likely a model finds the targets themselves: loss and accuracy of the next token.

Cheaper than generating and defined for every task, metrics or none. The model is again a plain
function, over batches this time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flan_mix.data import Batch, TokenCache, evaluation_batches, spread_examples


@dataclass(frozen=True)
class TeacherForcing:
    """How targets are scored.

    measure: batches -> means over target tokens under T5X's names: `cross_ent_loss` (nats, without
        z-loss) and `accuracy` (0 to 1). `training.evaluate_batches` gives them.
    batch_size: rows of a batch.
    feature_lengths: {"inputs": tokens, "targets": tokens}; None takes each task's longest.
    """

    measure: Callable[[Iterator[Batch]], Mapping[str, float]]
    batch_size: int
    feature_lengths: Mapping[str, int] | None = None


def teacher_forced_scores(
    forcing: TeacherForcing, cache: TokenCache, limit: int
) -> dict[str, float]:
    """`loss` (nats per target token) and `token_accuracy` (0 to 100).

    Of `limit` examples, evenly spread.
    """
    batches = evaluation_batches(
        cache,
        batch_size=forcing.batch_size,
        feature_lengths=forcing.feature_lengths,
        examples=spread_examples(len(cache), limit),
    )
    means = forcing.measure(batch for batch, _ in batches)
    return {"loss": means["cross_ent_loss"], "token_accuracy": 100 * means["accuracy"]}
