"""The SentencePiece vocabulary gives SeqIO's ids and texts, and says what a file lacks."""

import copy
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceTrainer

from flan_mix.vocabularies import SentencePieceVocabulary, train_sentencepiece
from tests.shared_data import shared_path

SENTENCES = [
    "",
    "translate English to German: That is good.",
    "Fill <extra_id_0> in and <extra_id_1> too, then <extra_id_99>.",
    "line one\nline two\r\n\ttabbed",
    "braces {x} < y \\ ~z, ligature ﬁ, half ½, snowman ☃, naïve café",
    "  leading,  doubled   and trailing spaces  ",
    "nothing\0null",
    "Überprüfung der Straße – 日本語 🙂",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def some_texts(count: int = 400) -> list[str]:
    """Made-up sentences over a small alphabet: enough for a model of a few hundred pieces."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghijklmno", k=draw.randint(2, 7))) for _ in range(200)]
    return [" ".join(draw.choices(words, k=8)) + draw.choice(".!?") for _ in range(count)]


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("vocabulary") / "small.model"
    train_sentencepiece(some_texts(), path, 200)
    return str(path)


@pytest.fixture(scope="module", params=["small", "t5"])
def model_file(request: pytest.FixtureRequest, small_model: str) -> str:
    return (
        small_model if request.param == "small" else str(shared_path("data/t5_vocab/spiece.model"))
    )


@pytest.fixture(scope="module")
def pair(model_file: str):
    """Our vocabulary and SeqIO's over the same file."""
    seqio = pytest.importorskip("seqio")
    ours = SentencePieceVocabulary(model_file, extra_ids=100)
    return ours, seqio.SentencePieceVocabulary(model_file, extra_ids=100)


@pytest.fixture(scope="module")
def small(small_model: str) -> SentencePieceVocabulary:
    return SentencePieceVocabulary(small_model, extra_ids=100)


@pytest.mark.parametrize("text", SENTENCES)
def test_ids_equal_those_of_seqio(pair, text):
    ours, theirs = pair
    assert ours.encode(text) == list(theirs.encode(text))


@settings(max_examples=200)
@given(text=TEXT)
def test_ids_of_any_text_equal_those_of_seqio(pair, text):
    ours, theirs = pair
    assert ours.encode(text) == list(theirs.encode(text))


@settings(max_examples=200)
@given(data=st.data())
def test_any_ids_decode_as_in_seqio(pair, data):
    ours, theirs = pair
    around_the_end = st.integers(ours.vocab_size - 110, ours.vocab_size + 40)
    ids = data.draw(st.lists(st.integers(0, ours.vocab_size) | st.integers(0, 3) | around_the_end))
    assert ours.decode(ids) == theirs.decode(ids)
    assert ours.decode(np.array(ids, np.int32)) == theirs.decode(ids)


def test_special_ids_and_size_equal_those_of_seqio(pair):
    ours, theirs = pair
    assert ours.vocab_size == theirs.vocab_size
    assert (ours.pad_id, ours.eos_id, ours.unk_id) == (theirs.pad_id, theirs.eos_id, theirs.unk_id)
    assert ours.extra_ids == theirs.extra_ids == 100


def test_t5_vocabulary_has_32100_ids_and_known_pieces():
    t5 = SentencePieceVocabulary(str(shared_path("data/t5_vocab/spiece.model")))
    assert (t5.vocab_size, t5.pad_id, t5.eos_id, t5.unk_id) == (32_100, 0, 1, 2)
    known = [13959, 1566, 12, 2968, 10, 466, 19, 207, 5]
    assert t5.encode("translate English to German: That is good.") == known
    assert t5.decode([*known, 1, 1566]) == "translate English to German: That is good."
    assert t5.encode("<extra_id_0> <extra_id_99>") == [32_099, 32_000]


def test_t5_vocabulary_drops_newlines_and_braces():
    t5 = SentencePieceVocabulary(str(shared_path("data/t5_vocab/spiece.model")))
    assert t5.dropped_characters("if (a < b) {\n  c = ~d; // \\ done\n}") == "\n<\\{}~"
    assert t5.count_unknown(t5.encode("{ a }")) == 2
    assert t5.count_unknown(np.array(t5.encode("plain words"), np.int32)) == 0


def test_first_extra_id_is_the_last_id_and_one_token(small):
    assert small.vocab_size == 300
    assert small.encode("<extra_id_0>") == [299]
    assert small.encode("<extra_id_99>") == [200]
    assert small.decode([299, 200]) == "<extra_id_0> <extra_id_99>"


def test_without_extra_ids_the_pieces_are_all(small_model):
    vocabulary = SentencePieceVocabulary(small_model, extra_ids=0)
    assert vocabulary.vocab_size == 200
    assert max(vocabulary.encode("<extra_id_0>")) < 200


def test_batches_encode_as_single_texts(pair):
    ours, _ = pair
    batch = ours.encode_batch(SENTENCES * 5)
    assert [ids.tolist() for ids in batch] == [ours.encode(text) for text in SENTENCES * 5]
    assert {ids.dtype for ids in batch} == {np.dtype(np.int32)}
    assert ours.encode_batch([]) == []


def test_decoding_stops_at_eos_and_padding_is_silent(small):
    ids = small.encode("abc def")
    assert small.decode([*ids, small.eos_id, *small.encode("hij")]) == small.decode(ids)
    assert small.decode([*ids, 0, 0, 0]) == small.decode(ids) == "abc def"
    assert small.decode([]) == ""


def test_ids_past_the_vocabulary_decode_as_unknown(small):
    assert small.decode([small.vocab_size + 27]) == small.decode([small.unk_id])


def test_fingerprint_follows_contents_and_settings_not_the_path(small_model, small, tmp_path):
    moved = tmp_path / "moved.model"
    moved.write_bytes(Path(small_model).read_bytes())
    assert SentencePieceVocabulary(moved, extra_ids=100) == small
    assert hash(SentencePieceVocabulary(moved, extra_ids=100)) == hash(small)
    assert SentencePieceVocabulary(moved, extra_ids=0) != small
    train_sentencepiece(some_texts(300), moved, 200)
    assert SentencePieceVocabulary(moved, extra_ids=100).fingerprint != small.fingerprint


def test_a_pickled_vocabulary_works_without_its_file(tmp_path):
    path = tmp_path / "gone.model"
    train_sentencepiece(some_texts(), path, 150)
    vocabulary = SentencePieceVocabulary(path, extra_ids=10)
    path.unlink()
    for twin in (pickle.loads(pickle.dumps(vocabulary)), copy.deepcopy(vocabulary)):
        assert twin == vocabulary
        assert twin.encode("abc <extra_id_3> def") == vocabulary.encode("abc <extra_id_3> def")


def test_half_a_surrogate_pair_is_refused_alone_and_in_a_batch(small):
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        small.encode("half \ud83d")
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        small.encode_batch(["whole", "half \ud83d"])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.model"):
        SentencePieceVocabulary(tmp_path / "nowhere.model")
    with pytest.raises(ValueError, match=r"gs://bucket/some\.model is not a local file"):
        SentencePieceVocabulary("gs://bucket/some.model")


@pytest.mark.parametrize("contents", [b"", b"no model at all"])
def test_a_file_that_is_no_model_is_named(tmp_path, contents):
    path = tmp_path / "broken.model"
    path.write_bytes(contents)
    with pytest.raises(ValueError, match=r"broken\.model.*SentencePiece model"):
        SentencePieceVocabulary(path)


def test_a_model_with_other_special_ids_is_refused(tmp_path):
    SentencePieceTrainer.train(  # The trainer's own defaults: unknown 0, EOS 2, no padding.
        sentence_iterator=iter(some_texts()),
        model_prefix=str(tmp_path / "default"),
        vocab_size=150,
        minloglevel=2,
    )
    with pytest.raises(ValueError, match=r"default\.model has padding id -1.*must be 0"):
        SentencePieceVocabulary(tmp_path / "default.model")


def test_a_model_with_sentinels_of_its_own_gets_no_others(tmp_path):
    """mT5's file is such a one."""
    SentencePieceTrainer.train(
        sentence_iterator=iter(some_texts()),
        model_prefix=str(tmp_path / "own"),
        vocab_size=150,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        user_defined_symbols=["▁<extra_id_0>"],
        minloglevel=2,
    )
    with pytest.raises(ValueError, match="give extra_ids=0 rather than 100"):
        SentencePieceVocabulary(tmp_path / "own.model", extra_ids=100)
    own = SentencePieceVocabulary(tmp_path / "own.model")
    assert own == SentencePieceVocabulary(tmp_path / "own.model", extra_ids=0)
    assert (own.vocab_size, own.extra_ids) == (150, 0)
    (sentinel,) = own.encode("<extra_id_0>")
    assert own.decode([sentinel]) == "<extra_id_0>"


def test_a_model_without_sentinels_gets_those_of_t5(small_model, small):
    assert SentencePieceVocabulary(small_model) == small


def test_negative_extra_ids_are_refused(small_model):
    with pytest.raises(ValueError, match="extra_ids must be 0 or more, not -1"):
        SentencePieceVocabulary(small_model, extra_ids=-1)


def test_importing_vocabularies_and_metrics_loads_nothing_heavy():
    program = (
        "import sys, flan_mix.vocabularies, flan_mix.metrics\n"
        "heavy = {'tensorflow', 'seqio', 'tensorflow_datasets', 'rouge_score', 'nltk', 'jax'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
