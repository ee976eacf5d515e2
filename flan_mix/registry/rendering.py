"""Rendering: the examples of a task as text, in order, ready to be tokenized and cached.

For tasks of ours this runs the source and the preprocessor of the plain seqio.Task, a batch at a
time; tasks of others run as SeqIO runs them and keep the token ids they produce.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from typing import Any, NamedTuple

import numpy as np
import seqio
import tensorflow as tf

from flan_mix.registry import catalogue
from flan_mix.registry.bad_rows import RowCounts
from flan_mix.registry.counting import num_input_examples
from flan_mix.registry.field_rows import unique_id
from flan_mix.registry.fingerprints import task_fingerprint
from flan_mix.registry.seqio_half import foreign
from flan_mix.registry.seqio_half.file_rows import FileRows
from flan_mix.registry.seqio_half.ragged import ROWS_PER_BATCH, ragged_batches
from flan_mix.registry.seqio_half.text_preprocessor import RenderText
from flan_mix.registry.seqio_half.tfds_rows import TfdsRows, told_errors
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError, TaskSpec

__all__ = ["RenderedExample", "Rendering", "num_input_examples", "render", "task_fingerprint"]


class RenderedExample(NamedTuple):
    """One example as text, and all that was drawn for it.

    id: see design.md; in a rank variant that of the row, "#" and the number of the option.
    template: its number within the task, -1 for tasks of others. references, options, answer: what
    the row has of them, for evaluation. option_style: the name of the layout in which the options
    are shown, if they are. option: in a rank variant, the text of the option that is the target.
    exemplars: ids of the exemplars, the nearest to the query first. shot_style: how they are set
    out. inputs_by_shots: of a few-shot prompt, the inputs with 0, 1, … of the exemplars. tokens:
    for tasks of others, feature -> ids.
    """

    id: str
    template: int
    inputs: str
    targets: str
    references: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    answer: str | None = None
    option_style: str | None = None
    tokens: Mapping[str, np.ndarray] | None = None
    option: str | None = None
    exemplars: tuple[str, ...] = ()
    shot_style: str | None = None
    inputs_by_shots: tuple[str, ...] = ()

    def with_shots(self, shots: int) -> "RenderedExample":
        """The same with the nearest `shots` exemplars only; without any it is zero-shot."""
        return self._replace(
            inputs=self.inputs_by_shots[shots],
            inputs_by_shots=self.inputs_by_shots[: shots + 1],
            exemplars=self.exemplars[:shots],
            shot_style=self.shot_style if shots else None,
        )


class Rendering(Iterator[RenderedExample]):
    """The examples of a split, once through; `counts` says, at the end, what became of the rows."""

    def __init__(self, examples: Iterator[RenderedExample], counts: RowCounts):
        self._examples = examples
        self.counts = counts

    def __next__(self) -> RenderedExample:
        return next(self._examples)


def render(
    name: str,
    split: str,
    *,
    seed: int = 0,
    pass_index: int = 0,
    skip: int = 0,
    use_cached: bool = False,
    sequence_length: Mapping[str, int] | None = None,
) -> Rendering:
    """All examples of a split of a task, in the order of its source.

    seed, pass_index: what the draws hash beside the task's registered seed and the example's id.
    skip: leaves out so many examples at the start. use_cached: reads SeqIO's own offline cache as
    the source. sequence_length: for tasks of others whose preprocessors need it; nothing is
    trimmed to it here.

    Raises TaskError for an unknown task, and what reading raises: BadRowError, FileNotFoundError.
    """
    counts = RowCounts()
    if not catalogue.is_task(name):
        task = _task_with_split(name, split)
        rows = foreign.rows(
            task,
            split,
            seed=seed,
            pass_index=pass_index,
            use_cached=use_cached,
            sequence_length=sequence_length,
        )
        return Rendering(_render_foreign(task, rows, split, skip, counts), counts)
    task, errors, spec = _task_with_split(name, split), [], catalogue.get_task(name)
    # Whole batches are left out before they are rendered, the rest after; a rank variant has more
    # examples than rows.
    skipped = 0 if spec.is_ranked else skip // ROWS_PER_BATCH
    batches = _row_batches(task, split, use_cached, counts, errors).skip(skipped)
    train = _row_batches(task, TRAIN_SPLIT, True, RowCounts(), errors) if use_cached else None
    step = next(step for step in task.preprocessors if isinstance(step, RenderText))
    rendered = step.render_batches(batches, seed=seed, pass_index=pass_index, train_batches=train)
    examples = _rendered_examples(rendered, spec, errors)
    if use_cached or not isinstance(task.source, FileRows):
        books = task.source if isinstance(task.source, TfdsRows) and not use_cached else None
        examples = _counted(examples, books, split, skipped * ROWS_PER_BATCH, counts)
    return Rendering(islice(examples, skip - skipped * ROWS_PER_BATCH, None), counts)


def _task_with_split(name: str, split: str) -> seqio.Task:
    task = foreign.get_task(name)
    if split not in task.splits:
        there = ", ".join(task.splits)
        raise TaskError(f"task {name!r} has no split {split!r}; there are: {there}.")
    return task


def _rendered_examples(
    batches: tf.data.Dataset, spec: TaskSpec, errors: list[Exception]
) -> Iterator[RenderedExample]:
    with told_errors(errors):
        for batch in batches.prefetch(2):
            yield from _examples(batch, spec)


def _counted(
    examples: Iterator[RenderedExample],
    source: TfdsRows | None,
    split: str,
    skipped: int,
    counts: RowCounts,
) -> Iterator[RenderedExample]:
    """Fills `counts` for rows that no reader of ours counts: those of TFDS and SeqIO's cache."""
    kept = skipped
    for example in examples:
        kept += example.option is None or example.id.endswith("#0")
        yield example
    if source is not None:
        counts.filtered, counts.capped = source.left_out(split, kept)
    counts.kept = kept
    counts.read = kept + counts.filtered + counts.capped


