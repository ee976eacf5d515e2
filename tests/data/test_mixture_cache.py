"""Opening mixtures: built once, reopened without SeqIO, rebuilt when anything changes."""

import dataclasses
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from flan_mix import registry
from flan_mix.data import RenderSettings, TrainLoader, build_cache, evaluation_batches, open_mixture
from flan_mix.registry import ExamplesProportional, FileSource, TaskError, TaskSpec
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary

VOCABULARY = ByteVocabulary()
TEMPLATES = (
    Template("say {word} again", "{word}"),
    Template("repeat: {word}", "{word}!"),
    Template("what is {word}?", "it is {word}"),
)


def spec(folder: Path, name: str, rows: int, **changes) -> TaskSpec:
    """A task of numbered words; only the task "both" has a validation split."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = {"train": f"{name}.jsonl"}
    lines = [json.dumps({"id": f"{name}-{i}", "word": f"word{i}"}) for i in range(rows)]
    (folder / f"{name}.jsonl").write_text("\n".join(lines))
    if name == "both":
        splits["validation"] = "both_validation.jsonl"
        (folder / "both_validation.jsonl").write_text("\n".join(lines[:3]))
    source = FileSource(splits, data_dir=str(folder))
    fields = {"id": "id", "word": "word"}
    return TaskSpec(name, "words", source, fields, TEMPLATES, **changes)


@pytest.fixture
def words(tmp_path):
    """Two tasks and a mixture "words" of them, in proportion to 40 and 10 examples."""
    folder = tmp_path / "data"
    registry.add_task(spec(folder, "both", 40))
    registry.add_task(spec(folder, "train_only", 10))
    registry.add_mixture("words", ["both", "train_only"], rate=ExamplesProportional())
    yield folder
    for name in ("words", "both", "train_only"):
        registry.remove(name)


def reregister(new: TaskSpec, rate: float | None = None) -> None:
    registry.remove("words")
    registry.remove(new.name)
    registry.add_task(new)
    rate_or_sizes = ExamplesProportional() if rate is None else rate
    registry.add_mixture("words", ["both", "train_only"], rate=rate_or_sizes)


def opened(tmp_path, name="words", split="train", **settings):
    return open_mixture(
        name, split, vocabulary=VOCABULARY, cache_dir=tmp_path / "cache", **settings
    )


def texts(cache) -> list[str]:
    return [VOCABULARY.decode(cache[i]["inputs"].tolist()) for i in range(len(cache))]


def directories(mixture) -> list[str]:
    return [cache.directory.name for part in mixture.parts for cache in part.passes]


def test_parts_hold_the_rendered_examples_at_their_rates(tmp_path, words):
    mixture = opened(tmp_path)
    assert [(p.task, p.rate, len(p.cache)) for p in mixture.parts] == [
        ("both", 40.0, 40),
        ("train_only", 10.0, 10),
    ]
    cache = mixture.parts[1].cache
    for i, text in enumerate(texts(cache)):
        template = TEMPLATES[cache.template_id(i)]
        assert text == template.render({"word": f"word{i}"})[0]
        assert cache.example_id(i) == f"train_only-{i}"
    assert len(set(cache.manifest.templates)) == 3


def test_reopening_builds_nothing(tmp_path, words):
    first = opened(tmp_path)
    told = []
    again = opened(tmp_path, on_progress=told.append, build=False)
    assert told == []
    assert again.fingerprint == first.fingerprint
    assert [(p.task, p.rate) for p in again.parts] == [(p.task, p.rate) for p in first.parts]


def test_missing_cache_is_an_error_where_building_is_not_wanted(tmp_path, words):
    with pytest.raises(FileNotFoundError, match=r"'both', split 'train'.*flan_mix\.cache"):
        opened(tmp_path, build=False)


@pytest.mark.parametrize("change", ["templates", "data", "filter"])
def test_changed_task_is_rebuilt_and_the_other_kept(tmp_path, words, change):
    before = opened(tmp_path)
    new = spec(words, "train_only", 12 if change == "data" else 10)
    if change == "templates":
        new = dataclasses.replace(new, templates=(*TEMPLATES[:2], Template("{word}", "{word}")))
    if change == "filter":
        new = dataclasses.replace(new, fields=lambda row: row if row["id"][-1] != "3" else None)
    reregister(new)
    after = opened(tmp_path)
    assert directories(before)[0] == directories(after)[0]
    assert directories(before)[1] != directories(after)[1]
    expected = {"templates": 10, "data": 12, "filter": 9}[change]
    assert len(after.parts[1].cache) == expected
    assert after.parts[1].rate == expected
    assert after.parts[1].cache.manifest.skipped == ({"filtered": 1} if change == "filter" else {})


def test_changed_rates_are_seen_though_the_caches_stay(tmp_path, words):
    before = opened(tmp_path)
    reregister(registry.get_task("both"), rate=3.0)
    after = opened(tmp_path, build=False)
    assert [part.rate for part in after.parts] == [3.0, 3.0]
    assert directories(before) == directories(after)
    assert before.fingerprint != after.fingerprint


def test_deleted_cache_is_built_again(tmp_path, words):
    first = opened(tmp_path)
    directory = first.parts[0].cache.directory
    directory.rename(tmp_path / "moved")
    again = opened(tmp_path)
    assert again.parts[0].cache.directory == directory
    assert texts(again.parts[0].cache) == texts(first.parts[0].cache)


def test_passes_draw_other_templates_for_the_same_examples(tmp_path, words):
    part = opened(tmp_path, passes=2).parts[0]
    one, two = part.passes
    assert [one.example_id(i) for i in range(40)] == [two.example_id(i) for i in range(40)]
    assert [one.template_id(i) for i in range(40)] != [two.template_id(i) for i in range(40)]
    other_seed = opened(tmp_path, seed=1).parts[0].cache
    assert texts(other_seed) != texts(one)
    # The first pass is the same cache, whether there is a second or not.
    assert opened(tmp_path, passes=1).parts[0].cache.directory == one.directory


def test_single_task_opens_as_a_mixture_of_one(tmp_path, words):
    mixture = opened(tmp_path, name="both")
    assert [(part.task, part.rate) for part in mixture.parts] == [("both", 1.0)]
    assert len(build_cache("both", "train", VOCABULARY, tmp_path / "cache")) == 40


def test_parts_without_the_split_are_named_and_left_out(tmp_path, words):
    mixture = opened(tmp_path, split="validation")
    assert [part.task for part in mixture.parts] == ["both"]
    assert mixture.missing == ("train_only",)
    assert mixture.parts[0].cache.record(0)["targets"].startswith(("word0", "it is word0"))
    assert opened(tmp_path, split="validation").missing == ("train_only",)
    with pytest.raises(ValueError, match="any part of it has a split 'test'"):
        opened(tmp_path, split="test")


def test_unknown_name_is_refused_by_the_registry(tmp_path, words):
    with pytest.raises(TaskError, match="words"):
        opened(tmp_path, name="wordz")


def test_caches_serve_where_the_data_is_not(tmp_path, words, caplog):
    before = opened(tmp_path)
    for file in words.iterdir():
        file.unlink()
    after = opened(tmp_path, feature_lengths={"inputs": 9, "targets": 9})
    assert after.fingerprint == before.fingerprint
    assert "used unchecked" in caplog.text
    with pytest.raises(FileNotFoundError):
        opened(tmp_path, seed=1)


def test_warm_cache_trains_without_seqio_or_tensorflow(tmp_path, words):
    """As a process: registers the tasks, opens the cache, takes batches."""
    opened(tmp_path)
    script = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from tests.data.test_mixture_cache import VOCABULARY, spec
        from flan_mix import registry
        from flan_mix.data import TrainLoader, open_mixture, prefetch
        folder = Path({str(words)!r})
        registry.add_task(spec(folder, "both", 40))
        registry.add_task(spec(folder, "train_only", 10))
        rate = registry.ExamplesProportional()
        registry.add_mixture("words", ["both", "train_only"], rate=rate)
        cache_dir = {str(tmp_path / "cache")!r}
        mixture = open_mixture("words", "train", vocabulary=VOCABULARY, cache_dir=cache_dir)
        lengths = {{"inputs": 64, "targets": 16}}
        batches = prefetch(TrainLoader(mixture, feature_lengths=lengths, batch_size=4))
        next(batches)
        print(sorted({{"tensorflow", "seqio", "tensorflow_datasets"}} & set(sys.modules)))
        """
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_training_and_evaluation_read_what_was_rendered(tmp_path, words):
    mixture = opened(tmp_path)
    lengths = {"inputs": 24, "targets": 16}
    loader = TrainLoader(mixture, feature_lengths=lengths, batch_size=4, pack=False)
    known = {t for part in mixture.parts for t in texts(part.cache)}
    for row in next(loader)["encoder_input_tokens"]:
        assert VOCABULARY.decode(row.tolist()) in known
    validation = opened(tmp_path, split="validation").parts[0].cache
    ((batch, indices),) = evaluation_batches(validation, batch_size=4)
    assert indices.tolist() == [0, 1, 2, -1]
    for row, index in zip(batch["decoder_target_tokens"], indices[:3].tolist(), strict=False):
        assert VOCABULARY.decode(row.tolist()) == validation.record(index)["targets"]


