"""Everything measured on one GPU by one command, beside Hugging Face and published figures.

    python -m tools.bench.gpu --cache_dir token_cache --output gpu.json

bfloat16, rows of 512 / 128, within a time budget (--seconds). Parts come in order of importance,
each in a process of its own, so that none finds the card's memory taken and one that fails or runs
out of time says so and leaves the others alone; each result is printed as soon as it is there:

    card      what the card is, and the rate of a large matmul on it
    large …   train steps of a size: sequences and tokens a second, TFLOP/s, share of the card's
              peak (MFU), peak memory; beside Transformers' with SDPA and with eager attention, in
              turns (`tools.bench.peers`)
    mixture   non-padding tokens a second of a real mixture, from its token cache: our packed rows
              beside Transformers' on as many examples, grouped by length and padded
    decode    greedy answers of 64 tokens
    compiled  Transformers' step of the base size through torch.compile, which compiles for long

Needs JAX for the GPU, Flax, Optax and Orbax; torch and transformers for their side, and nothing
else (no gin, SeqIO, TensorFlow or SentencePiece). The token cache is made beforehand, on any
machine, and is small: docs/benchmarks.md says how. What is measured is in `tools.bench.gpu_parts`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.bench.environment import describe_environment

PARTS = ("card", "large", "xl", "mixture", "base", "decode", "small", "compiled")
SPARE_SECONDS = 15
"""Less than this is no use to any part."""

PUBLISHED = {
    "large": (158.7, "NVIDIA's T5X, H100, FP8"),
    "xl": (50.4, "NVIDIA's T5X, H100, FP8"),
    "base": (229.0, "nanoT5, A100, bfloat16"),
}
"""Sequences of 512 / 128 a second and GPU, as their authors gave them."""
GOALS = {"large": 230.0, "xl": 63.0, "base": 790.0}
"""Sequences a second: 35% of the bfloat16 peak of an H100 or H200."""
MIXTURE_GOAL = 1.5
"""Ours over the best of theirs, in non-padding tokens a second."""

Row = Mapping[str, Any]


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
    results = run_parts(arguments.parts, _command(arguments), arguments.seconds)
    text = table([row for result in results for row in result["rows"]])
    print(f"\n{text}\n")
    report = {
        "benchmark": "gpu",
        "environment": describe_environment(
            ("jax", "jaxlib", "flax", "optax", "torch", "transformers")
        ),
        "published": PUBLISHED,
        "goals": {**GOALS, "mixture": MIXTURE_GOAL},
        "parts": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def run_parts(
    parts: Sequence[str], command: Callable[[str], list[str]], seconds: float
) -> list[dict[str, Any]]:
    """Runs each part's command while time is left; what each gave: rows, seconds, and what failed.

    A command writes JSON lines, lists of rows; a later line takes the place of those before.
    """
    end, results = time.monotonic() + seconds, []
    for part in parts:
        left = end - time.monotonic()
        result: dict[str, Any] = {"part": part, "rows": [], "seconds": 0.0}
        if left < SPARE_SECONDS:
            result["failed"] = "not begun: no time was left"
        else:
            start = time.monotonic()
            try:
                for rows in _lines(command(part), left):
                    result["rows"] = [{"part": part, **row} for row in rows]
                    print(table(result["rows"]), flush=True)
            except RuntimeError as error:
                result["failed"] = str(error)
            result["seconds"] = time.monotonic() - start
        said = f": {result['failed']}" if "failed" in result else ""
        print(f"# {part}, {result['seconds']:.0f} s{said}", flush=True)
        results.append(result)
    return results


def _lines(command: Sequence[str], seconds: float) -> Iterator[list[Row]]:
    """The JSON lines of a command; RuntimeError if it fails or outlasts its time."""
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,  # So that compilers it starts end with it.
        ) as process,
    ):
        timer = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("["):
                    yield json.loads(line)
        finally:
            code, in_time = process.wait(), timer.is_alive()
            timer.cancel()
        if not in_time:
            raise RuntimeError("stopped: its time was up")
        if code:
            errors.seek(0)
            last = [line for line in errors.read().splitlines() if line.strip()][-1:]
            raise RuntimeError(f"ended with {code}: {last[0][:300] if last else 'no message'}")


def table(rows: Sequence[Row]) -> str:
    """Markdown; goals and published figures stand beside our steps."""
    lines = [
        "| part | way | rows | seconds (range) | sequences/s | non-padding tokens/s | TFLOP/s "
        "| MFU | peak GB | this / best of theirs | goal | published |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        cells = [
            row["part"],
            row["way"],
            _number(row.get("rows"), ",.0f"),
            _seconds(row),
            _number(row.get("sequences_per_second"), ",.1f"),
            _number(row.get("tokens_per_second"), ",.0f"),
            _number(row.get("flops_per_second"), ",.1f", 1e12),
            _number(row.get("mfu"), ".1%"),
            _number(row.get("peak_bytes"), ".1f", 1e9),
            _number(_over_theirs(row, rows), ".2f"),
            *_beside(row),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _over_theirs(row: Row, rows: Sequence[Row]) -> float | None:
    """The rate of our row over the best of theirs in the same part."""
    if not row.get("is_ours") or "tokens_per_second" not in row:
        return None
    # torch.compile has a part of its own, and is of the base size.
    parts = {row["part"], "compiled"} if row["part"] == "base" else {row["part"]}
    theirs = [
        other["tokens_per_second"]
        for other in rows
        if other["part"] in parts and not other.get("is_ours") and "tokens_per_second" in other
    ]
    return row["tokens_per_second"] / max(theirs) if theirs else None


def _beside(row: Row) -> tuple[str, str]:
    if not row.get("is_ours"):
        return "", ""
    if row["part"] == "mixture":
        return f"{MIXTURE_GOAL} x theirs", ""
    rate, of_whom = PUBLISHED.get(row["part"], (None, ""))
    published = f"{rate} sequences/s ({of_whom})" if rate else ""
    goal = GOALS.get(row["part"])
    return f"{goal:.0f} sequences/s" if goal else "", published


def _seconds(row: Row) -> str:
    if "seconds" not in row:
        return row.get("failed", "")
    low, high = row["seconds_range"]
    return f"{row['seconds']:.4g} ({low:.4g}-{high:.4g})"


def _number(value: float | None, form: str, unit: float = 1) -> str:
    return "" if value is None else format(value / unit, form)


def _command(arguments: argparse.Namespace) -> Callable[[str], list[str]]:
    given = ["--inputs", arguments.inputs, "--targets", arguments.targets]
    given += ["--turns", arguments.turns, "--cache_dir", arguments.cache_dir]
    given += ["--mixture", arguments.mixture, "--mixture_size", arguments.mixture_size]
    for size, rows in arguments.rows.items():
        given += ["--rows", f"{size}={rows}"]
    module = [sys.executable, "-m", "tools.bench.gpu_parts"]
    return lambda part: [*module, part, *map(str, given)]


def rows_of_sizes(texts: Sequence[str]) -> dict[str, int]:
    """From "large=32" and the like."""
    return {size: int(rows) for size, rows in (text.split("=") for text in texts)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="All that is measured on one GPU.")
    parser.add_argument("--seconds", type=float, default=480, help="for everything together")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), help="in this order")
    parser.add_argument("--cache_dir", default="token_cache", help="folder of token caches")
    parser.add_argument("--mixture", default="dialogue_summarization", help="its name there")
    parser.add_argument("--mixture_size", default="base", help="the model of mixture and decode")
    parser.add_argument("--rows", nargs="+", default=[], help="rows by size: large=32 xl=16")
    parser.add_argument("--inputs", type=int, default=512)
    parser.add_argument("--targets", type=int, default=128)
    parser.add_argument("--turns", type=int, default=7, help="steps of each way that count")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    arguments = parser.parse_args()
    arguments.rows = rows_of_sizes(arguments.rows)
    return arguments


if __name__ == "__main__":
    main()
