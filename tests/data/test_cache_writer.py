"""Building token caches: whole, resumable, and never stale."""

import dataclasses
import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest

from flan_mix.data import cache_writer
from flan_mix.data.cache_key import RenderSettings, open_if_built
from flan_mix.data.cache_writer import write_cache
from flan_mix.vocabularies import ByteVocabulary
from tests.data.synthetic_caches import (
    VOCABULARY,
    ListSource,
    MadeExample,
    key,
    numbered_cache,
    numbered_example,
    random_lengths,
)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(cache_writer, "SHARD_EXAMPLES", 16)


def digest(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()
    }


def texts(count: int) -> list[MadeExample]:
    return [
        MadeExample(id=f"id{i}", inputs=f"text {i} " * (i % 7), targets=f"{i}", template=i % 4)
        for i in range(count)
    ]


@pytest.mark.parametrize("fail_at", [0, 5, 16, 40, 99])
@pytest.mark.parametrize("split", ["train", "validation"])
def test_interrupted_build_resumes_to_the_same_bytes(tmp_path, fail_at, split):
    whole = write_cache(key("a", split=split), ListSource(texts(100)), VOCABULARY, tmp_path / "1")
    cache_key = key("a", split=split)
    with pytest.raises(KeyboardInterrupt):
        write_cache(cache_key, ListSource(texts(100), fail_at), VOCABULARY, tmp_path / "2")
    assert open_if_built(cache_key, tmp_path / "2") is None
    resumed = write_cache(cache_key, ListSource(texts(100)), VOCABULARY, tmp_path / "2")
    assert digest(resumed.directory) == digest(whole.directory)


def test_resumed_build_renders_only_what_is_missing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_cache(key("a"), ListSource(texts(100), fail_at=40), VOCABULARY, tmp_path)
    skips = []

    class Watched(ListSource):
        def examples(self, skip):
            skips.append(skip)
            return super().examples(skip)

    write_cache(key("a"), Watched(texts(100)), VOCABULARY, tmp_path)
    assert skips == [32]


def test_build_killed_while_joining_is_finished_by_the_next(tmp_path, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    whole = write_cache(key("a"), ListSource(texts(50)), VOCABULARY, tmp_path / "1")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(cache_writer.os, "rename", killed)
        write_cache(key("a"), ListSource(texts(50)), VOCABULARY, tmp_path / "2")
    again = write_cache(key("a"), ListSource(texts(50)), VOCABULARY, tmp_path / "2")
    assert digest(again.directory) == digest(whole.directory)


def test_nothing_but_the_finished_cache_is_left_behind(tmp_path):
    cache = write_cache(key("a"), ListSource(texts(50)), VOCABULARY, tmp_path)
    assert [path.name for path in (tmp_path / "a").iterdir()] == [cache.directory.name]


def test_finished_cache_is_not_rendered_again(tmp_path):
    write_cache(key("a"), ListSource(texts(5)), VOCABULARY, tmp_path)
    cache = write_cache(key("a"), ListSource(texts(5), fail_at=0), VOCABULARY, tmp_path)
    assert len(cache) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"task_fingerprint": "v2"},
        {"vocabulary_fingerprint": "other"},
        {"settings": RenderSettings(seed=1)},
        {"settings": RenderSettings(use_cached=True)},
        {"settings": RenderSettings(sequence_length={"inputs": 9})},
        {"settings": RenderSettings(tag="mine")},
        {"pass_index": 1},
        {"split": "validation"},
        {"task": "b"},
    ],
)
def test_anything_the_contents_depend_on_leads_to_a_cache_of_its_own(tmp_path, change):
    cache_key = key("a")
    write_cache(cache_key, ListSource(texts(5)), VOCABULARY, tmp_path)
    changed = dataclasses.replace(cache_key, **change)
    assert open_if_built(changed, tmp_path) is None
    rebuilt = write_cache(changed, ListSource(texts(7)), VOCABULARY, tmp_path)
    assert len(rebuilt) == 7
    assert len(open_if_built(cache_key, tmp_path)) == 5


