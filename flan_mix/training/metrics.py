"""The numbers of a training step, and their names in logs: T5X's.

Steps return sums as device scalars (`StepMetrics`); the loop fetches them one step late and
`summarize` turns those between two log lines, with the seconds they took, into named metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import flax.struct
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxtyping import Array


@flax.struct.dataclass
class BatchCounts:
    """How full a batch is; int32 scalars.

    rows; *_positions: rows x length; *_tokens: positions inside segments; *_segments: examples.
    """

    rows: Any
    encoder_positions: Any
    encoder_tokens: Any
    encoder_segments: Any
    decoder_positions: Any
    decoder_tokens: Any
    decoder_segments: Any


@flax.struct.dataclass
class StepMetrics:
    """What one train step reports; scalars.

    loss (with z_loss in it) and z_loss are sums over the batch divided by the loss normalizing
    factor; token_loss, correct and weights are plain sums over target positions, each counted by
    its loss weight; gradient_norm is over all parameters, before any clipping. further: other
    named scalars, whose means are logged.
    """

    loss: Any
    z_loss: Any
    token_loss: Any
    correct: Any
    weights: Any
    learning_rate: Any
    gradient_norm: Any
    counts: BatchCounts
    further: Any = flax.struct.field(default_factory=dict)


def count_batch(batch: Mapping[str, Array]) -> BatchCounts:
    """Counts rows, positions, tokens and examples by the segment ids of a batch."""
    encoder, decoder = batch["encoder_segment_ids"], batch["decoder_segment_ids"]
    return BatchCounts(
        rows=jnp.int32(decoder.shape[0]),
        encoder_positions=jnp.int32(encoder.size),
        encoder_tokens=jnp.sum(encoder > 0, dtype=jnp.int32),
        encoder_segments=jnp.sum(jnp.max(encoder, axis=1), dtype=jnp.int32),
        decoder_positions=jnp.int32(decoder.size),
        decoder_tokens=jnp.sum(decoder > 0, dtype=jnp.int32),
        decoder_segments=jnp.sum(jnp.max(decoder, axis=1), dtype=jnp.int32),
    )


def summarize(
    steps: Sequence[StepMetrics], seconds: float, device_count: int = 1
) -> dict[str, float]:
    """Named metrics over some steps (fetched to the host) that together took `seconds`.

    T5X's names and meanings. Beside them: token_loss is the mean loss of a real target token
    whatever the normalizing factor, timing/examples_per_second counts examples where T5X's
    seqs are rows (a packed row holds several), timing/non_padding_tokens_per_second counts inputs
    and targets without padding.
    """
    metrics = (
        _loss_metrics(steps) | _fullness_metrics(steps) | _timing(steps, seconds, device_count)
    )
    metrics["learning_rate"] = _total(steps, "learning_rate") / len(steps)
    metrics["learning_rate/current"] = float(steps[-1].learning_rate)
    metrics["weight_gradient_norm"] = float(steps[-1].gradient_norm)
    for name in steps[0].further:
        metrics[name] = sum(float(step.further[name]) for step in steps) / len(steps)
    return metrics


def _loss_metrics(steps: Sequence[StepMetrics]) -> dict[str, float]:
    loss, z_loss = _total(steps, "loss"), _total(steps, "z_loss")
    weights, positions = _total(steps, "weights"), _count(steps, "decoder_positions")
    return {
        "accuracy": _ratio(_total(steps, "correct"), weights),
        "token_loss": _ratio(_total(steps, "token_loss"), weights),
        "loss": loss / len(steps),
        "loss_per_nonpadding_target_token": _ratio(loss, weights),
        "loss_per_all_target_tokens": _ratio(loss, positions),
        "cross_ent_loss": (loss - z_loss) / len(steps),
        "cross_ent_loss_per_all_target_tokens": _ratio(loss - z_loss, positions),
        "z_loss": z_loss / len(steps),
        "z_loss_per_all_target_tokens": _ratio(z_loss, positions),
    }


def _fullness_metrics(steps: Sequence[StepMetrics]) -> dict[str, float]:
    tokens = {side: _count(steps, f"{side}_tokens") for side in ("encoder", "decoder")}
    positions = {side: _count(steps, f"{side}_positions") for side in ("encoder", "decoder")}
    metrics = {
        "non_padding_fraction/loss_weights": _ratio(_total(steps, "weights"), positions["decoder"]),
        "non_padding_fraction/overall": _ratio(sum(tokens.values()), sum(positions.values())),
    }
    for side in tokens:
        metrics[f"non_padding_fraction/{side}"] = _ratio(tokens[side], positions[side])
        examples = _count(steps, f"{side}_segments")
        metrics[f"effective_batch_size/{side}"] = examples / len(steps)
    return metrics


def _timing(steps: Sequence[StepMetrics], seconds: float, device_count: int) -> dict[str, float]:
    rows, targets = _count(steps, "rows"), _count(steps, "decoder_positions")
    tokens = _count(steps, "encoder_tokens") + _count(steps, "decoder_tokens")
    per_second = {
        "steps": len(steps),
        "seqs": rows,
        "target_tokens": targets,
        "examples": _count(steps, "decoder_segments"),
        "non_padding_tokens": tokens,
    }
    metrics = {f"timing/{name}_per_second": _ratio(n, seconds) for name, n in per_second.items()}
    for name in ("seqs", "target_tokens"):
        rate = metrics[f"timing/{name}_per_second"]
        metrics[f"timing/{name}_per_second_per_core"] = rate / device_count
    return metrics | {"timing/seconds": seconds, "timing/seqs": rows}


def _total(steps: Sequence[StepMetrics], name: str) -> float:
    return sum(float(getattr(step, name)) for step in steps)


def _count(steps: Sequence[StepMetrics], name: str) -> float:
    return sum(float(getattr(step.counts, name)) for step in steps)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
