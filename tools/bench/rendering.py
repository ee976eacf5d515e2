"""How fast rows become tokens on disk: our token cache beside SeqIO's `cache_tasks`.

    FLAN_MIX_DATA_DIR=datasets python -m tools.bench.rendering \
        --vocabulary spiece.model

Both start from the same files and end with tokenized examples on disk, and render with the same
templates. SeqIO's side is the pipeline of its script `seqio.scripts.cache_tasks_main` on Beam's
direct runner (`pip install apache-beam`); without Beam it is left out. The third column is SeqIO's
`Task.get_dataset`, read to the end and not written: what rendering at training time costs. The
fourth is the same with the plainest preprocessor there is, one template joined by a map, so that
the renderer we hand to SeqIO is not what makes it slow. Runs alternate, after one of each but
Beam's that does not count; ratios are medians over turns. Processor time, children's included,
stands beside the clock's, for it depends less on what else the machine does. Imports are not
counted.
"""

import argparse
import dataclasses
import importlib.util
import json
import logging
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import seqio  # pyright: ignore[reportMissingImports]
import tensorflow as tf

import flan_mix.tasks.nli
import flan_mix.tasks.summarization  # noqa: F401  each registers its tasks
from flan_mix.data import TokenCache, build_cache
from flan_mix.registry import FileSource, TaskSpec, add_task, field_rows, get_task
from flan_mix.registry.seqio_half.text_preprocessor import RenderText
from flan_mix.vocabularies import SentencePieceVocabulary
from tools.bench.environment import describe_environment

TASKS = ("rte", "sick", "scitldr")
OURS, BEAM, LOOP, PLAINEST = "ours", "cache_tasks", "get_dataset", "get_dataset, one template"
# Where a run has its seconds by the clock and those of processors.
SIDES = {"seconds": 1, "processor_seconds": 2}
HEADER = (
    "| task | examples | tokens | ours: examples/s, tokens/s | cache_tasks: examples/s (times "
    "slower, processor) | get_dataset | get_dataset, one template |\n|---|---|---|---|---|---|---|"
)

