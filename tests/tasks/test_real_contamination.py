"""Overlaps between real datasets that are known, found; and one that is no overlap."""

import json
import subprocess
import sys

import pytest

import flan_mix.tasks.real_suite
import flan_mix.tasks.super_natural_instructions  # noqa: F401  registers its tasks
from flan_mix.registry import catalogue, get_task, num_input_examples
from flan_mix.registry.overlap import drop_rows, find_contamination
from flan_mix.tasks.data_dir import NAME, TFDS_FILES
from tests.shared_data import REPOSITORY, shared_path


@pytest.fixture(autouse=True)
def data(monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))


def test_half_of_dreams_test_dialogues_are_in_dialogsums_train_split():
    found = find_contamination("dialogsum", "dream")
    by_split = {task.split: task for task in found.tasks}
    assert (by_split["test"].rows, by_split["test"].any) == (2041, 1078)
    assert by_split["test"].mostly > 0.9 * by_split["test"].any
    assert all(task.by_task == {"dialogsum": task.any} for task in found.tasks)
    assert len(found.drop["dialogsum"]) < 0.1 * found.trained_rows["dialogsum"]


def test_questions_of_dream_are_not_in_gsm8k():
    assert [task.any for task in find_contamination("gsm8k", "dream").tasks] == [0, 0]


def test_flans_summaries_hold_samsums_validation_rows(tmp_path, monkeypatch):
    """FLAN's summarization cluster has SAMSum, here under the name flan_samsum."""
    rows = json.loads((shared_path("data/samsum") / "val.json").read_text())
    folder = tmp_path / "samsum"
    folder.mkdir()
    for split, part in {"train": rows[:600], "validation": rows[600:], "test": rows[:1]}.items():
        lines = [json.dumps({key: r[key] for key in ("id", "dialogue", "summary")}) for r in part]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv(TFDS_FILES, str(tmp_path))
    found = find_contamination("flan_samsum", "samsum", split="validation")
    (task,) = found.tasks
    assert task.rows == 818
    # All 600 but for the chats of fewer than five words; a few others say the same.
    assert 595 <= task.exact <= 620
    assert task.by_task == {"flan_samsum": task.any}
    # Left out, they are gone from the TFDS source as well.
    monkeypatch.setitem(catalogue._tasks, "flan_samsum", get_task("flan_samsum"))
    before = num_input_examples("flan_samsum", "train")
    drop_rows(found.drop)
    left = before - len(found.drop["flan_samsum"])
    assert num_input_examples("flan_samsum", "train") == left < 10
    (again,) = find_contamination("flan_samsum", "samsum", split="validation").tasks
    assert again.any == 0


def test_the_command_writes_what_training_takes(tmp_path):
    path = tmp_path / "found.json"
    flags = ["--module", "flan_mix.tasks.real_suite", "--split", "test", "--json", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "flan_mix.cli", "contamination", "dialogsum", "dream", *flags],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1,078 (52.8 %)" in done.stdout
    assert set(json.loads(path.read_text())["drop"]) == {"dialogsum"}
