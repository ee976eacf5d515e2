"""EXCLUDE_ROWS: training rows that an evaluation holds are left out of a run."""

import json
from pathlib import Path

import pytest

from flan_mix.data import TrainLoader
from flan_mix.registry import FileSource, TaskSpec, add_task, field_rows, get_task, remove
from flan_mix.runs.datasets import DatasetConfig, open_dataset
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary

VOCABULARY = ByteVocabulary()
LENGTHS = {"inputs": 16, "targets": 16}


@pytest.fixture
def task(tmp_path: Path):
    rows = [json.dumps({"q": f"question {n}", "a": str(n)}) for n in range(10)]
    (tmp_path / "train.jsonl").write_text("\n".join(rows) + "\n")
    spec = add_task(
        TaskSpec(
            name="numbered_questions",
            category="toys",
            source=FileSource({"train": "train.jsonl"}, data_dir=tmp_path),
            fields={"q": "q", "a": "a"},
            templates=[Template("{q}", "{a}")],
            vocabulary=VOCABULARY,
        )
    )
    yield spec
    remove(spec.name)


def test_a_run_reads_the_other_rows_from_a_cache_of_their_own(task, tmp_path: Path) -> None:
    config = DatasetConfig(
        task.name, LENGTHS, module="flan_mix.tasks.starter", cache_dir=str(tmp_path / "cache")
    )
    whole = open_dataset(config, VOCABULARY)
    ids = [row.id for row in field_rows(get_task(task.name), "train")]
    path = tmp_path / "found.json"
    path.write_text(json.dumps({"drop": {task.name: [ids[3], ids[7]]}}))
    excluding = DatasetConfig(**{**vars(config), "exclude": str(path)})
    kept = open_dataset(excluding, VOCABULARY)
    assert (whole.examples, kept.examples) == (10, 8)
    assert kept.parts[0].cache.manifest.skipped == {"excluded": 2}
    assert kept.fingerprint != whole.fingerprint
    assert open_dataset(excluding, VOCABULARY).fingerprint == kept.fingerprint
    loader = TrainLoader(
        kept, feature_lengths=LENGTHS, batch_size=8, pack=False, shuffle=True, seed=0
    )
    trained = {VOCABULARY.decode(tokens) for tokens in next(loader)["decoder_target_tokens"]}
    assert trained == {str(n) for n in range(10) if n not in (3, 7)}
    # A place in the other data is no place in this.
    before = TrainLoader(
        whole, feature_lengths=LENGTHS, batch_size=8, pack=False, shuffle=True, seed=0
    )
    with pytest.raises(ValueError, match="contents was"):
        loader.restore(before.state())