def test_two_builders_of_one_cache_take_turns(tmp_path):
    caches = []

    def build():
        caches.append(write_cache(key("a"), ListSource(texts(400)), VOCABULARY, tmp_path))

    threads = [threading.Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(cache) for cache in caches] == [400] * 3


def test_manifest_counts_what_is_there(tmp_path):
    class WithSkips(ListSource):
        def skipped(self):
            return {"no label": 3}

    examples = [
        MadeExample(id="1", inputs="abc", targets="", template=2),
        MadeExample(id="2", inputs="", targets="xy", template=2),
        MadeExample(id="3", inputs="abcdefg", targets="z", template=0),
    ]
    manifest = write_cache(key("a"), WithSkips(examples), VOCABULARY, tmp_path).manifest
    inputs, targets = manifest.features["inputs"], manifest.features["targets"]
    assert (manifest.examples, manifest.skipped) == (3, {"no label": 3})
    assert manifest.templates == {"0": 1, "2": 2}
    assert (inputs.tokens, inputs.shortest, inputs.longest, inputs.empty) == (13, 1, 8, 1)
    assert (targets.tokens, targets.longest, targets.empty) == (6, 3, 1)
    assert inputs.percentiles == {"50": 4, "90": 8, "99": 8}
    assert manifest.vocabulary_fingerprint == VOCABULARY.fingerprint


def test_share_of_unknown_tokens_is_in_the_manifest(tmp_path):
    unk = VOCABULARY.unk_id
    example = MadeExample(
        id="1", tokens={"inputs": np.array([unk, 9, unk, 1]), "targets": np.array([9, 1])}
    )
    manifest = write_cache(key("a"), ListSource([example]), VOCABULARY, tmp_path).manifest
    assert manifest.features["inputs"].unknown_share == 0.5
    assert manifest.features["targets"].unknown_share == 0.0


def test_tokens_that_a_task_brings_are_kept_as_they_are(tmp_path):
    tokens = {"inputs": np.array([5, 0, 7]), "targets": np.array([], np.int64)}
    mixed = [MadeExample(id="own", inputs="a", targets="b"), MadeExample(id="given", tokens=tokens)]
    cache = write_cache(key("a"), ListSource(mixed), VOCABULARY, tmp_path)
    assert cache[1]["inputs"].tolist() == [5, 0, 7]
    assert cache[1]["targets"].tolist() == []
    assert cache.manifest.features["targets"].empty == 1


def test_ids_beyond_the_vocabulary_are_refused(tmp_path):
    small = ByteVocabulary()
    with pytest.raises(
        ValueError, match=r"task 'a', example 'example-300': inputs hold ids 1..300"
    ):
        write_cache(key("a"), ListSource([numbered_example(300, 4, 2)]), small, tmp_path)


def test_task_without_inputs_is_refused(tmp_path):
    example = MadeExample(id="1", tokens={"targets": np.array([4, 1])})
    with pytest.raises(ValueError, match=r"'a' has no 'inputs' feature \(it has \['targets'\]\)"):
        write_cache(key("a"), ListSource([example]), VOCABULARY, tmp_path)


def test_large_vocabularies_take_wider_integers(tmp_path):
    wide = ByteVocabulary(extra_ids=70_000)
    tokens = {"inputs": np.array([70_100, 1]), "targets": np.array([66_000, 1])}
    source = ListSource([MadeExample(id="1", tokens=tokens)])
    cache = write_cache(key("a"), source, wide, tmp_path)
    assert cache.tokens("inputs").dtype == np.int32
    assert cache[0]["inputs"].tolist() == [70_100, 1]
    assert numbered_cache(tmp_path, "b", random_lengths(5, 0, (9, 9))).tokens("inputs").dtype == (
        np.uint16
    )


def test_progress_is_told_after_every_shard(tmp_path):
    told = []
    source = ListSource(texts(40))
    write_cache(key("a"), source, VOCABULARY, tmp_path, on_progress=told.append)
    assert [(p.examples, p.total) for p in told] == [(16, 40), (32, 40), (40, 40)]