@pytest.fixture
def foreign_task(tmp_path):
    """A plain SeqIO task as somebody else registers it, with EOS and trimming of its own."""
    seqio = pytest.importorskip("seqio", reason="SeqIO is not installed")
    import tensorflow as tf

    def rows(split, shuffle_files=False, seed=None):
        data = [f"number {i}" for i in range(6)]
        return tf.data.Dataset.from_tensor_slices({"inputs": data, "targets": data})

    vocabulary = seqio.ByteVocabulary()
    seqio.TaskRegistry.add(
        "somebody_elses",
        source=seqio.FunctionDataSource(rows, splits=("train", "validation")),
        preprocessors=[seqio.preprocessors.tokenize, seqio.preprocessors.append_eos],
        output_features={name: seqio.Feature(vocabulary) for name in ("inputs", "targets")},
        metric_fns=[],
    )
    yield "somebody_elses"
    seqio.TaskRegistry.remove("somebody_elses")


def test_other_peoples_task_keeps_the_ids_it_produces(tmp_path, foreign_task):
    mixture = opened(tmp_path, name=foreign_task)
    cache = mixture.parts[0].cache
    assert [cache[i]["inputs"].tolist() for i in range(6)] == [
        [*VOCABULARY.encode(f"number {i}"), 1] for i in range(6)
    ]
    assert cache.template_id(0) == -1
    assert cache.lengths("targets").tolist() == [9] * 6


