"""Registering costs next to nothing: no heavy import, no data read, no task built for another."""

import dataclasses
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flan_mix.registry import ExamplesProportional, FileSource, add_mixture, add_task, resolve

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("tensorflow", "seqio", "tensorflow_datasets", "jax", "torch", "datasets", "pyarrow")


def said(program, **environment):
    """What a process of its own prints, as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout)


def test_importing_flan_mix_loads_nothing_but_itself():
    program = (
        "import sys, json; before = set(sys.modules); import flan_mix\n"
        "after = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(json.dumps(sorted(after - set(sys.stdlib_module_names))))"
    )
    assert said(program) == ["flan_mix"]


def test_all_task_modules_import_without_tensorflow_and_read_no_data(tmp_path):
    """In one process, so that what one of them loads or reads is seen."""
    program = f"""
import json, sys
opened = []
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith({str(tmp_path)!r}):
        opened.append(str(arguments[0]))
sys.addaudithook(watch)
from flan_mix.runs.task_selection import SHIPPED, import_all
import_all(SHIPPED)
from flan_mix.registry import task_names
print(json.dumps([len(task_names()), [m for m in {HEAVY} if m in sys.modules], opened]))
"""
    (tmp_path / "samsum").mkdir()
    (tmp_path / "samsum" / "train.json.gz").write_text("not read")
    count, heavy, opened = said(program, FLAN_MIX_DATA_DIR=str(tmp_path))
    assert count > 100
    assert heavy == []
    assert opened == []


@pytest.fixture
def mixture(make_spec, toy_rows, tmp_path):
    """Two members of a mixture, and a third task whose file is broken."""
    for name in ("one", "two"):
        add_task(make_spec(toy_rows(5), name=name))
    (tmp_path / "broken.jsonl").write_text("no JSON at all\n")
    source = FileSource({"train": "broken.jsonl"}, data_dir=tmp_path)
    spec = make_spec(toy_rows(1), name="broken")
    add_task(dataclasses.replace(spec, name="broken_task", source=source))
    return add_mixture("both", ["one", "two.few_shot"], rate=ExamplesProportional())


def test_a_mixture_reads_and_builds_only_its_members(mixture, tmp_path, monkeypatch):
    pytest.importorskip("seqio")
    from flan_mix.data import open_mixture
    from flan_mix.vocabularies import ByteVocabulary

    module = importlib.import_module("flan_mix.registry.field_rows")
    read, read_rows = set(), module.read_rows

    def watched(source, split):
        read.add(source.splits[split])
        return read_rows(source, split)

    monkeypatch.setattr(module, "read_rows", watched)
    assert [part.task for part in resolve("both")] == ["one", "two.few_shot"]
    cache = tmp_path / "cache"
    assert open_mixture("both", "train", vocabulary=ByteVocabulary(), cache_dir=cache)
    assert read == {"one.train.jsonl", "two.train.jsonl"}
    built = {path.name for path in cache.iterdir() if path.is_dir()}
    assert built == {"mixtures", "one", "two.few_shot"}
