"""Seconds, tokens and memory of a train step, beside a step done as T5X does it.

    python -m tools.bench.train_step

All ways run in turns in one process (`tools.bench.turns`), each on a state of its own, after one
step that compiles: `ours`; `baseline`, with one-hot embedding, position biases looked up in every
layer, backward passes of attention and projections left to autodiff, and float32 logits with
one-hot targets (`tools.bench.t5x_style`); and ours with one of three undone. Rows of random
tokens, every position real, are what a step costs most for; `--rows_of padded` and `packed` have
examples of 160 / 30 tokens in the median instead, one a row or as many as fit. `--remat` and
`--scan` are the model's remat_policy and scan_layers; `--data` and `--model` make a mesh of as many
simulated devices, on which memory is that of one device and seconds say little.

Model FLOPs are products of matrices alone, 2 per multiplication and addition, backward twice
forward, attention over all pairs; remat's second forward does not count. They are set against the
rate of a 2048-cubed product in the compute dtype measured in the same turns: MFU; by the clock, and
by processor time for machines that others use too.
"""

import argparse
import dataclasses
import functools
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.models import (
    Transformer,
    abstract_params,
    apply,
    apply_projected,
    init_params,
    logical_axes,
)
from flan_mix.models.config import REMAT_POLICIES, T5Config
from flan_mix.runs.plan import model_flops
from flan_mix.training import (
    Adafactor,
    LossConfig,
    Partitioner,
    TrainStep,
    init_state,
    standard_logical_axis_rules,
)
from flan_mix.training.train_step import PartSums
from tools.bench.environment import describe_environment
from tools.bench.t5_sizes import SIZES
from tools.bench.t5x_style import in_style, one_hot_cross_entropy
from tools.bench.training_setup import ROWS_OF, batch_of, tokens_of
from tools.bench.turns import Timed, summary, take_turns

OURS, BASELINE = "ours", "baseline"
MATMUL_SIZE = 2048
Z_LOSS = 1e-4


class LogitsStep(TrainStep):
    """A step that holds the logits of the whole batch, and one-hot targets beside them."""

    def losses(self, params, batch, weighted, rng):
        with self.partitioner.activation_rules():
            logits = self.apply_fn(params, batch, rng)
        targets = batch["decoder_target_tokens"]
        one_hot = jax.nn.one_hot(targets, logits.shape[-1], dtype=jnp.float32)
        losses = one_hot_cross_entropy(logits, one_hot, jnp.float32(self.loss_config.z_loss))
        loss = jnp.sum(losses * weighted.weights) / weighted.factor
        correct = jnp.sum((jnp.argmax(logits, -1) == targets) * batch["decoder_loss_weights"])
        zero = jnp.float32(0)
        return loss, PartSums(loss, zero, loss * weighted.factor, correct.astype(jnp.float32))


@dataclasses.dataclass(frozen=True)
class Style:
    """What a way does as T5X does it."""

    embedding: bool = False
    biases: bool = False
    autodiff: bool = False
    logits: bool = False


WAYS = {
    OURS: Style(),
    BASELINE: Style(embedding=True, biases=True, autodiff=True, logits=True),
    "ours, one-hot embedding": Style(embedding=True),
    "ours, backward by autodiff": Style(autodiff=True),
    "ours, whole logits": Style(logits=True),
}


class Way:
    """A compiled step and its state; calling it makes one step and waits for it."""

    def __init__(
        self,
        way: str,
        config: T5Config,
        loss: LossConfig,
        batch: Mapping[str, np.ndarray],
        partitioner: Partitioner | None = None,
    ):
        style, model, optimizer = WAYS[way], Transformer(config), Adafactor().build()
        partitioner = partitioner or Partitioner()
        apply_fn = functools.partial(apply if style.logits else apply_projected, model)
        step = (LogitsStep if style.logits else TrainStep)(
            in_style(
                apply_fn,
                embedding=style.embedding,
                biases=style.biases,
                autodiff=style.autodiff,
            ),
            optimizer,
            lambda step: jnp.float32(1e-3),
            loss,
            partitioner,
            1,
        )
        self._state = init_state(
            functools.partial(init_params, model),
            logical_axes(model),
            optimizer,
            partitioner,
            jax.random.key(0),
        )
        self._partitioner = partitioner
        self.take(batch)
        self._rng = jax.random.key(1)
        lowered = step.jit_for(self._state).lower(self._state, self._batch, self._rng)
        self._compiled = lowered.compile()
        self.loss = float("nan")

    def __call__(self) -> None:
        self._state, metrics = self._compiled(self._state, self._batch, self._rng)
        self.loss = float(metrics.loss)

    def take(self, batch: Mapping[str, np.ndarray]) -> None:
        """The batch of the steps from now on."""
        self._batch = self._partitioner.shard_batch(batch)

    def memory(self) -> dict[str, int]:
        """Bytes of the arguments (the state, which is also the result) and beyond, by XLA."""
        analysis = self._compiled.memory_analysis()
        return {
            "argument_bytes": analysis.argument_size_in_bytes,
            "temporary_bytes": analysis.temp_size_in_bytes,
            "peak_bytes": analysis.argument_size_in_bytes
            + analysis.output_size_in_bytes
            - analysis.alias_size_in_bytes
            + analysis.temp_size_in_bytes,
        }


