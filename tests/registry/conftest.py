"""What tests of the registry share: a task in files, registered for one test only."""

import json
import sys
from collections import deque
from importlib import import_module

import pytest

from flan_mix.registry import FileSource, TaskSpec, catalogue, seqio_arrival
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary


@pytest.fixture(autouse=True)
def _own_catalogue():
    """Every test starts with an empty catalogue and leaves none of its names behind.

    Modules imported by tests of other folders have registered tasks, here and perhaps with SeqIO:
    those are put aside.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_tasks", {})
        patch.setattr(catalogue, "_mixtures", {})
        patch.setattr(seqio_arrival, "_pending", deque())
        patch.setattr(seqio_arrival, "_ours", set())
        if "seqio" in sys.modules:
            import seqio

            for registry in (seqio.TaskRegistry, seqio.MixtureRegistry):
                patch.setattr(registry, "_REGISTRY", {})
        yield
        for name in list(seqio_arrival._ours):
            seqio_arrival.withdraw(name)
    if "seqio" in sys.modules:
        # A test may have been the first to import SeqIO, with the others' names put aside.
        import_module("flan_mix.registry.seqio_registry").register_pending()


@pytest.fixture
def write_jsonl(tmp_path):
    """Writes rows to a JSON lines file of the test's own folder and returns its path."""

    def write(name, rows):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


@pytest.fixture
def make_spec(tmp_path, write_jsonl):
    """A TaskSpec of rows {q, a}, in files of the test's own folder."""

    def make(rows, name="toy", validation=(), templates=None, source=None, **changes):
        write_jsonl(f"{name}.train.jsonl", rows)
        write_jsonl(f"{name}.validation.jsonl", validation)
        splits = {split: f"{name}.{split}.jsonl" for split in ("train", "validation")}
        settings = {
            "category": "toys",
            "source": FileSource(splits, data_dir=tmp_path, **(source or {})),
            "fields": {"id": "id", "q": "q", "a": "a"},
            "templates": templates or [Template("{q}?", "{a}"), Template("Say: {q}", "{a}!")],
            "vocabulary": ByteVocabulary(),
        }
        return TaskSpec(name, **(settings | changes))

    return make


def toy_rows(count, start=0):
    """Rows {id, q, a} that tell themselves apart."""
    return [
        {"id": f"row-{i}", "q": f"question {i}", "a": f"answer {i}"}
        for i in range(start, start + count)
    ]


@pytest.fixture(name="toy_rows")
def _toy_rows():
    return toy_rows
