"""Plain SeqIO tasks as a T5X user has them; registered on import. One is predicted, one scored."""

import functools

import seqio
import tensorflow as tf

from flan_mix.tasks.starter import vocabulary_file

WORDS = ("red", "blue", "green", "tree", "house", "river", "stone", "bird")
ROWS = {"train": 24, "validation": 6}


def rows(split: str, shuffle_files: bool = False, seed: int | None = None) -> tf.data.Dataset:
    """Two words in, the first of them out."""
    del shuffle_files, seed
    count = ROWS[split]
    first = [WORDS[i % len(WORDS)] for i in range(count)]
    second = [WORDS[(3 * i + 1) % len(WORDS)] for i in range(count)]
    return tf.data.Dataset.from_tensor_slices(
        {"inputs": [f"{a} or {b}" for a, b in zip(first, second, strict=True)], "targets": first}
    )


def exact_match(targets: list[str], predictions: list[str]) -> dict[str, float]:
    """A metric of predictions."""
    pairs = list(zip(targets, predictions, strict=True))
    return {"exact_match": 100 * sum(t == p for t, p in pairs) / len(pairs)}


def mean_score(targets: list[str], scores: list[float]) -> dict[str, float]:
    """A metric of scores."""
    assert len(targets) == len(scores)
    return {"mean_score": sum(scores) / len(scores)}


@functools.cache
def vocabulary() -> seqio.SentencePieceVocabulary:
    """The starter collection's, with its hundred sentinels."""
    return seqio.SentencePieceVocabulary(str(vocabulary_file()), 100)


def _register(name: str, metric) -> None:
    seqio.TaskRegistry.add(
        name,
        source=seqio.FunctionDataSource(
            rows, splits=tuple(ROWS), num_input_examples=ROWS, caching_permitted=True
        ),
        preprocessors=[
            seqio.preprocessors.tokenize,
            seqio.CacheDatasetPlaceholder(),
            seqio.preprocessors.append_eos_after_trim,
        ],
        output_features={
            "inputs": seqio.Feature(vocabulary(), add_eos=True),
            "targets": seqio.Feature(vocabulary(), add_eos=True),
        },
        metric_fns=[metric],
    )


_register("first_word", exact_match)
_register("first_word_scored", mean_score)
seqio.MixtureRegistry.add("first_words", ["first_word", "first_word_scored"], default_rate=1.0)
