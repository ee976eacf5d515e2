"""The byte vocabulary gives SeqIO's ids and texts."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary, train_sentencepiece

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module", params=[0, 125])
def pair(request: pytest.FixtureRequest):
    """Our vocabulary and SeqIO's."""
    seqio = pytest.importorskip("seqio")
    return ByteVocabulary(request.param), seqio.ByteVocabulary(request.param)


@settings(max_examples=200)
@given(text=TEXT)
def test_ids_equal_those_of_seqio(pair, text):
    ours, theirs = pair
    assert ours.encode(text) == list(theirs.encode(text))
    assert ours.decode(ours.encode(text)) == text


@settings(max_examples=200)
@given(ids=st.lists(st.integers(0, 400)))
def test_any_ids_decode_as_in_seqio(pair, ids):
    ours, theirs = pair
    assert ours.decode(ids) == theirs.decode(ids)


def test_special_ids_and_size_equal_those_of_seqio(pair):
    ours, theirs = pair
    assert ours.vocab_size == theirs.vocab_size == 259 + ours.extra_ids
    assert (ours.pad_id, ours.eos_id, ours.unk_id) == (theirs.pad_id, theirs.eos_id, theirs.unk_id)


def test_batches_encode_as_single_texts():
    texts = ["", "plain", "Straße 🙂\n{}"]
    batch = ByteVocabulary().encode_batch(texts)
    assert [ids.tolist() for ids in batch] == [ByteVocabulary().encode(text) for text in texts]
    assert {ids.dtype for ids in batch} == {np.dtype(np.int32)}


def test_no_character_is_dropped_or_unknown():
    text = "if (a < b) {\n  c = ~d; // \\ ☃\n}"
    assert ByteVocabulary().dropped_characters(text) == ""
    assert ByteVocabulary().count_unknown(ByteVocabulary().encode(text)) == 0


def test_a_character_cut_in_two_is_left_out():
    ids = ByteVocabulary().encode("ab☃")
    assert ByteVocabulary().decode(ids[:-1]) == "ab"


def test_equality_follows_the_number_of_extra_ids(tmp_path):
    assert ByteVocabulary(5) == ByteVocabulary(5) == pickle.loads(pickle.dumps(ByteVocabulary(5)))
    assert ByteVocabulary(5) != ByteVocabulary()
    assert len({ByteVocabulary(), ByteVocabulary(), ByteVocabulary(1)}) == 2
    train_sentencepiece(["some words to learn from"], tmp_path / "tiny.model", 17)
    assert ByteVocabulary() != SentencePieceVocabulary(tmp_path / "tiny.model", extra_ids=0)


def test_negative_extra_ids_are_refused():
    with pytest.raises(ValueError, match="extra_ids must be 0 or more, not -3"):
        ByteVocabulary(-3)
