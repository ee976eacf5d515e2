"""How fast answers are decoded: the generator beside a padded loop of fixed length.

    python -m tools.bench.decode

The loop, ours too, reads caches of the longest answer allowed at every step and takes as many
steps, whatever the answers' lengths. Questions, each also by itself (--questions):

    headline  4 inputs of 512 tokens, 64 tokens each, encoder included
    lengths   tokens per second by rows and by the answers' length, 128 tokens allowed
    steps     milliseconds of a cached step by the longest answer allowed
    samsum    inputs and answers of SAMSum's lengths, 128 tokens allowed

Answers of given lengths are forced, EOS included; every step computes what it would without. All
ways of a question run in turns (`tools.bench.turns`), each first once uncounted.
"""

import argparse
import functools
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.inference import Decoding, Generator
from flan_mix.inference.decoding import Guides, advance_rows, encode, start_rows
from flan_mix.inference.length_buckets import plan_batches
from flan_mix.models import Transformer
from tools.bench.environment import describe_environment
from tools.bench.t5_sizes import SIZES, t5_1_1
from tools.bench.turns import Timed, summary, take_turns

NEVER = -1
"""As EOS: no token ends an answer."""

LOOP, OURS = "fixed-length loop", "ours"
LONGEST = 128
ROWS, ANSWER_LENGTHS = (1, 4, 16), (16, 64, 128)
LIMITS, STEPS = (64, 256, 1024), 48
SAMSUM_INPUTS, SAMSUM_ANSWERS = (114, 0.75), (25, 0.54)
"""Median of T5 tokens and standard deviation of their logarithm, SAMSum's validation split."""

Model = tuple[Transformer, Any]
Tokens = Sequence[Sequence[int]]


class ScriptedGenerator(Generator):
    """A generator whose prompts may be whole answers, EOS included, and so set their lengths."""

    def _forced(self, inputs: Any, prompts: Any) -> list[list[int]]:
        return prompts


