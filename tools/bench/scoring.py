"""How fast options are ranked: `OptionScorer` beside scoring every (input, option) pair.

    python -m tools.bench.scoring

The pairs are what T5X scores: each an example of its own with its own encoder row, as many rows at
a time as the scorer encodes inputs, targets padded to the longest option. Both run in turns
(`tools.bench.turns`), each first once uncounted; that their numbers agree is checked.
"""

import argparse
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from flan_mix.inference import OptionScorer, score_rows
from tools.bench.environment import describe_environment
from tools.bench.t5_sizes import SIZES, t5_1_1
from tools.bench.turns import summary, take_turns

OURS, PAIRS = "OptionScorer", "every pair"
OPTION_COUNTS = (2, 4, 8)
SHORTEST_OPTION, LONGEST_OPTION = 3, 16
HEADER = (
    "| options | inputs | input tokens | pairs: seconds (processor) | ours: seconds (processor) "
    "| pairs / ours (processor) | furthest apart |\n|---|---|---|---|---|---|---|"
)

Tokens = list[list[int]]


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    model, params = t5_1_1(arguments.size)
    results = []
    print(HEADER)
    for count in arguments.options:
        results.append(
            compare(model, params, arguments.inputs, arguments.input_length, count, arguments.turns)
        )
        print(markdown_row(results[-1]), flush=True)
    report = {
        "benchmark": "scoring",
        "size": arguments.size,
        "turns": arguments.turns,
        "environment": describe_environment(("jax", "jaxlib", "flax", "numpy")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def compare(
    model: Any, params: Any, inputs: int, input_length: int, options: int, turns: int
) -> dict[str, Any]:
    """Both on `inputs` random inputs with `options` options of 3 to 16 tokens each."""
    random = np.random.default_rng(options)
    vocab_size = model.config.vocab_size
    tokens = [random.integers(2, vocab_size, input_length).tolist() for _ in range(inputs)]
    groups = [
        [
            random.integers(2, vocab_size, length).tolist()
            for length in random.integers(SHORTEST_OPTION, LONGEST_OPTION + 1, options)
        ]
        for _ in range(inputs)
    ]
    scorer = OptionScorer(model, params, batch_size=inputs)
    pairs = pair_scorer(model, params, batch_size=inputs)
    measured = take_turns(
        {PAIRS: lambda: pairs(tokens, groups), OURS: lambda: scorer.score(tokens, groups)}, turns
    )
    return {
        "options": options,
        "inputs": inputs,
        "input_length": input_length,
        "ways": {way: summary(runs, measured[PAIRS]) for way, runs in measured.items()},
        "largest_relative_difference": furthest(
            pairs(tokens, groups), scorer.score(tokens, groups)
        ),
    }


def pair_scorer(
    model: Any, params: Any, batch_size: int
) -> Callable[[Tokens, list[Tokens]], list[np.ndarray]]:
    """Scores of each input's options, `batch_size` pairs at a time."""
    score = jax.jit(functools.partial(score_rows, model))

    def scores(inputs: Tokens, groups: list[Tokens]) -> list[np.ndarray]:
        pairs = [(a, b) for a, options in zip(inputs, groups, strict=True) for b in options]
        found = [
            np.asarray(score(params, batch_of(pairs[first : first + batch_size])))
            for first in range(0, len(pairs), batch_size)
        ]
        ends = np.cumsum([len(options) for options in groups])[:-1]
        return np.split(np.concatenate(found), ends)

    return scores


def batch_of(pairs: Sequence[tuple[list[int], list[int]]]) -> dict[str, np.ndarray]:
    """One pair a row, under SeqIO's feature names."""
    encoder = np.asarray([tokens for tokens, _ in pairs], np.int32)
    targets, segments = (np.zeros((len(pairs), LONGEST_OPTION), np.int32) for _ in range(2))
    previous = np.zeros_like(targets)
    for row, (_, option) in enumerate(pairs):
        targets[row, : len(option)] = option
        previous[row, 1 : len(option)] = option[:-1]
        segments[row, : len(option)] = 1
    return {
        "encoder_input_tokens": encoder,
        "encoder_segment_ids": np.ones_like(encoder),
        "decoder_input_tokens": previous,
        "decoder_target_tokens": targets,
        "decoder_loss_weights": segments,
        "decoder_segment_ids": segments,
    }


def furthest(expected: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float:
    """The largest relative difference. Raises RuntimeError where it is above 1e-5."""
    apart = max(
        float(np.max(np.abs(a - b) / np.abs(a))) for a, b in zip(expected, found, strict=True)
    )
    if apart > 1e-5:
        raise RuntimeError(f"scores differ by {apart:.1e} of their value")
    return apart


def markdown_row(result: Mapping[str, Any]) -> str:
    """One row under HEADER."""
    pairs, ours = result["ways"][PAIRS], result["ways"][OURS]
    cells = [
        str(result["options"]),
        str(result["inputs"]),
        str(result["input_length"]),
        *(f"{way['seconds']:.2f} ({way['processor_seconds']:.2f})" for way in (pairs, ours)),
        f"{ours['times_faster']:.2f} ({ours['times_faster_processor']:.2f})",
        f"{result['largest_relative_difference']:.1e}",
    ]
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ranking options at once and pair by pair.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--options", nargs="+", type=int, default=OPTION_COUNTS)
    parser.add_argument("--inputs", type=int, default=4, help="inputs, and rows encoded at once")
    parser.add_argument("--input_length", type=int, default=512, help="tokens of an input")
    parser.add_argument("--turns", type=int, default=5, help="runs of each way that count")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
