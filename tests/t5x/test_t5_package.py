"""Tasks of the `t5` package, and tasks built as it builds its own, train and are scored here."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("t5.data", reason="the t5 package is not installed (docs/moving-from-t5x.md)")
import seqio
import tensorflow as tf
from t5.data import postprocessors, preprocessors
from t5.evaluation import metrics

from tests.t5x.gin_runs import REQUIRED, configured, t5x_names
from tests.t5x.seqio_tasks import WORDS, vocabulary

LABELS = ["entailment", "not_entailment"]
ROWS = {"train": 16, "validation": 5}


def rows(split: str, shuffle_files: bool = False, seed: int | None = None) -> tf.data.Dataset:
    """Rows as TFDS gives those of GLUE's RTE."""
    del shuffle_files, seed
    count = range(ROWS[split])
    return tf.data.Dataset.from_tensor_slices(
        {
            "sentence1": [WORDS[i % 8] for i in count],
            "sentence2": [WORDS[i % 3] for i in count],
            "label": [i % 2 for i in count],
            "idx": list(count),
        }
    )


seqio.TaskRegistry.add(
    "rte_as_t5_has_it",
    source=seqio.FunctionDataSource(rows, splits=tuple(ROWS), num_input_examples=ROWS),
    preprocessors=[
        functools.partial(preprocessors.glue, benchmark_name="rte", label_names=LABELS),
        seqio.preprocessors.tokenize,
        seqio.CacheDatasetPlaceholder(),
        seqio.preprocessors.append_eos,
    ],
    postprocess_fn=functools.partial(postprocessors.string_label_to_class_id, label_classes=LABELS),
    metric_fns=[metrics.accuracy],
    output_features={
        "inputs": seqio.Feature(vocabulary(), add_eos=True),
        "targets": seqio.Feature(vocabulary(), add_eos=True),
    },
)


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    with t5x_names():
        yield


def test_a_task_of_t5s_preprocessors_trains_and_is_scored_by_its_metrics(tmp_path: Path) -> None:
    bindings = [
        "MIXTURE_OR_TASK_NAME = 'rte_as_t5_has_it'",
        "TASK_FEATURE_LENGTHS = {'inputs': 48, 'targets': 16}",
        f"MODEL_DIR = '{tmp_path / 'model'}'",
        f"utils.DatasetConfig.cache_dir = '{tmp_path / 'cache'}'",
        "TRAIN_STEPS = 2",
    ]
    state = configured("train", ["tests/t5x/finetune.gin"], bindings)()
    assert int(state.step) == 2
    folder = tmp_path / "model" / "inference_eval"
    (line,) = (folder / "rte_as_t5_has_it-metrics.jsonl").read_text().splitlines()
    assert 0 <= json.loads(line)["accuracy"] <= 100
    row = json.loads((folder / "rte_as_t5_has_it-000002.jsonl").read_text().splitlines()[0])
    assert row["input"]["inputs_pretokenized"] == "rte sentence1: red sentence2: red"
    assert row["target"] == 0  # The class that t5's postprocessor makes of the label.


def test_a_gin_file_that_imports_t5s_mixtures_parses_and_they_are_registered(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.gin"
    file.write_text(
        "from __gin__ import dynamic_registration\n"
        "import __main__ as train_script\nimport t5.data.mixtures\n"
        "include 't5x/examples/t5/t5_1_1/tiny.gin'\ninclude 't5x/configs/runs/finetune.gin'\n"
    )
    configured("train", [str(file)], REQUIRED)
    assert "glue_v002_proportional" in seqio.MixtureRegistry.names()
    assert "wmt_t2t_ende_v003" in seqio.TaskRegistry.names()
