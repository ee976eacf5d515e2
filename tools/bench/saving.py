"""What a checkpoint costs the training loop: blocks of steps with a save and without, in turns.

    python -m tools.bench.saving

The train loop and the store of a run at their default settings (asynchronous, float32 parameters
and optimizer slots, all kept), a block of `--steps` steps at a time; in blocks with a save it
starts after the first step and writes while the others run. Told are the seconds that a save adds
to a block (the median over turns of the difference), also in step times, how long the loop waits
for it to begin, what is left to write after the block, and the part of all time it comes to at
CHECKPOINT_PERIOD 1000, the default. Prints JSON and Markdown rows.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from flan_mix.checkpoints import CheckpointStore
from flan_mix.models import T5Config
from flan_mix.training import Partitioner, PeriodicAction, TrainState, train_loop
from tools.bench.environment import describe_environment
from tools.bench.t5_sizes import SIZES
from tools.bench.training_setup import full_batch, training
from tools.bench.turns import take_turns

STEPS = {"tiny": 400, "small": 6}
"""Of a block: long enough for the writing to end within it."""
DEFAULT_PERIOD = 1000
"""CHECKPOINT_PERIOD of gin/runs/finetune.gin."""
HEADER = (
    "| size | checkpoint, MB | seconds a step | a save adds, s (range) | in step times "
    "| loop waits, s | left after the block, s | of all time, a save every 1000 steps |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    print(HEADER)
    results = []
    for size in arguments.sizes:
        results.append(measure(size, arguments))
        print(markdown_row(results[-1]), flush=True)
    report = {
        "benchmark": "saving",
        "turns": arguments.turns,
        "environment": describe_environment(("jax", "jaxlib", "orbax-checkpoint", "numpy")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def measure(size: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The cost of a save for a T5 1.1 of that size."""
    steps = arguments.steps or STEPS[size]
    config = T5Config(mlp_activations=("gelu", "linear"), **SIZES[size])
    partitioner = Partitioner(devices=(jax.devices()[0],))
    state, step = training(config, partitioner)
    batch = full_batch(arguments.batch, arguments.inputs, arguments.targets, config.vocab_size)
    batches = itertools.repeat(partitioner.shard_batch(batch))
    saves: list[dict[str, float]] = []

    def block(saving: Sequence[PeriodicAction] = ()) -> None:
        nonlocal state
        state = train_loop(
            state,
            step,
            batches,
            rng=jax.random.key(0),
            total_steps=int(state.step) + steps,
            actions=saving,
        )
        jax.block_until_ready(state)

    def block_with_save() -> None:
        with tempfile.TemporaryDirectory(prefix="saving_", dir=arguments.folder) as folder:
            store = CheckpointStore(folder)
            waited: list[float] = []

            def save(number: int, current: TrainState) -> None:
                start = time.perf_counter()
                store.save(current, loader={}, metadata={})
                waited.append(time.perf_counter() - start)

            first = frozenset({int(state.step) + 1})
            start = time.perf_counter()
            block([PeriodicAction("checkpoint", None, save, at_end=False, steps=first)])
            ended = time.perf_counter()
            store.wait()
            left = time.perf_counter() - ended
            size_on_disk = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file())
            store.close()
        saves.append(
            {
                "seconds": ended - start,
                "waited": waited[0],
                "left": left,
                "megabytes": size_on_disk / 1e6,
            }
        )

    runs = take_turns({"without": block, "with": block_with_save}, arguments.turns)
    without = [run.seconds for run in runs["without"]]
    of_turns = saves[-arguments.turns :]
    added = [save["seconds"] - plain for save, plain in zip(of_turns, without, strict=True)]
    step_seconds = statistics.median(without) / steps
    added_seconds = statistics.median(added)
    return {
        "size": size,
        "steps": steps,
        "batch": [arguments.batch, arguments.inputs, arguments.targets],
        "megabytes": of_turns[0]["megabytes"],
        "step_seconds": step_seconds,
        "added_seconds": added_seconds,
        "added_range": [min(added), max(added)],
        "added_steps": added_seconds / step_seconds,
        "waited_seconds": statistics.median(save["waited"] for save in of_turns),
        "left_seconds": statistics.median(save["left"] for save in of_turns),
        "share_at_default_period": added_seconds / step_seconds / DEFAULT_PERIOD,
    }


def markdown_row(result: Mapping[str, Any]) -> str:
    """One row under HEADER."""
    low, high = result["added_range"]
    return (
        f"| {result['size']} | {result['megabytes']:,.0f} | {result['step_seconds']:.3g} "
        f"| {result['added_seconds']:.3g} ({low:.3g} to {high:.3g}) | {result['added_steps']:.2f} "
        f"| {result['waited_seconds']:.3g} | {result['left_seconds']:.3g} "
        f"| {result['share_at_default_period']:.3%} |"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What a checkpoint costs the training loop.")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["tiny", "small"])
    parser.add_argument("--steps", type=int, help=f"steps of a block; default: {STEPS}")
    parser.add_argument("--turns", type=int, default=5, help="blocks of each kind that count")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--targets", type=int, default=128)
    parser.add_argument("--folder", help="where checkpoints are written; default: for temporaries")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
