"""The TensorFlow-free half stays so, and SeqIO learns of our tasks in any order of imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

REGISTER = """
from flan_mix.registry import (ExamplesProportional, FileSource, TaskSpec, add_mixture, add_task,
    field_rows, num_input_examples, resolve, task_fingerprint)
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary
spec = add_task(TaskSpec("toy", "toys", FileSource({"train": "rows.jsonl"}), {"t": "t"},
    [Template("{t}", "{t}")], vocabulary=ByteVocabulary()))
add_mixture("mix", ["toy"], rate=ExamplesProportional())
"""
HEAVY = '{"tensorflow", "seqio", "tensorflow_datasets", "jax", "torch"}'
IS_REGISTERED = """
assert type(seqio.TaskRegistry.get("toy")) is seqio.Task
assert type(seqio.MixtureRegistry.get("mix")) is seqio.Mixture
"""


def run(tmp_path, program):
    (tmp_path / "rows.jsonl").write_text('{"t": "a"}\n{"t": "b"}\n')
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_describing_counting_and_resolving_load_no_tensorflow(tmp_path):
    run(
        tmp_path,
        REGISTER
        + "assert resolve('mix') == (('toy', 2.0),)\n"
        + "assert num_input_examples('toy', 'train') == len(list(field_rows(spec, 'train'))) == 2\n"
        + "task_fingerprint('toy', 'train')\n"
        + f"import sys; loaded = {HEAVY} & set(sys.modules); assert not loaded, loaded\n",
    )


@pytest.mark.parametrize(
    "program",
    [
        REGISTER + "import seqio\n" + IS_REGISTERED,
        "import seqio\n" + REGISTER + IS_REGISTERED,
        REGISTER + "from flan_mix.registry import rendering; import seqio\n" + IS_REGISTERED,
        REGISTER + "from flan_mix.registry import seqio_registry; import seqio\n" + IS_REGISTERED,
        REGISTER
        + "from flan_mix.registry.seqio_half.tfds_rows import TfdsRows; import seqio\n"
        + IS_REGISTERED,
        "from flan_mix.registry.rendering import render\n"
        + REGISTER
        + "import seqio\nassert len(list(render('toy', 'train'))) == 2\n"
        + IS_REGISTERED,
    ],
    ids=["ours first", "seqio first", "rendering", "registry", "deep", "rendering first"],
)
@pytest.mark.slow
def test_seqio_has_our_tasks_whichever_is_imported_first(tmp_path, program):
    run(tmp_path, program)


def test_seqio_imported_after_our_tasks_has_them(tmp_path):
    run(tmp_path, REGISTER + "import seqio\n" + IS_REGISTERED)
