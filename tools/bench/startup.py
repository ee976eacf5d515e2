"""How long it takes from a command to the first finished training step, and where the time goes.

    python -m tools.bench.startup

Real processes: the demo's model and mixture (`gin/recipes/demo.gin`) from a warm token cache, one
step, no evaluation and no final report. `cold` begins with no compiled programs, `warm` finds those
of an earlier run, as a second run does by default; they run in turns. The clock stops when the
step's metrics are in metrics.jsonl. Phases are told by the log and by the run's own figure for the
step's program. Imports are timed by themselves, with what takes most of them (`-X importtime`, in
one process more, each package by its own time). Prints JSON and Markdown tables of medians.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.bench.environment import describe_environment

GIN_FILE = "gin/recipes/demo.gin"
IMPORTED = "import flan_mix.train, flan_mix.runs.train"
"""The entry point, and what it imports once it has seen whose gin files it is given."""

READY = "Training from step"
"""What the log says when all is there but the step."""
PHASES = (
    "imports, configuration, token cache, parameters",
    "tracing, and compiling or loading the step",
    "the step and its report",
)


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    results: dict[str, Any] = {"imports": imports(arguments.turns)}
    print(imports_table(results["imports"]), flush=True)
    with tempfile.TemporaryDirectory(prefix="startup_") as folder:
        results["first_step"] = first_steps(Path(folder), arguments.turns, arguments.flags)
    print(steps_table(results["first_step"]), flush=True)
    report = {
        "benchmark": "startup",
        "turns": arguments.turns,
        "environment": describe_environment(("jax", "jaxlib", "flax", "optax", "orbax-checkpoint")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def first_steps(folder: Path, turns: int, flags: Sequence[str]) -> dict[str, dict[str, Any]]:
    """`cold` and `warm` -> medians of seconds and of their phases.

    The first run fills the token cache, the folder of compiled programs and the machine's own
    caches, and does not count.
    """
    warm = folder / "compiled"
    first_step(folder, warm, flags)
    runs: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
    for _ in range(turns):
        with tempfile.TemporaryDirectory(dir=folder) as empty:
            runs["cold"].append(first_step(folder, Path(empty), flags))
        runs["warm"].append(first_step(folder, warm, flags))
    return {way: _summary(of_way) for way, of_way in runs.items()}


def first_step(folder: Path, compiled: Path, flags: Sequence[str]) -> dict[str, float]:
    """Seconds from the command to the first step (`seconds`), by phase, and of processor time."""
    model_dir = folder / "model"
    shutil.rmtree(model_dir, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "flan_mix.train", f"--gin_file={GIN_FILE}"),
        f"--gin.MODEL_DIR='{model_dir}'",
        f"--gin.CACHE_DIR='{folder / 'tokens'}'",
        "--gin.TRAIN_STEPS=1",
        "--gin.train_script.train.run_eval_before_training=False",
        "--gin.train_script.train.infer_eval_dataset_cfg=None",
        f"--compilation_cache={compiled}",
        *flags,
    ]
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    lines: list[tuple[float, str]] = []
    reader = threading.Thread(target=_read, args=(process, start, lines))
    reader.start()
    seconds = _seconds_to_metrics(process, model_dir / "metrics.jsonl", start)
    process.wait()
    reader.join()
    if process.returncode or seconds is None:
        raise RuntimeError("".join(line for _, line in lines[-30:]))
    after = os.times()
    return {
        "seconds": seconds,
        "processor_seconds_to_the_end": (
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        ),
        **_phases(lines, seconds, model_dir / "metrics.jsonl"),
    }


def _read(process: subprocess.Popen, start: float, lines: list[tuple[float, str]]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        lines.append((time.perf_counter() - start, line))


def _seconds_to_metrics(process: subprocess.Popen, path: Path, start: float) -> float | None:
    while process.poll() is None:
        if path.exists() and path.stat().st_size:
            return time.perf_counter() - start
        time.sleep(0.01)
    return None


def _phases(lines: Sequence[tuple[float, str]], seconds: float, metrics: Path) -> dict[str, float]:
    ready = next(at for at, line in lines if READY in line)
    compiling = json.loads(metrics.read_text().splitlines()[0])["timing/compilation_seconds"]
    return dict(zip(PHASES, (ready, compiling, seconds - ready - compiling), strict=True))


def imports(turns: int) -> dict[str, Any]:
    """Seconds of a process that only imports, of one that does nothing, and of packages."""
    seconds: dict[str, list[float]] = {"imports": [], "interpreter": []}
    _run("-c", IMPORTED)
    for _ in range(turns):
        seconds["imports"].append(_run("-c", IMPORTED))
        seconds["interpreter"].append(_run("-c", "pass"))
    traced = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", IMPORTED],
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        **{name: _spread(values) for name, values in seconds.items()},
        "by_package": by_package(traced.stderr),
    }


def _run(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def by_package(trace: str, most: int = 10) -> dict[str, float]:
    """Package -> seconds of its own modules, those they import apart; the largest first."""
    totals: dict[str, float] = {}
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", trace):
        package = name.partition(".")[0]
        totals[package] = totals.get(package, 0.0) + int(own) / 1e6
    largest = sorted(totals.items(), key=lambda item: -item[1])[:most]
    return {name: round(seconds, 3) for name, seconds in largest}


def _summary(runs: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {**medians, **_spread([run["seconds"] for run in runs])}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {"seconds": statistics.median(values), "range": [min(values), max(values)]}


def steps_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a row for each way, its phases beside it."""
    titles = ["compiled programs", "seconds to the first step (range)", *PHASES]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for way, of_way in results.items():
        cells = [way, _shown(of_way), *(f"{of_way[phase]:.1f}" for phase in PHASES)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def imports_table(results: Mapping[str, Any]) -> str:
    """Markdown: the imports, and the packages that take most of them."""
    packages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in results["by_package"].items())
    return (
        "| | seconds (range) | own time of packages (traced) |\n|---|---|---|\n"
        f"| imports | {_shown(results['imports'])} | {packages} |\n"
        f"| Python alone | {_shown(results['interpreter'])} | |"
    )


def _shown(spread: Mapping[str, Any]) -> str:
    low, high = spread["range"]
    return f"{spread['seconds']:.2f} ({low:.2f}-{high:.2f})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Seconds from a command to the first step.")
    parser.add_argument("--turns", type=int, default=5, help="runs of each way that count")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    parser.add_argument("--flags", nargs="*", default=[], help="further flags of flan_mix.train")
    return parser.parse_args()


if __name__ == "__main__":
    main()
