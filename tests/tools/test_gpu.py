"""One command measures a GPU: parts within a time budget, with little installed, from a cache."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flan_mix.data.cache_key import CacheKey
from flan_mix.data.cache_writer import write_cache
from flan_mix.data.mixture_record import MixtureRecord, PartRecord, save_record
from tests.data.synthetic_caches import VOCABULARY, ListSource, MadeExample
from tools.bench import gpu, gpu_parts
from tools.bench.gpu import run_parts, table

KEY = CacheKey("made", "train", "fingerprint", VOCABULARY.fingerprint)
NOT_NEEDED = [
    *("gin", "seqio", "t5", "tensorflow", "tensorflow_datasets", "tensorflow_text"),
    *("sentencepiece", "editdistance", "rouge_score", "sacrebleu", "nltk", "matplotlib", "jinja2"),
    *("jaxtyping", "torch", "transformers"),
]
"""Of the product's and the tools' other uses."""


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    """The token cache of a mixture of one task, 60 examples, ids that the tiny model has."""
    random = np.random.default_rng(0)
    examples = [
        MadeExample(
            str(number),
            tokens={
                name: random.integers(3, 250, random.integers(4, longest))
                for name, longest in (("inputs", 70), ("targets", 12))
            },
        )
        for number in range(60)
    ]
    write_cache(KEY, ListSource(examples), VOCABULARY, tmp_path)
    directory = KEY.directory(tmp_path).relative_to(tmp_path).as_posix()
    part = PartRecord("made", 1.0, "fingerprint", (directory,))
    record = MixtureRecord("made", "train", "task", (part,), (), VOCABULARY.eos_id)
    save_record(tmp_path / "mixtures" / "made-train-0.json", record)
    return tmp_path


def settings(cache_dir: Path) -> gpu_parts.Settings:
    return gpu_parts.Settings(
        inputs=64,
        targets=16,
        turns=2,
        rows={"tiny": 2, "decode": 2},
        cache_dir=cache_dir,
        mixture="made",
        mixture_size="tiny",
    )


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_part_that_fails_says_so_and_the_next_one_runs():
    commands = {
        "breaks": python("print('[{\"way\": \"ours\"}]', flush=True); raise SystemError('burnt')"),
        "works": python('print(\'no rows\\n[{"way": "a"}]\\n[{"way": "b"}]\')'),
    }
    broken, working = run_parts(list(commands), commands.__getitem__, seconds=100)
    assert broken["rows"] == [{"part": "breaks", "way": "ours"}]
    assert broken["failed"] == "ended with 1: SystemError: burnt"
    assert working["rows"] == [{"part": "works", "way": "b"}] and "failed" not in working


def test_a_part_ends_with_the_time_and_keeps_what_it_printed(monkeypatch):
    monkeypatch.setattr(gpu, "SPARE_SECONDS", 1)
    code = 'import time; print(\'[{"way": "ours"}]\', flush=True); time.sleep(600)'
    stopped, late = run_parts(["long", "late"], lambda part: python(code), seconds=3)
    assert stopped["rows"] and stopped["failed"] == "stopped: its time was up"
    assert stopped["seconds"] < 60
    assert late["failed"] == "not begun: no time was left"


def test_table_sets_ours_beside_the_best_of_theirs_the_goal_and_published_figures():
    row = {"part": "large", "seconds": 0.1, "seconds_range": [0.1, 0.2]}
    lines = table(
        [
            {**row, "way": "ours", "is_ours": True, "tokens_per_second": 300.0},
            {**row, "way": "Transformers, sdpa", "tokens_per_second": 150.0},
            {**row, "way": "Transformers, eager", "tokens_per_second": 200.0},
        ]
    ).splitlines()
    ours = lines[2].split(" | ")
    assert ours[9:11] == ["1.50", "230 sequences/s"] and ours[11].startswith("158.7 sequences/s")
    assert all(line.split(" | ")[9] == "" for line in lines[3:])


def test_train_steps_are_measured_and_a_side_that_is_missing_is_named(cache_dir, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    emitted = []
    gpu_parts.train("tiny", settings(cache_dir), emitted.append)
    assert [row["way"] for row in emitted[0]] == ["ours"]
    ours, *theirs = emitted[-1]
    assert ours["tokens_per_second"] == pytest.approx(2 * (64 + 16) / ours["seconds"])
    assert ours["peak_bytes"] > 0 and ours["flops_per_second"] > 0
    assert len(theirs) == 2 and all("torch" in row["failed"] for row in theirs)


def test_too_many_rows_are_halved_until_they_fit():
    def make(shape):
        if shape[0] > 3:
            raise RuntimeError("RESOURCE_EXHAUSTED: so many bytes")
        return "made"

    assert gpu_parts._fewer_rows(make, (16, 8, 4)) == ("made", (2, 8, 4))
    with pytest.raises(ZeroDivisionError):
        gpu_parts._fewer_rows(lambda shape: 1 / 0, (16, 8, 4))


def test_batches_grouped_by_length_hold_the_mixtures_examples(cache_dir):
    mixture = gpu_parts.cached_mixture(cache_dir, "made")
    batches = gpu_parts.grouped_by_length(mixture, {"inputs": 64, "targets": 16}, 4, 15)
    found = sorted(
        row[row > 0].tolist() for batch in batches for row in batch["encoder_input_tokens"]
    )
    cache = mixture.parts[0].cache
    assert found == sorted(cache[i]["inputs"][:64].tolist() for i in range(60))
    # Alike within a batch, and so little padding, in whole eights.
    widths = [batch["encoder_input_tokens"].shape[1] for batch in batches]
    assert all(width % 8 == 0 for width in widths) and len(set(widths)) > 3
    segments = [batch["encoder_segment_ids"] for batch in batches]
    assert sum(map(np.sum, segments)) > 0.8 * sum(map(np.size, segments))


def test_a_folder_without_the_cache_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds 0 token caches of made.*flan_mix\.cache"):
        gpu_parts.cached_mixture(tmp_path, "made")


@pytest.mark.parametrize(
    ("kind", "peak"),
    [
        ("NVIDIA H200", 989e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("cpu", None),
    ],
)
def test_the_peak_of_a_card_is_found_by_its_name(kind, peak):
    assert gpu_parts.peak_flops(kind) == peak


BLOCKED = """
import sys, importlib.abc
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {names!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)
sys.meta_path.insert(0, Blocked())
from tools.bench import gpu_parts
gpu_parts.main()
"""


@pytest.mark.parametrize("part", ["mixture", pytest.param("decode", marks=pytest.mark.slow)])
def test_parts_need_only_jax_and_its_libraries(part, cache_dir):
    """As a process, and with a real mixture's cache; what is not needed cannot be imported."""
    options = "--mixture made --mixture_size tiny --rows tiny=2 --rows decode=2 --turns 2 "
    options += f"--inputs 64 --targets 16 --cache_dir {cache_dir}"
    command = [sys.executable, "-c", BLOCKED.format(names=NOT_NEEDED), part, *options.split()]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    rows = json.loads(run.stdout.splitlines()[-1])
    assert rows[0]["way"] == "ours" and rows[0]["tokens_per_second"] > 0
    missing = "ModuleNotFoundError: No module named 'torch'"
    assert [row["failed"] for row in rows[1:]] == [missing] * 2
