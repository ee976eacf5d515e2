"""How the cost of training grows with length, batch, layers, devices and tasks.

    python -m tools.bench.growth

One small model, of which one thing at a time is made larger. For each: seconds of a train step
(medians of turns, processor time too), seconds to compile it, floating-point operations and bytes
as XLA's cost analysis counts them (per device), and XLA's temporary memory. Targets are a quarter
of the inputs. Questions, each also by itself (--questions):

    length    inputs of 256 to 4096 tokens
    batch     1 to 16 rows
    layers    1 to 8 layers of encoder and decoder each
    devices   1, 2, 4 and 8 simulated devices, a process each: the same batch over data x model
              meshes, and what the devices send each other in a step, counted from the compiled
              program (bytes of all-reduce, all-gather, reduce-scatter and the like, per device)
    tasks     1 to 1000 tasks in the mixture: opening their caches, and the loader

Prints JSON and Markdown tables; beside each row stands how many times the row before it costs.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from flan_mix.models import T5Config
from flan_mix.training import Partitioner, standard_logical_axis_rules
from tools.bench import loader
from tools.bench.environment import describe_environment
from tools.bench.synthetic_mixture import made_mixture
from tools.bench.training_setup import full_batch, training
from tools.bench.turns import summary, take_turns

VOCAB_SIZE = 2048
LENGTH, BATCH, LAYERS = 256, 4, 2
DEVICE_BATCH = 8
MESHES = (
    ("parameters on every device", 1, 1),
    ("parameters split over data", 1, 2),
    ("model over 2", 2, 1),
)
"""What it is called, num_partitions, and parameter dimensions that the rules split."""

OUGHT = {
    "length": "Linear, but attention, whose part in operations and bytes grows with the square; "
    "compiling does not grow.",
    "batch": "Linear, less what does not depend on rows (the optimizer); compiling does not grow.",
    "layers": "Linear, less embedding and logits; compiling too, for layers are unrolled.",
    "devices": "Operations per device fall as 1/n. Sent per device: with whole parameters the "
    "gradients once, whatever n (all-reduce); split over data the parameters are gathered too; "
    "split over the model, activations. Seconds say nothing: all devices share this machine.",
    "tasks": "Opening is linear in the tasks; batches do not depend on them but for planning over "
    "more, shorter lists.",
}

_SIZES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "s64": 8, "u64": 8, "f64": 8}
_COLLECTIVE = re.compile(
    r" = (?P<result>.*?) (?P<kind>all-reduce|all-gather|reduce-scatter|all-to-all|"
    r"collective-permute)\((?P<rest>.*)"
)
_ARRAY = re.compile(r"(?P<type>[a-z]+\d*)\[(?P<shape>[\d,]*)\]")


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    if arguments.worker:
        print(json.dumps(on_devices(arguments.turns, arguments.small)))
        return
    results = {}
    for question in arguments.questions:
        results[question] = QUESTIONS[question](arguments)
        print(f"\n{question}. {OUGHT[question]}\n\n{table(results[question])}", flush=True)
    report = {
        "benchmark": "growth",
        "turns": arguments.turns,
        "environment": describe_environment(("jax", "jaxlib", "flax", "numpy")),
        "ought": {question: OUGHT[question] for question in results},
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def by_length(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Inputs of so many tokens."""
    lengths = (32, 64) if arguments.small else (256, 512, 1024, 2048, 4096)
    return [{"length": n, **step_cost(arguments.turns, length=n)} for n in lengths]


