"""Reading token caches by index."""

import pickle

import numpy as np
import pytest

from flan_mix.data.cache_writer import write_cache
from flan_mix.data.token_cache import TokenCache
from tests.data.synthetic_caches import (
    VOCABULARY,
    ListSource,
    MadeExample,
    key,
    numbered_cache,
)


def text_cache(directory, split):
    examples = [
        MadeExample(id="ä/1", inputs="hällo", targets="x", template=4, references=("x", "y")),
        MadeExample(id="2", inputs="", targets="", template=0, options=("a", "b"), answer="a"),
    ]
    return write_cache(key("texts", split=split), ListSource(examples), VOCABULARY, directory)


def test_examples_are_token_ids_with_eos(tmp_path):
    cache = text_cache(tmp_path, "train")
    assert cache[0]["inputs"].tolist() == [*VOCABULARY.encode("hällo"), 1]
    assert cache[0]["targets"].tolist() == [*VOCABULARY.encode("x"), 1]
    assert cache[1]["inputs"].tolist() == cache[-1]["targets"].tolist() == [1]
    assert cache[0]["inputs"].dtype == np.int32
    assert cache.tokens("inputs").dtype == np.uint16 or VOCABULARY.vocab_size > 1 << 16


def test_lengths_offsets_and_ids_agree_with_the_examples(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(5, 2), (3, 4), (9, 2)])
    assert len(cache) == 3
    assert cache.lengths("inputs").tolist() == [5, 3, 9]
    assert cache.lengths("targets").tolist() == [2, 4, 2]
    assert cache.offsets("inputs").tolist() == [0, 5, 8, 17]
    assert [cache.example_id(i) for i in range(3)] == ["example-2", "example-3", "example-4"]
    assert [cache.template_id(i) for i in range(3)] == [2, 0, 1]


def test_texts_are_kept_for_every_split_but_train(tmp_path):
    validation = text_cache(tmp_path, "validation")
    assert validation.has_records
    assert validation.record(0) == {
        "task": "texts",
        "split": "validation",
        "seed": 0,
        "pass": 0,
        "id": "ä/1",
        "template": 4,
        "inputs": "hällo",
        "targets": "x",
        "references": ["x", "y"],
        "options": [],
        "answer": None,
    }
    assert validation.record(-1)["answer"] == "a"
    train = text_cache(tmp_path, "train")
    assert not train.has_records
    rendered = {"task": "texts", "split": "train", "seed": 0, "pass": 0}
    assert train.record(0) == {**rendered, "id": "ä/1", "template": 4}


def test_index_past_the_end_is_an_index_error(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(5, 2)])
    with pytest.raises(IndexError, match="example 1 of TokenCache"):
        cache[1]
    with pytest.raises(IndexError):
        cache.record(-2)


def test_cache_without_examples_can_be_opened(tmp_path):
    cache = numbered_cache(tmp_path, "a", [])
    assert len(cache) == 0
    assert cache.manifest.features["inputs"].longest == 0
    assert cache.lengths("targets").tolist() == []


def test_cache_travels_to_another_process_by_its_path(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(500, 2)] * 500)
    sent = pickle.dumps(cache)
    assert len(sent) < 1000
    assert pickle.loads(sent)[499]["inputs"].tolist() == cache[499]["inputs"].tolist()


def test_missing_or_damaged_cache_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="python -m flan_mix"):
        TokenCache.open(tmp_path / "nothing")
    cache = numbered_cache(tmp_path, "a", [(5, 2)])
    (cache.directory / "inputs.tokens.npy").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"inputs.tokens.npy is damaged .* built again"):
        TokenCache.open(cache.directory)


def test_cache_of_another_format_is_refused(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(5, 2)])
    path = cache.directory / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(ValueError, match="cache format 99, this version reads 1"):
        TokenCache.open(cache.directory)
