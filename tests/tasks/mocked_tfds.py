"""TFDS tasks on TFDS's mock data, which has the real schemas and needs no download.

Every template of a task is drawn by giving rows ids that draw it, so that one pass of the renderer
shows them all.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import flan_mix.tasks
from flan_mix.registry import TaskSpec, TfdsSource, get_task, task_names
from flan_mix.templates import OptionStyle, Template
from flan_mix.templates.draw import Draw

# A filter (TfdsSource.keep) may drop many of them.
MOCKED_ROWS = 12
# Whole numbers below this, so that a label that is a mere number points at one of the options:
# mocked lists have five items or more.
MOCKED_NUMBERS = 5
RENDERED_ROWS = 3


class Rendered(NamedTuple):
    """One mocked row as one template shows it; style is None where no options are shown."""

    template: Template
    style: OptionStyle | None
    fields: dict[str, str]
    options: tuple[str, ...]
    answer: str
    inputs: str
    targets: str


def tfds_tasks() -> list[str]:
    """Names of all TFDS tasks of all modules in tasks/, sorted."""
    for module in pkgutil.iter_modules(flan_mix.tasks.__path__, "flan_mix.tasks."):
        importlib.import_module(module.name)
    specs = map(get_task, task_names())
    return sorted(spec.name for spec in specs if isinstance(spec.source, TfdsSource))


def fitting(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A mocked row as a dataset has it whose tasks read more from it than columns."""
    if "turn_id" in row:  # QReCC: its task takes the seventh turn and later ones.
        return {**row, "turn_id": row["turn_id"] + 7}
    if "entity_pages" in row:  # TriviaQA: one task takes questions without such a page.
        return {**row, "entity_pages": {name: at[:0] for name, at in row["entity_pages"].items()}}
    if set(row) == {"input", "output"}:  # UnifiedQA: question and choices in one text.
        return {**row, "input": f"{row['input']}? \\n (A) a (B) {row['output']} (C) c"}
    return row


@contextmanager
def mocked_tfds(rows: int = MOCKED_ROWS) -> Iterator[None]:
    """TFDS invents rows of every dataset; SeqIO forgets the builders of other tests."""
    import seqio
    import tensorflow_datasets as tfds
    from tensorflow_datasets.testing.mocking import RandomFakeGenerator

    generate = RandomFakeGenerator._generate_example

    def fit(generator: Any, rng: Any) -> Mapping[str, Any]:
        return fitting(generate(generator, rng))

    shaped = mock.patch.object(RandomFakeGenerator, "_generate_example", fit)
    forget = mock.patch.object(seqio.LazyTfdsLoader, "_MEMOIZED_BUILDERS", {})
    with forget, shaped, tfds.testing.mock_data(num_examples=rows, max_value=MOCKED_NUMBERS):
        yield


def rendered_by_every_template(spec: TaskSpec) -> list[Rendered]:
    """The first rows of a task's first split in the words of each of its templates."""
    import tensorflow as tf

    from flan_mix.registry.seqio_half.ragged import ragged_batches
    from flan_mix.registry.seqio_half.tfds_rows import TfdsRows
    from flan_mix.templates.tensor_rendering import TensorRenderer

    dataset = TfdsRows(spec).get_dataset(spec.splits[0], shuffle=False)
    batch = next(iter(ragged_batches(dataset.take(RENDERED_ROWS))))
    count = int(batch["id"].shape[0])
    ids = _ids_that_draw(spec)
    rows = {name: tf.gather(value, list(range(count)) * len(ids)) for name, value in batch.items()}
    rows["id"] = tf.repeat(tf.constant(ids), count)
    rows["training"] = tf.ones_like(rows["training"])
    renderer = TensorRenderer(
        tuple(spec.templates),
        spec.text_fields,
        tuple(spec.option_styles),
        spec.seed,
        turn_step=spec.turn_step,
    )
    rendered = renderer(rows)
    expected = [number for number in range(len(ids)) for _ in range(count)]
    assert rendered["template"].numpy().tolist() == expected
    return list(_each(spec, rows, rendered))


def _ids_that_draw(spec: TaskSpec) -> list[str]:
    """For every template of a task an id that draws it in training."""
    draw, count = Draw("template", spec.seed), len(spec.templates)
    found: dict[int, str] = {}
    number = 0
    while len(found) < count:
        found.setdefault(draw.index(f"row-{number}", count), f"row-{number}")
        number += 1
    return [found[template] for template in range(count)]


def _each(spec: TaskSpec, rows: Any, rendered: Any) -> Iterator[Rendered]:
    styles = rendered["option_style"].numpy()
    for row, template in enumerate(rendered["template"].numpy()):
        texts = map(_text, rows["texts"][row].numpy())
        yield Rendered(
            template=spec.templates[template],
            style=spec.option_styles[styles[row]] if styles[row] >= 0 else None,
            fields=dict(zip(spec.text_fields, texts, strict=True)),
            options=tuple(map(_text, rows["options"][row].numpy())),
            answer=_text(rows["answer"][row].numpy()),
            inputs=_text(rendered["inputs"][row].numpy()),
            targets=_text(rendered["targets"][row].numpy()),
        )


def _text(value: bytes) -> str:
    return value.decode("utf-8")