def by_batch(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """So many rows."""
    length, sizes = (32, (1, 2)) if arguments.small else (LENGTH, (1, 2, 4, 8, 16))
    return [{"rows": n, **step_cost(arguments.turns, batch=n, length=length)} for n in sizes]


def by_layers(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """So many layers of each half."""
    length, sizes = (32, (1, 2)) if arguments.small else (LENGTH, (1, 2, 4, 8))
    return [{"layers": n, **step_cost(arguments.turns, layers=n, length=length)} for n in sizes]


def by_devices(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Each number of devices in a process of its own; by mesh, then by devices."""
    command = [sys.executable, "-m", "tools.bench.growth", "--worker", "--turns"]
    command += [str(arguments.turns), *(["--small"] if arguments.small else [])]
    rows = []
    for count in (1, 2) if arguments.small else (1, 2, 4, 8):
        environment = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(count)}
        run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        rows += json.loads(run.stdout.splitlines()[-1])
    names = [name for name, *_ in MESHES]
    return sorted(rows, key=lambda row: names.index(row["mesh"]))


def on_devices(turns: int, small: bool) -> list[dict[str, Any]]:
    """The meshes that the devices of this process allow."""
    rows = []
    for name, partitions, parameter_dims in MESHES:
        if jax.device_count() % partitions:
            continue
        rules = standard_logical_axis_rules(1, parameter_dims)
        partitioner = Partitioner(num_partitions=partitions, logical_axis_rules=rules)
        cost = step_cost(
            turns, batch=DEVICE_BATCH, length=32 if small else LENGTH, partitioner=partitioner
        )
        rows.append({"mesh": name, "devices": jax.device_count(), **cost})
    return rows


def by_tasks(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """So many tasks with 300,000 examples in all: their caches opened, then the loader."""
    counts, examples = ((1, 3), 3000) if arguments.small else ((1, 10, 100, 1000), 300_000)
    sizes = {"median_inputs": 160, "median_targets": 30}
    rows = []
    with tempfile.TemporaryDirectory(prefix="growth_") as folder:
        for count in counts:
            made_mixture(Path(folder), tasks=count, examples=examples, **sizes)
            start = time.perf_counter()
            mixture = made_mixture(Path(folder), tasks=count, examples=examples, **sizes)
            opening = time.perf_counter() - start
            measured = loader.measure(mixture, pack=True, repeats=arguments.turns)
            rows.append(
                {
                    "tasks": count,
                    "opening_seconds": opening,
                    "first_batch_milliseconds": measured["first_batch_milliseconds"],
                    "million_tokens_per_second": measured["tokens_per_second"] / 1e6,
                }
            )
    return rows


QUESTIONS: dict[str, Callable[[argparse.Namespace], list[dict[str, Any]]]] = {
    "length": by_length,
    "batch": by_batch,
    "layers": by_layers,
    "devices": by_devices,
    "tasks": by_tasks,
}


def step_cost(
    turns: int,
    *,
    length: int = LENGTH,
    batch: int = BATCH,
    layers: int = LAYERS,
    partitioner: Partitioner | None = None,
) -> dict[str, Any]:
    """What a train step takes to compile and to run."""
    partitioner = partitioner or Partitioner(devices=(jax.devices()[0],))
    config = T5Config(
        vocab_size=VOCAB_SIZE,
        emb_dim=128,
        num_heads=4,
        head_dim=32,
        mlp_dim=256,
        mlp_activations=("gelu", "linear"),
        num_encoder_layers=layers,
        num_decoder_layers=layers,
    )
    state, step = training(config, partitioner)
    rows = partitioner.shard_batch(full_batch(batch, length, length // 4, VOCAB_SIZE))
    key = jax.random.key(0)
    lowered = step.jit_for(state).lower(state, rows, key)
    start = time.perf_counter()
    compiled = lowered.compile()
    compile_seconds = time.perf_counter() - start

    def run() -> None:
        nonlocal state
        state, metrics = compiled(state, rows, key)
        jax.block_until_ready((state, metrics))

    runs = take_turns({"step": run}, turns)["step"]
    timed = summary(runs, runs)
    cost, memory = compiled.cost_analysis(), compiled.memory_analysis()
    sent = sent_bytes(compiled.as_text())
    return {
        "seconds": timed["seconds"],
        "seconds_range": timed["seconds_range"],
        "processor_seconds": timed["processor_seconds"],
        "compile_seconds": compile_seconds,
        "gigaflop": cost["flops"] / 1e9,
        "gigabytes": cost["bytes accessed"] / 1e9,
        "temporary_megabytes": memory.temp_size_in_bytes / 1e6,
        **({"sent_megabytes": sum(sent.values()) / 1e6, "sent": sent} if sent else {}),
    }


def sent_bytes(program: str) -> dict[str, int]:
    """Collective operation -> bytes in a device's program: the larger of its operand and result.

    Of a compiled program as text. A group of one device sends nothing; a loop's body counts once.
    """
    found: dict[str, int] = {}
    for line in program.splitlines():
        if (match := _COLLECTIVE.search(line)) is None:
            continue
        members = _group_size(match["rest"])
        if members == 1:
            continue
        size = sum(_array_bytes(array) for array in _ARRAY.finditer(match["result"]))
        if match["kind"] == "reduce-scatter":
            size *= members
        found[match["kind"]] = found.get(match["kind"], 0) + size
    return found


def _group_size(attributes: str) -> int:
    """Devices of the first group: replica_groups={{0,1},{2,3}} or [2,2]<=[4]; 0 if none is told."""
    if listed := re.search(r"replica_groups=\{\{([\d,]+)\}", attributes):
        return listed[1].count(",") + 1
    if shaped := re.search(r"replica_groups=\[\d+,(\d+)\]", attributes):
        return int(shaped[1])
    return 0


def _array_bytes(array: re.Match[str]) -> int:
    size = _SIZES.get(array["type"], 4)
    for length in filter(None, array["shape"].split(",")):
        size *= int(length)
    return size


COLUMNS = {
    "seconds": "seconds a step (range)",
    "processor_seconds": "processor s",
    "compile_seconds": "compile s",
    "gigaflop": "GFLOP",
    "gigabytes": "GB",
    "temporary_megabytes": "temporary MB",
    "sent_megabytes": "sent MB",
    "opening_seconds": "seconds to open",
    "first_batch_milliseconds": "ms to the first batch",
    "million_tokens_per_second": "M tokens/s",
}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown; in brackets how many times the figure of the row before."""
    shown = {name: title for name, title in COLUMNS.items() if any(name in row for row in rows)}
    keys = [name for name in rows[0] if name in (*QUESTION_KEYS,)]
    titles = [*keys, *shown.values()]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for place, row in enumerate(rows):
        before = rows[place - 1] if place else None
        if before is not None and before.get("mesh") != row.get("mesh"):
            before = None
        cells = [str(row[key]) for key in keys]
        cells += [_cell(name, row, before) for name in shown]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


QUESTION_KEYS = ("mesh", "length", "rows", "layers", "devices", "tasks")


def _cell(name: str, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    if name not in row:
        return "0"
    text = f"{row[name]:.3g}"
    if name == "seconds":
        low, high = row["seconds_range"]
        text += f" ({low:.3g}-{high:.3g})"
    if before is not None and before.get(name):
        text += f" [{row[name] / before[name]:.2f}x]"
    return text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How the cost of training grows.")
    parser.add_argument("--turns", type=int, default=5, help="runs of each that count")
    parser.add_argument("--questions", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--small", action="store_true", help="tiny sizes, to try it out")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