def train_flops(config: T5Config, batch: Mapping[str, np.ndarray]) -> float:
    """FLOPs of a training step on such a batch, padding included, see the module's head."""
    model = Transformer(config)
    return model_flops(model, batch, abstract_params(model))


def compare(
    ways: Sequence[str],
    config: T5Config,
    loss: LossConfig,
    batch: Mapping[str, np.ndarray],
    turns: int,
    partitioner: Partitioner | None = None,
) -> list[dict[str, Any]]:
    """A row of the table for each way."""
    square = jnp.ones((MATMUL_SIZE, MATMUL_SIZE), config.dtype)
    matmul = jax.jit(jnp.matmul)
    runs: dict[str, Callable[[], Any]] = {
        way: Way(way, config, loss, batch, partitioner) for way in ways
    }
    measured = take_turns(
        {**runs, "matmul": lambda: matmul(square, square).block_until_ready()}, turns
    )
    matmuls = measured.pop("matmul")
    peaks = [2 * MATMUL_SIZE**3 / run.seconds for run in matmuls]
    tokens, flops = tokens_of(batch), train_flops(config, batch)
    results = []
    for way, timed in measured.items():
        run = runs[way]
        assert isinstance(run, Way)
        rates = [flops / t.seconds for t in timed]
        results.append(
            {
                "way": way,
                **summary(timed, measured[ways[-1] if BASELINE not in ways else BASELINE]),
                "tokens_per_second": tokens / _median_seconds(timed),
                "model_flops_per_second": statistics.median(rates),
                "matmul_flops_per_second": statistics.median(peaks),
                "mfu": statistics.median(r / p for r, p in zip(rates, peaks, strict=True)),
                "mfu_processor": flops
                / (2 * MATMUL_SIZE**3)
                * statistics.median(m.processor_seconds for m in matmuls)
                / statistics.median(t.processor_seconds for t in timed),
                "loss": run.loss,
                **run.memory(),
            }
        )
    return results


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown."""
    lines = [
        "| way | seconds a step (range) | baseline / this | tokens/s | GFLOP/s "
        "| of the matmul (processor) | beyond the state, MB | in all, MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        low, high = row["seconds_range"]
        lines.append(
            f"| {row['way']} | {row['seconds']:.2f} ({low:.2f}-{high:.2f}) "
            f"| {row['times_faster']:.2f} | {row['tokens_per_second']:,.0f} "
            f"| {row['model_flops_per_second'] / 1e9:.1f} "
            f"| {row['mfu']:.0%} ({row['mfu_processor']:.0%}) "
            f"| {row['temporary_bytes'] / 1e6:,.0f} | {row['peak_bytes'] / 1e6:,.0f} |"
        )
    return "\n".join(lines)


def _median_seconds(runs: Sequence[Timed]) -> float:
    return statistics.median(run.seconds for run in runs)


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    config = T5Config(
        mlp_activations=("gelu", "linear"), dtype=arguments.dtype, **SIZES[arguments.size]
    )
    config = dataclasses.replace(
        config,
        dropout_rate=arguments.dropout,
        remat_policy=arguments.remat,
        scan_layers=arguments.scan,
    )
    loss = LossConfig(z_loss=Z_LOSS, chunk_positions=arguments.chunk_positions)
    shape = (arguments.rows, arguments.inputs, arguments.targets)
    partitioner = _partitioner(arguments)
    batch = batch_of(arguments.rows_of, shape, config.vocab_size)
    results = compare(arguments.ways, config, loss, batch, arguments.turns, partitioner)
    print(table(results), flush=True)
    report = {
        "benchmark": "train_step",
        "size": arguments.size,
        "shape": shape,
        "rows_of": arguments.rows_of,
        "non_padding_tokens": tokens_of(batch),
        "scan_layers": arguments.scan,
        "remat_policy": arguments.remat,
        "mesh": [arguments.data, arguments.model],
        "turns": arguments.turns,
        "environment": describe_environment(("jax", "jaxlib", "flax", "numpy")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def _partitioner(arguments: argparse.Namespace) -> Partitioner:
    devices = arguments.data * arguments.model
    if devices > 1:  # Before the first array; where there are accelerators it means nothing.
        jax.config.update("jax_num_cpu_devices", devices)
    return Partitioner(
        num_partitions=arguments.model,
        logical_axis_rules=standard_logical_axis_rules(1, 2 if arguments.zero3 else 1),
        devices=tuple(jax.devices()[:devices]),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A train step beside T5X's way of doing it.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--targets", type=int, default=128)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--chunk_positions", type=int)
    parser.add_argument("--rows_of", choices=ROWS_OF, default=ROWS_OF[0])
    parser.add_argument("--remat", choices=REMAT_POLICIES, default="none")
    parser.add_argument("--scan", action="store_true", help="scan over layers")
    parser.add_argument("--data", type=int, default=1, help="devices that rows are split over")
    parser.add_argument("--model", type=int, default=1, help="devices a copy is split over")
    parser.add_argument("--zero3", action="store_true", help="split parameters over both")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--turns", type=int, default=5, help="steps of each way that count")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
