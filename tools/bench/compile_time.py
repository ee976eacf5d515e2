"""How long a train step takes to trace and compile, unrolled and scanned, by the number of layers.

    python -m tools.bench.compile_time --layers 2 24

Widths are T5 1.1 xl's by default. Nothing is allocated: the step is compiled for shapes alone, in
processor time, which other work on the machine disturbs least. JSON, then a Markdown table.
"""

import argparse
import dataclasses
import functools
import json
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp

from flan_mix.models import Transformer, apply_projected, init_params, logical_axes
from flan_mix.models.config import T5Config
from flan_mix.training import Adafactor, Partitioner, TrainState, abstract_state, make_train_step
from flan_mix.training.loss_weights import LossConfig
from tools.bench.environment import describe_environment

WIDTHS = {
    "tiny": T5Config(
        vocab_size=256, emb_dim=32, num_heads=2, head_dim=16, mlp_dim=64, dropout_rate=0.1
    ),
    "xl": T5Config(vocab_size=32_128, emb_dim=2048, num_heads=32, head_dim=64, mlp_dim=5120),
}
HEADER = """\
| layers a stack | form | remat | seconds to trace | to compile | processor s, both | temporary GB |
|---|---|---|---|---|---|---|"""


def model_config(width: str, layers: int, *, scan: bool, remat: str) -> T5Config:
    """A T5 1.1 of the given widths and depth."""
    return dataclasses.replace(
        WIDTHS[width],
        mlp_activations=("gelu", "linear"),
        num_encoder_layers=layers,
        num_decoder_layers=layers,
        scan_layers=scan,
        remat_policy=remat,
    )


def measure(config: T5Config, batch_size: int, lengths: tuple[int, int]) -> dict[str, Any]:
    """Traces and compiles one Adafactor step; seconds by the clock and of the processors."""
    jax.clear_caches()
    model, optimizer, partitioner = Transformer(config), Adafactor().build(), Partitioner()
    state = abstract_state(
        functools.partial(init_params, model), logical_axes(model), optimizer, partitioner
    )
    step = make_train_step(
        functools.partial(apply_projected, model),
        optimizer,
        lambda step: jnp.float32(1e-3),
        LossConfig(),
        partitioner=partitioner,
    )
    return _compiled(step, state, _batch(batch_size, lengths, partitioner))


def _compiled(step: Any, state: TrainState, batch: dict[str, Any]) -> dict[str, Any]:
    began, processor = time.perf_counter(), time.process_time()
    lowered = step.jit_for(state).lower(state, batch, jax.random.key(0))
    traced = time.perf_counter()
    memory = lowered.compile().memory_analysis()
    return {
        "trace_seconds": traced - began,
        "compile_seconds": time.perf_counter() - traced,
        "processor_seconds": time.process_time() - processor,
        "temporary_bytes": memory.temp_size_in_bytes,
    }


def _batch(rows: int, lengths: tuple[int, int], partitioner: Partitioner) -> dict[str, Any]:
    features = {
        "encoder": ("input_tokens", "segment_ids", "positions"),
        "decoder": (
            "input_tokens",
            "target_tokens",
            "loss_weights",
            "segment_ids",
            "positions",
        ),
    }
    return {
        f"{stack}_{name}": jax.ShapeDtypeStruct(
            (rows, length), jnp.int32, sharding=partitioner.batch_sharding
        )
        for (stack, names), length in zip(features.items(), lengths, strict=True)
        for name in names
    }


def main() -> None:
    """Measures every depth in both forms and prints."""
    parser = argparse.ArgumentParser(description="Trace and compile time of a train step.")
    parser.add_argument("--width", choices=WIDTHS, default="xl")
    parser.add_argument("--layers", nargs="+", type=int, default=[2, 24])
    parser.add_argument("--remat", nargs="+", default=["none"])
    parser.add_argument("--forms", nargs="+", default=["scanned", "unrolled"])
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--lengths", nargs=2, type=int, default=[64, 32])
    arguments = parser.parse_args()
    results: list[dict[str, Any]] = []
    rows = [HEADER]
    for layers in arguments.layers:
        for remat in arguments.remat:
            for form in arguments.forms:
                config = model_config(arguments.width, layers, scan=form == "scanned", remat=remat)
                found = measure(config, arguments.batch_size, tuple(arguments.lengths))
                results.append({"layers": layers, "form": form, "remat": remat, **found})
                rows.append(_row(results[-1]))
                print(rows[-1], file=sys.stderr, flush=True)
    environment = describe_environment(("jax", "jaxlib", "flax"))
    print(json.dumps({**environment, "steps": results}, indent=2))
    print("\n".join(rows))


def _row(result: dict[str, Any]) -> str:
    return (
        f"| {result['layers']} | {result['form']} | {result['remat']} "
        f"| {result['trace_seconds']:.1f} | {result['compile_seconds']:.1f} "
        f"| {result['processor_seconds']:.1f} | {result['temporary_bytes'] / 1e9:.2f} |"
    )


if __name__ == "__main__":
    main()