@functools.partial(jax.jit, static_argnames=("model", "capacity"))
def fixed_length_loop(
    model: Transformer, params: Any, tokens: Any, steps: Any, *, capacity: int
) -> jax.Array:
    """Greedy tokens [batch, capacity] of `steps` steps, each over caches of `capacity`."""
    segment_ids = (tokens > 0).astype(jnp.int32)
    encoded = encode(model, params, tokens, segment_ids)
    rows = start_rows(model, encoded, answers=1, capacity=capacity)
    guides = Guides(0, jnp.arange(tokens.shape[0]))
    end = advance_rows(model, params, encoded, guides, rows, steps, Decoding(), eos_id=NEVER)
    return end.tokens


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    model = t5_1_1(arguments.size)
    results = {}
    for question in arguments.questions:
        results[question] = QUESTIONS[question](model, arguments.turns)
        print(table(results[question]), flush=True)
    report = {
        "benchmark": "decode",
        "size": arguments.size,
        "turns": arguments.turns,
        "environment": describe_environment(("jax", "jaxlib", "flax", "numpy")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def headline(model: Model, turns: int) -> list[dict[str, Any]]:
    """4 inputs of 512 tokens, 64 tokens each; beside a matmul, whose time says the machine's."""
    inputs = random_tokens(model, [512] * 4)
    generator = Generator(*model, batch_size=4, max_decode_length=64, eos_id=NEVER)
    square = jnp.ones((2048, 2048))
    matmul = jax.jit(jnp.matmul)
    measured = take_turns(
        {
            LOOP: lambda: looped(model, inputs, steps=64, capacity=64, width=512),
            OURS: lambda: generator.generate(inputs),
            "matmul": lambda: matmul(square, square).block_until_ready(),
            "encoder": encoding(model, inputs),
        },
        turns,
    )
    same = looped(model, inputs, steps=64, capacity=64, width=512) == generator.generate(inputs)
    if not same:
        raise RuntimeError("the generator and the loop gave different tokens")
    rows = rows_of("4 x 512 in, 64 out", measured, tokens={LOOP: 256, OURS: 256})
    for row in rows:
        row["in_matmuls"] = _over(measured[row["way"]], measured["matmul"], "seconds")
        row["in_matmuls_processor"] = _over(
            measured[row["way"]], measured["matmul"], "processor_seconds"
        )
    return rows


def lengths(model: Model, turns: int) -> list[dict[str, Any]]:
    """By rows of a batch and the length of all its answers; inputs of 128 tokens."""
    results = []
    for rows in ROWS:
        inputs = random_tokens(model, [128] * rows)
        ways: dict[str, Callable[[], Any]] = {
            LOOP: functools.partial(looped, model, inputs, LONGEST, LONGEST, 128)
        }
        tokens = {LOOP: rows * LONGEST}
        for length in ANSWER_LENGTHS:
            way = f"{OURS}, {length} tokens"
            ways[way] = answering(model, inputs, [length] * rows, rows, LONGEST)
            tokens[way] = rows * length
        results += rows_of(f"{rows} rows", take_turns(ways, turns), tokens)
    return results


def steps(model: Model, turns: int) -> list[dict[str, Any]]:
    """A step's milliseconds: 48 steps of 4 rows, by the longest answer allowed."""
    inputs = random_tokens(model, [32] * 4)
    # Not in turns with each other: the loop's large caches would slow what comes after it.
    ours = take_turns(
        {str(limit): answering(model, inputs, [STEPS] * 4, 4, limit) for limit in LIMITS}, turns
    )
    loops = take_turns(
        {
            str(limit): functools.partial(looped, model, inputs, STEPS, limit, 32)
            for limit in LIMITS
        },
        turns,
    )
    results = []
    for limit in LIMITS:
        measured = {LOOP: loops[str(limit)], OURS: ours[str(limit)]}
        results += rows_of(f"{limit} tokens allowed", measured, {LOOP: 4 * STEPS, OURS: 4 * STEPS})
    for row in results:
        row["milliseconds_a_step"] = 1000 * row["processor_seconds"] / STEPS
    return results


def samsum(model: Model, turns: int) -> list[dict[str, Any]]:
    """24 examples of SAMSum's lengths, 8 rows a batch."""
    count, rows = 24, 8
    inputs = random_tokens(model, log_normal(*SAMSUM_INPUTS, count, 512, seed=0))
    answers = log_normal(*SAMSUM_ANSWERS, count, LONGEST, seed=1)
    planned = plan_batches([len(tokens) for tokens in inputs], rows)

    def in_order() -> None:
        for first in range(0, count, rows):
            looped(model, inputs[first : first + rows], LONGEST, LONGEST, 512)

    def in_our_batches() -> None:
        for batch in planned:
            of_batch = [inputs[index] for index in batch.indices]
            looped(model, of_batch, LONGEST, LONGEST, batch.length)

    padded, alike = f"{LOOP}, inputs padded to 512", f"{LOOP}, in our batches"
    measured = take_turns(
        {padded: in_order, alike: in_our_batches, OURS: answering(model, inputs, answers, rows)},
        turns,
    )
    tokens = {way: sum(answers) for way in measured}
    return [
        {**row, "answer_lengths": sorted(answers)}
        for baseline in (padded, alike)
        for row in rows_of(f"against the {baseline}", measured, tokens, baseline)
        if row["way"] in (baseline, OURS)
    ]


QUESTIONS: dict[str, Callable[[Model, int], list[dict[str, Any]]]] = {
    "headline": headline,
    "lengths": lengths,
    "steps": steps,
    "samsum": samsum,
}


def answering(
    model: Model, inputs: Tokens, answers: Sequence[int], rows: int, longest: int = LONGEST
) -> Callable[[], Any]:
    """The generator with answers of the given lengths, EOS included."""
    generator = ScriptedGenerator(*model, batch_size=rows, max_decode_length=longest, eos_id=1)
    scripts = [[3] * (length - 1) + [1] for length in answers]
    return lambda: generator.generate(inputs, prompts=scripts)


def looped(model: Model, inputs: Tokens, steps: int, capacity: int, width: int) -> list[list[int]]:
    """One batch through `fixed_length_loop`, inputs padded to `width`."""
    tokens = np.zeros((len(inputs), width), np.int32)
    for row, of_row in enumerate(inputs):
        tokens[row, : len(of_row)] = of_row
    found = fixed_length_loop(*model, tokens, np.int32(steps), capacity=capacity)
    return np.asarray(found).tolist()


def encoding(model: Model, inputs: Tokens) -> Callable[[], Any]:
    """The encoder's part, keys and values for the decoder's layers included."""
    tokens = np.asarray(inputs, np.int32)
    run = jax.jit(encode, static_argnums=0)
    return lambda: jax.block_until_ready(run(*model, tokens, np.ones_like(tokens)))


def random_tokens(model: Model, lengths: Sequence[int]) -> list[list[int]]:
    """Inputs of the given lengths."""
    random = np.random.default_rng(0)
    vocab_size = model[0].config.vocab_size
    return [random.integers(2, vocab_size, length).tolist() for length in lengths]


def log_normal(median: float, sigma: float, count: int, longest: int, seed: int) -> list[int]:
    """Evenly spaced quantiles of the distribution, shuffled, from 2 to `longest`."""
    quantiles = (np.arange(count) + 0.5) / count
    z = [statistics.NormalDist().inv_cdf(q) for q in quantiles]
    values = np.clip(median * np.exp(sigma * np.asarray(z)), 2, longest).round().astype(int)
    return np.random.default_rng(seed).permutation(values).tolist()


def rows_of(
    case: str,
    measured: Mapping[str, Sequence[Timed]],
    tokens: Mapping[str, int],
    baseline: str = LOOP,
) -> list[dict[str, Any]]:
    """A row of the table for each way; `tokens` are those that an answer keeps."""
    results = []
    for way, runs in measured.items():
        row = {"case": case, "way": way, **summary(runs, measured[baseline])}
        if way in tokens:
            row["tokens_per_second"] = tokens[way] / row["seconds"]
            row["tokens_per_processor_second"] = tokens[way] / row["processor_seconds"]
        results.append(row)
    return results


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown; ratios are loop / way, by the clock and in processor time."""
    extra = {
        "milliseconds_a_step": "processor ms a step",
        "in_matmuls_processor": "in matmuls (processor)",
    }
    shown = {name: title for name, title in extra.items() if name in rows[0]}
    titles = [
        "case",
        "way",
        "seconds (range)",
        "processor s",
        "tokens/s (processor)",
        "loop / this (processor)",
        *shown.values(),
    ]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for row in rows:
        low, high = row["seconds_range"]
        cells = [
            row["case"],
            row["way"],
            f"{row['seconds']:.2f} ({low:.2f}-{high:.2f})",
            f"{row['processor_seconds']:.2f}",
            _rates(row),
            _ratios(row),
            *(f"{row[name]:.1f}" for name in shown),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _rates(row: Mapping[str, Any]) -> str:
    if "tokens_per_second" not in row:
        return ""
    return f"{row['tokens_per_second']:,.0f} ({row['tokens_per_processor_second']:,.0f})"


def _ratios(row: Mapping[str, Any]) -> str:
    if "tokens_per_second" not in row:
        return ""
    return f"{row['times_faster']:.2f} ({row['times_faster_processor']:.2f})"


def _over(runs: Sequence[Timed], others: Sequence[Timed], name: str) -> float:
    pairs = zip(runs, others, strict=True)
    return statistics.median(getattr(a, name) / getattr(b, name) for a, b in pairs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Decoding beside a padded fixed-length loop.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--turns", type=int, default=5, help="runs of each way that count")
    parser.add_argument("--questions", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