Run = Callable[[], int]


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    logging.disable(logging.WARNING)
    results = [compare(task, arguments.vocabulary, arguments.pairs) for task in arguments.tasks]
    print(HEADER)
    for result in results:
        print(markdown_row(result))
    packages = ("seqio", "tensorflow", "tensorflow-text", "apache-beam", "sentencepiece")
    report = {
        "benchmark": "rendering",
        "environment": describe_environment(packages),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def compare(task: str, vocabulary_file: str, pairs: int) -> dict[str, Any]:
    """Seconds and processor seconds of every way, `pairs` runs each in turns."""
    spec = train_alone(get_task(task))
    name, plainest = seqio_tasks(spec, vocabulary_file)
    vocabulary = SentencePieceVocabulary(vocabulary_file)
    with tempfile.TemporaryDirectory() as folder:
        cache_dir = Path(folder)
        ways: dict[str, Run] = {OURS: lambda: ours(spec, vocabulary, cache_dir)}
        if importlib.util.find_spec("apache_beam"):
            ways[BEAM] = lambda: cache_tasks(name, cache_dir)
        ways |= {LOOP: lambda: loop(name), PLAINEST: lambda: loop(plainest)}
        measured: dict[str, list[tuple[int, float, float]]] = {way: [] for way in ways}
        for number in range(pairs + 1):
            for way, run in ways.items():
                if number or way != BEAM:
                    timed = measure(run)
                if number:
                    measured[way].append(timed)
        tokens = count_tokens(build_cache(spec.name, "train", vocabulary, cache_dir))
    counts = {count for runs in measured.values() for count, _, _ in runs}
    if len(counts) != 1:
        raise RuntimeError(f"{task}: the ways gave different numbers of examples: {counts}")
    return {"task": task, "examples": counts.pop(), "tokens": tokens, "pairs": pairs} | {
        "ways": {way: summary(runs, measured[OURS]) for way, runs in measured.items()}
    }


def measure(run: Run) -> tuple[int, float, float]:
    """(examples, seconds, processor seconds of this process and its children) of one run."""
    processor, start = _processor_seconds(), time.perf_counter()
    examples = run()
    return examples, time.perf_counter() - start, _processor_seconds() - processor


def summary(
    runs: Sequence[tuple[int, float, float]], ours: Sequence[tuple[int, float, float]]
) -> dict[str, float]:
    """Medians; ratios are of seconds to those of our run in the same turn."""
    medians = {side: statistics.median(run[at] for run in runs) for side, at in SIDES.items()}
    ratios = {
        f"{side}_over_ours": statistics.median(
            run[at] / mine[at] for run, mine in zip(runs, ours, strict=True)
        )
        for side, at in SIDES.items()
    }
    return {**medians, **ratios}


def ours(spec: TaskSpec, vocabulary: SentencePieceVocabulary, cache_dir: Path) -> int:
    """Builds the token cache anew; the number of examples."""
    shutil.rmtree(cache_dir / spec.name, ignore_errors=True)
    return len(build_cache(spec.name, "train", vocabulary, cache_dir))


def cache_tasks(name: str, cache_dir: Path) -> int:
    """Runs SeqIO's caching pipeline anew; the number of examples that its statistics give."""
    import apache_beam as beam  # pyright: ignore[reportMissingImports]
    from absl import flags
    from seqio.scripts import cache_tasks_main  # pyright: ignore[reportMissingImports]

    if not flags.FLAGS.is_parsed():
        flags.FLAGS(["cache_tasks_main"])
    folder = cache_dir / "seqio"
    shutil.rmtree(folder, ignore_errors=True)
    with beam.Pipeline() as pipeline:
        cache_tasks_main.run_pipeline(pipeline, [name], str(folder), ignore_other_caches=True)
    written = Path(seqio.get_cached_stats_path(str(folder / name), "train"))
    return json.loads(written.read_text())["examples"]


def loop(name: str) -> int:
    """Reads a SeqIO task to the end; the number of examples."""
    dataset = seqio.get_mixture_or_task(name).get_dataset(None, "train", shuffle=False)
    return sum(1 for _ in dataset.as_numpy_iterator())


def train_alone(spec: TaskSpec) -> TaskSpec:
    """The task with its train split only, for SeqIO caches all splits that a task has."""
    assert isinstance(spec.source, FileSource)
    reader = spec.source.reader
    source = dataclasses.replace(
        spec.source,
        splits={"train": spec.source.splits["train"]},
        reader=reader["train"] if isinstance(reader, Mapping) else reader,
    )
    return add_task(dataclasses.replace(spec, name=f"bench_{spec.name}", source=source))


def seqio_tasks(spec: TaskSpec, vocabulary_file: str) -> tuple[str, str]:
    """Registers with SeqIO alone: the task so that SeqIO caches tokens and not rows, and one with a
    single template in the fewest operations."""
    feature = seqio.Feature(seqio.SentencePieceVocabulary(vocabulary_file, 100), add_eos=True)
    registered = seqio.TaskRegistry.get(spec.name)
    tokenizing = [
        seqio.preprocessors.tokenize,
        seqio.CacheDatasetPlaceholder(),
        seqio.preprocessors.append_eos,
    ]
    names = f"{spec.name}_seqio", f"{spec.name}_plainest"
    steps = as_rendered(RenderText(spec, registered.source)), plain_map(spec)
    sources: tuple[Any, ...] = registered.source, plain_source(spec)
    for name, source, step in zip(names, sources, steps, strict=True):
        seqio.TaskRegistry.add(
            name,
            source=source,
            preprocessors=[step, *tokenizing],
            output_features={"inputs": feature, "targets": feature},
        )
    return names


def as_rendered(render: RenderText) -> Callable[[tf.data.Dataset], tf.data.Dataset]:
    """Our preprocessor as SeqIO takes it ahead of a cache, without lengths; of what it gives only
    the texts are kept, so that SeqIO has less to write than we."""
    names = ("inputs", "targets")
    return lambda dataset: render(dataset).map(lambda row: {name: row[name] for name in names})


def plain_source(spec: TaskSpec) -> seqio.FunctionDataSource:
    """The task's text fields as a dict of strings."""
    fields = spec.text_fields

    def read() -> Iterator[dict[str, str]]:
        for row in field_rows(spec, "train"):
            yield dict(zip(fields, row.texts, strict=True))

    def dataset(split: str, shuffle_files: bool, seed: int | None = None) -> tf.data.Dataset:
        del split, shuffle_files, seed
        signature = {field: tf.TensorSpec([], tf.string) for field in fields}
        return tf.data.Dataset.from_generator(read, output_signature=signature)

    return seqio.FunctionDataSource(dataset, splits=["train"])


def plain_map(spec: TaskSpec) -> Callable[[tf.data.Dataset], tf.data.Dataset]:
    """A preprocessor that joins the first template without options."""
    template = next(t for t in spec.templates if not t.uses_options)

    def joined(pattern: Any, row: Mapping[str, Any]) -> Any:
        pieces = [pattern.literals[0]]
        for field, literal in zip(pattern.slots, pattern.literals[1:], strict=True):
            pieces += [row[field], literal]
        return tf.strings.join(pieces)

    def render(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "inputs": joined(template.input_pattern, row),
            "targets": joined(template.target_pattern, row),
        }

    return lambda dataset: dataset.map(render, num_parallel_calls=tf.data.AUTOTUNE)


def count_tokens(cache: TokenCache) -> int:
    """Tokens in and out, EOS included."""
    return len(cache.tokens("inputs")) + len(cache.tokens("targets"))


def markdown_row(result: Mapping[str, Any]) -> str:
    """One row under HEADER."""
    examples, ways = result["examples"], result["ways"]
    seconds = ways[OURS]["seconds"]
    cells = [result["task"], f"{examples:,}", f"{result['tokens']:,}"]
    cells.append(f"{examples / seconds:,.0f}, {result['tokens'] / seconds:,.0f}")
    for way in (BEAM, LOOP, PLAINEST):
        if way not in ways:
            cells.append("not run")
            continue
        clock, processor = (ways[way][f"{side}_over_ours"] for side in SIDES)
        cells.append(f"{examples / ways[way]['seconds']:,.0f} ({clock:.1f}, {processor:.1f})")
    return f"| {' | '.join(cells)} |"


def _processor_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Rendering and tokenizing beside SeqIO's.")
    parser.add_argument("--vocabulary", required=True, help="a SentencePiece model")
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--pairs", type=int, default=3, help="runs of each way that count")
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
