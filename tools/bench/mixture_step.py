"""Non-padding tokens per second on real text: our step on our packing, T5X's way on SeqIO's.

    FLAN_MIX_DATA_DIR=datasets python -m tools.bench.mixture_step \
        --vocabulary spiece.model

Both train T5 1.1 on the mixture of SAMSum and DialogSum, rows of 512 / 128: ours from the training
loader, the baseline (`tools.bench.train_step`) from `seqio.EncDecFeatureConverter(pack=True)` on
the same examples in the loader's kind of order. Batches are made beforehand; steps run in turns
(`tools.bench.turns`), each turn on the next batch.
"""

import argparse
import itertools
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flan_mix.data import MixtureCache, TrainLoader, open_mixture, trim
from flan_mix.models import T5Config
from flan_mix.training import LossConfig
from flan_mix.vocabularies import SentencePieceVocabulary
from tools.bench.environment import describe_environment
from tools.bench.packing import shuffled_examples
from tools.bench.t5_sizes import SIZES
from tools.bench.train_step import BASELINE, OURS, Way
from tools.bench.training_setup import tokens_of
from tools.bench.turns import take_turns

MIXTURE = "dialogue_summarization"
FEATURE_LENGTHS = {"inputs": 512, "targets": 128}
Batch = Mapping[str, np.ndarray]


def seqio_batches(mixture: MixtureCache, rows: int, count: int) -> list[Batch]:
    """The first batches of all training examples, shuffled and packed by SeqIO."""
    import seqio  # pyright: ignore[reportMissingImports]
    import tensorflow as tf

    caches = [part.cache for part in mixture.parts]
    examples = shuffled_examples(caches, seed=0)

    def read() -> Iterator[Batch]:
        for number, index in examples:
            example = caches[number][index]
            yield {name: trim(example[name], width) for name, width in FEATURE_LENGTHS.items()}

    signature = {name: tf.TensorSpec([None], tf.int32) for name in FEATURE_LENGTHS}
    dataset = tf.data.Dataset.from_generator(read, output_signature=signature)
    packed = seqio.EncDecFeatureConverter(pack=True)(dataset, FEATURE_LENGTHS)
    packed = packed.batch(rows, drop_remainder=True)
    return list(itertools.islice(packed.as_numpy_iterator(), count))


class OnBatches:
    """A step that takes the next of its batches at each call, and begins again after the last."""

    def __init__(self, way: str, config: T5Config, batches: Sequence[Batch]):
        self._way = Way(way, config, LossConfig(z_loss=1e-4), batches[0])
        self._batches = itertools.cycle(batches)

    def __call__(self) -> None:
        self._way.take(next(self._batches))
        self._way()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Tokens per second on SAMSum and DialogSum.")
    parser.add_argument("--vocabulary", required=True, help="a SentencePiece model")
    parser.add_argument("--cache_dir", default="token_cache", help="folder of token caches")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    arguments = parser.parse_args()
    import flan_mix.tasks.dialogue_summarization  # noqa: F401  registers the tasks

    mixture = open_mixture(
        MIXTURE,
        "train",
        vocabulary=SentencePieceVocabulary(arguments.vocabulary),
        cache_dir=arguments.cache_dir,
        feature_lengths=FEATURE_LENGTHS,
    )
    loader = TrainLoader(
        mixture, feature_lengths=FEATURE_LENGTHS, batch_size=arguments.rows, pack=True, seed=0
    )
    # One batch more than turns: the first is of the step that does not count.
    count = arguments.turns + 1
    batches = {
        OURS: list(itertools.islice(loader, count)),
        BASELINE: seqio_batches(mixture, arguments.rows, count),
    }
    config = T5Config(mlp_activations=("gelu", "linear"), **SIZES[arguments.size])
    ways = {way: OnBatches(way, config, of_way) for way, of_way in batches.items()}
    measured = take_turns(ways, arguments.turns)
    rates = {
        way: [
            tokens_of(batch) / timed.seconds
            for batch, timed in zip(batches[way][1:], runs, strict=True)
        ]
        for way, runs in measured.items()
    }
    print("| way | non-padding tokens/s (range) | tokens a batch | seconds a step |")
    print("|---|--:|--:|--:|")
    for way, of_way in rates.items():
        tokens = statistics.median(tokens_of(batch) for batch in batches[way][1:])
        seconds = statistics.median(run.seconds for run in measured[way])
        print(
            f"| {way} | {statistics.median(of_way):,.0f} ({min(of_way):,.0f}-{max(of_way):,.0f}) "
            f"| {tokens:,.0f} | {seconds:.2f} |"
        )
    ratio = statistics.median(a / b for a, b in zip(rates[OURS], rates[BASELINE], strict=True))
    print(f"ours / baseline: {ratio:.2f}")
    report: dict[str, Any] = {
        "benchmark": "mixture_step",
        "size": arguments.size,
        "environment": describe_environment(("jax", "seqio", "tensorflow")),
        "tokens_per_second": rates,
        "ratio": ratio,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
