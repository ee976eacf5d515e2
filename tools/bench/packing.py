"""How many rows the same examples take, packed here and by SeqIO's converter.

    FLAN_MIX_DATA_DIR=datasets python -m tools.bench.packing \
        --vocabulary spiece.model

Takes the training examples of DialogSum and SAMSum once each, in one shuffled order, through
`seqio.EncDecFeatureConverter(pack=True)` and through the packing of the training loader. Prints
JSON and a Markdown row for each pair of lengths. SeqIO takes about a minute a pair on one core.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flan_mix.data import TokenCache, build_cache
from flan_mix.data.batches import trim
from flan_mix.data.loader import BLOCK_ROWS
from flan_mix.data.packing import pack
from flan_mix.vocabularies import SentencePieceVocabulary
from tools.bench.environment import describe_environment

TASKS = ("dialogsum", "samsum")
LENGTHS = ((512, 128), (1024, 256))
HEADER = (
    "| inputs / targets | examples | SeqIO rows | our rows | ratio | fewest possible "
    "| SeqIO tokens/s | our tokens/s |\n|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    import flan_mix.tasks.dialogue_summarization  # noqa: F401  registers the tasks

    vocabulary = SentencePieceVocabulary(arguments.vocabulary)
    caches = [build_cache(task, "train", vocabulary, arguments.cache_dir) for task in TASKS]
    examples = shuffled_examples(caches, seed=0)
    results = [compare(caches, examples, *pair) for pair in LENGTHS]
    print(HEADER)
    for result in results:
        print(markdown_row(result))
    environment = describe_environment(("numpy", "seqio", "tensorflow"))
    report = {
        "benchmark": "packing",
        "tasks": TASKS,
        "environment": environment,
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def shuffled_examples(caches: list[TokenCache], seed: int) -> list[tuple[int, int]]:
    """(cache, index) of every example, in random order."""
    pairs = [(number, i) for number, cache in enumerate(caches) for i in range(len(cache))]
    order = np.random.default_rng(seed).permutation(len(pairs))
    return [pairs[i] for i in order]


def compare(
    caches: list[TokenCache], examples: list[tuple[int, int]], inputs: int, targets: int
) -> dict[str, Any]:
    """Rows and packing speed of both for one pair of lengths."""
    trimmed = [
        {
            "inputs": trim(caches[number][i]["inputs"], inputs),
            "targets": trim(caches[number][i]["targets"], targets),
        }
        for number, i in examples
    ]
    lengths = [np.array([len(x[name]) for x in trimmed]) for name in ("inputs", "targets")]
    tokens = int(sum(column.sum() for column in lengths))
    ours, our_seconds = our_rows(lengths[0], lengths[1], (inputs, targets))
    theirs, their_seconds = seqio_rows(trimmed, inputs, targets)
    return {
        "inputs": inputs,
        "targets": targets,
        "examples": len(examples),
        "tokens": tokens,
        "seqio_rows": theirs,
        "our_rows": ours,
        "ratio": theirs / ours,
        "fewest_possible_rows": fewest_possible(lengths, (inputs, targets)),
        "seqio_tokens_per_second": tokens / their_seconds,
        "our_tokens_per_second": tokens / our_seconds,
    }


def our_rows(
    inputs: np.ndarray, targets: np.ndarray, capacity: tuple[int, int]
) -> tuple[int, float]:
    """Rows for all examples, planned in blocks as the loader does; (rows, seconds)."""
    start = time.perf_counter()
    rows = first = 0
    while first < len(inputs):
        placed = pack(inputs[first:], targets[first:], capacity, max_rows=BLOCK_ROWS)
        rows += int(placed.max()) + 1
        first += len(placed)
    return rows, time.perf_counter() - start


def seqio_rows(
    examples: Sequence[Mapping[str, np.ndarray]], inputs: int, targets: int
) -> tuple[int, float]:
    """Rows that SeqIO's converter gives, and the seconds it takes with its default pipeline."""
    import seqio  # pyright: ignore[reportMissingImports]
    import tensorflow as tf

    def read() -> Iterator[Mapping[str, np.ndarray]]:
        yield from examples

    signature = {name: tf.TensorSpec([None], tf.int32) for name in ("inputs", "targets")}
    dataset = tf.data.Dataset.from_generator(read, output_signature=signature)
    converter = seqio.EncDecFeatureConverter(pack=True)
    start = time.perf_counter()
    packed = converter(dataset, {"inputs": inputs, "targets": targets})
    rows = sum(1 for _ in packed.as_numpy_iterator())
    return rows, time.perf_counter() - start


def fewest_possible(lengths: list[np.ndarray], capacity: tuple[int, int]) -> int:
    """Rows if one dimension could be filled to the last token."""
    loads = [column.sum() / width for column, width in zip(lengths, capacity, strict=True)]
    return int(np.ceil(max(loads)))


def markdown_row(result: Mapping[str, Any]) -> str:
    """One row under HEADER."""
    return (
        f"| {result['inputs']} / {result['targets']} | {result['examples']:,} "
        f"| {result['seqio_rows']:,} | {result['our_rows']:,} | {result['ratio']:.3f} "
        f"| {result['fewest_possible_rows']:,} | {result['seqio_tokens_per_second']:,.0f} "
        f"| {result['our_tokens_per_second']:,.0f} |"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Rows needed by our packing and by SeqIO's.")
    parser.add_argument("--vocabulary", required=True, help="a SentencePiece model")
    parser.add_argument("--cache_dir", default="token_cache", help="folder of token caches")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