def _row_batches(
    task: seqio.Task, split: str, use_cached: bool, counts: RowCounts, errors: list[Exception]
) -> tf.data.Dataset:
    source = task.source
    assert isinstance(source, FileRows | TfdsRows)
    if not use_cached:
        return source.get_batches(split, counts, errors)
    task.assert_cached()
    rows = task._get_cached_source(split).get_dataset(split, shuffle=False)
    return ragged_batches(rows)


def _examples(batch: Mapping[str, Any], spec: TaskSpec) -> list[RenderedExample]:
    styles = [style.name for style in spec.option_styles]
    columns = (
        _texts(batch["id"]),
        batch["template"].numpy().tolist(),
        _texts(batch["inputs"]),
        _texts(batch["targets"]),
        _text_lists(batch["references"]),
        _text_lists(batch["options"]),
        [answer or None for answer in _texts(batch["answer"])],
        [styles[i] if i >= 0 else None for i in batch["option_style"].numpy().tolist()],
    )
    examples = [RenderedExample(*row) for row in zip(*columns, strict=True)]
    if spec.is_ranked:
        options = zip(examples, _texts(batch["option"]), strict=True)
        return [example._replace(option=option) for example, option in options]
    return _with_exemplars(examples, batch, spec) if "shots" in batch else examples


def _with_exemplars(
    examples: list[RenderedExample], batch: Mapping[str, Any], spec: TaskSpec
) -> list[RenderedExample]:
    columns = (
        examples,
        batch["shots"].numpy().tolist(),
        _text_table(batch["exemplars"]),
        _text_table(batch["inputs_by_shots"]),
        batch["shot_style"].numpy().tolist(),
    )
    return [
        example._replace(
            exemplars=exemplars[:shots],
            inputs_by_shots=prompts[: shots + 1],
            shot_style=spec.shot_styles[style].name if shots else None,
        )
        for example, shots, exemplars, prompts, style in zip(*columns, strict=True)
    ]


def _text_table(tensor: Any) -> list[tuple[str, ...]]:
    return [tuple(text.decode("utf-8") for text in row) for row in tensor.numpy()]


def _texts(tensor: Any) -> list[str]:
    return [text.decode("utf-8") for text in tensor.numpy()]


def _text_lists(ragged: tf.RaggedTensor) -> list[tuple[str, ...]]:
    texts, ends = _texts(ragged.values), ragged.row_splits.numpy().tolist()
    return [tuple(texts[start:end]) for start, end in pairwise(ends)]


def _render_foreign(
    task: seqio.Task, rows: Iterator[dict[str, Any]], split: str, skip: int, counts: RowCounts
) -> Iterator[RenderedExample]:
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows):
        counts.read += 1
        counts.kept += 1
        tokens = foreign.tokens(row, task)
        row_id = unique_id(foreign.row_id(row, tokens), seen)
        if number < skip:
            continue
        targets = foreign.text_of(row, "targets", task)
        yield RenderedExample(
            id=row_id,
            template=-1,
            inputs=foreign.text_of(row, "inputs", task),
            targets=targets,
            references=() if split == TRAIN_SPLIT else foreign.references(row, task, targets),
            tokens=tokens,
        )
