"""How fast the training loader gives batches, on one core, by number of tasks and lengths.

    python -m tools.bench.loader

Made-up tasks with log-normal lengths, 300,000 examples in all, on a warm cache; rows of inputs
512 / targets 128, batches of 128 rows. Times are processor time of the one thread that there is,
so that what else the machine does counts little. Prints JSON and a Markdown table of medians.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flan_mix.data import MixtureCache, TrainLoader
from tools.bench.environment import describe_environment
from tools.bench.synthetic_mixture import made_mixture

FEATURE_LENGTHS = {"inputs": 512, "targets": 128}
BATCH_SIZE = 128
SIDES = ("encoder", "decoder")
HEADER = (
    "| tasks | median inputs / targets | packed | non-padding tokens/s (spread) | examples/s "
    "| inputs filled | targets filled | ms to the first batch |\n|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    results = []
    for tasks in arguments.tasks:
        for median_inputs, median_targets in ((160, 30), (40, 8)):
            mixture = made_mixture(
                Path(arguments.cache_dir),
                tasks=tasks,
                examples=arguments.examples,
                median_inputs=median_inputs,
                median_targets=median_targets,
            )
            about = {"tasks": tasks, "inputs": median_inputs, "targets": median_targets}
            for pack in (True, False):
                measured = measure(mixture, pack=pack, repeats=arguments.repeats)
                results.append({**about, "packed": pack, **measured})
    print(HEADER)
    for result in results:
        print(markdown_row(result))
    report = {"benchmark": "loader", "environment": describe_environment(), "results": results}
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def measure(mixture: MixtureCache, *, pack: bool, repeats: int) -> dict[str, Any]:
    """Runs the loader `repeats` times over 64 batches after the first."""
    runs = [_run(mixture, pack=pack, seed=seed) for seed in range(repeats + 1)][1:]
    speeds = [run["tokens_per_second"] for run in runs]
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {**medians, "slowest": min(speeds), "fastest": max(speeds), "repeats": repeats}


def _run(mixture: MixtureCache, *, pack: bool, seed: int) -> dict[str, float]:
    start = time.process_time()
    loader = TrainLoader(
        mixture, feature_lengths=FEATURE_LENGTHS, batch_size=BATCH_SIZE, pack=pack, seed=seed
    )
    next(loader)
    first_batch_seconds = time.process_time() - start
    start = time.process_time()
    batches = [next(loader) for _ in range(64)]
    seconds = time.process_time() - start
    sides = [np.stack([b[f"{side}_segment_ids"] for b in batches]) for side in SIDES]
    inputs, targets = (np.count_nonzero(segments) for segments in sides)
    examples = np.maximum(*(segments.max(axis=-1) for segments in sides)).sum()
    return {
        "tokens_per_second": (inputs + targets) / seconds,
        "examples_per_second": float(examples) / seconds,
        "inputs_filled": inputs / sides[0].size,
        "targets_filled": targets / sides[1].size,
        "first_batch_milliseconds": first_batch_seconds * 1000,
    }


def markdown_row(result: Mapping[str, Any]) -> str:
    """One row under HEADER."""
    return (
        f"| {result['tasks']} | {result['inputs']} / {result['targets']} "
        f"| {'yes' if result['packed'] else 'no'} "
        f"| {result['tokens_per_second'] / 1e6:.1f}M "
        f"({result['slowest'] / 1e6:.1f}-{result['fastest'] / 1e6:.1f}M) "
        f"| {result['examples_per_second']:,.0f} | {result['inputs_filled']:.3f} "
        f"| {result['targets_filled']:.3f} | {result['first_batch_milliseconds']:.0f} |"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed of the training loader.")
    parser.add_argument("--cache_dir", default="token_cache", help="folder of token caches")
    parser.add_argument("--tasks", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--examples", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