def test_other_peoples_task_depends_on_the_lengths_it_is_given(tmp_path, foreign_task):
    first = opened(tmp_path, name=foreign_task, feature_lengths={"inputs": 9, "targets": 9})
    other = opened(tmp_path, name=foreign_task, feature_lengths={"inputs": 8, "targets": 9})
    assert first.fingerprint != other.fingerprint
    # Nothing is trimmed while caching; that is the loader's work.
    assert other.parts[0].cache.lengths("inputs").tolist() == [9] * 6


def test_other_peoples_cached_task_trains_where_seqio_is_not_loaded(tmp_path, foreign_task):
    lengths = {"inputs": 16, "targets": 16}
    opened(tmp_path, name=foreign_task, feature_lengths=lengths)
    script = textwrap.dedent(
        f"""
        import sys
        from flan_mix.data import TrainLoader, open_mixture
        from flan_mix.vocabularies import ByteVocabulary
        mixture = open_mixture(
            {foreign_task!r}, "train", vocabulary=ByteVocabulary(), feature_lengths={lengths!r},
            cache_dir={str(tmp_path / "cache")!r},
        )
        batch = next(TrainLoader(mixture, feature_lengths={lengths!r}, batch_size=2))
        print(batch["encoder_input_tokens"].shape, "seqio" in sys.modules)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "(2, 16) False", done.stderr


def test_our_tasks_do_not_depend_on_lengths(tmp_path, words):
    first = opened(tmp_path, feature_lengths={"inputs": 9, "targets": 9})
    assert opened(tmp_path, build=False).fingerprint == first.fingerprint
    settings = RenderSettings(sequence_length={"inputs": 8, "targets": 8})
    cache = build_cache("both", "train", VOCABULARY, tmp_path / "cache", settings=settings)
    assert cache.directory == first.parts[0].cache.directory


def test_killed_build_of_a_real_task_resumes_to_the_same_bytes(tmp_path, words, monkeypatch):
    from flan_mix.data import cache_writer

    monkeypatch.setattr(cache_writer, "SHARD_EXAMPLES", 7)
    whole = build_cache("both", "train", VOCABULARY, tmp_path / "whole")

    def kill(progress):
        if progress.examples >= 21:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_cache("both", "train", VOCABULARY, tmp_path / "killed", on_progress=kill)
    again = build_cache("both", "train", VOCABULARY, tmp_path / "killed")
    for file in whole.directory.iterdir():
        assert file.read_bytes() == (again.directory / file.name).read_bytes(), file.name
    assert np.array_equal(again.lengths("inputs"), whole.lengths("inputs"))
