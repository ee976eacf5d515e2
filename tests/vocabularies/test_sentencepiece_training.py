"""Training a SentencePiece model is repeatable and leaves a file T5 can use."""

import hashlib
import json
import subprocess
import sys

import pytest

from flan_mix.vocabularies import SentencePieceVocabulary, train_sentencepiece

TEXTS = [f"row {i}: the {'quick' if i % 3 else 'slow'} fox took {i * 7} steps" for i in range(300)]


def test_the_same_texts_give_the_same_bytes_in_another_process(tmp_path):
    program = (
        "import sys, json\n"
        "from flan_mix.vocabularies import train_sentencepiece\n"
        "train_sentencepiece(json.load(sys.stdin), sys.argv[1], 80)"
    )
    train_sentencepiece(TEXTS, tmp_path / "here.model", 80)
    command = [sys.executable, "-c", program, str(tmp_path / "there.model")]
    subprocess.run(command, input=json.dumps(TEXTS), text=True, check=True)
    here, there = (
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("here.model", "there.model")
    )
    assert here == there


def test_the_model_has_the_size_asked_for_and_t5s_special_ids(tmp_path):
    train_sentencepiece(iter(TEXTS), tmp_path / "new" / "small.model", 90)
    vocabulary = SentencePieceVocabulary(tmp_path / "new" / "small.model", extra_ids=0)
    assert vocabulary.vocab_size == 90
    assert (vocabulary.pad_id, vocabulary.eos_id, vocabulary.unk_id) == (0, 1, 2)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["small.model"]


def test_every_character_seen_gets_a_piece_unless_coverage_is_lowered(tmp_path):
    texts = [*TEXTS, "one {rare} ☃"]
    train_sentencepiece(texts, tmp_path / "all.model", 90)
    train_sentencepiece(texts, tmp_path / "most.model", 80, character_coverage=0.995)
    assert SentencePieceVocabulary(tmp_path / "all.model").dropped_characters("{☃}") == ""
    assert SentencePieceVocabulary(tmp_path / "most.model").dropped_characters("{☃}") == "{}☃"


def test_long_lines_and_texts_of_many_lines_all_count(tmp_path):
    # The trainer passes over what is longer than its limit: 4,192 bytes unless told otherwise.
    texts = ["abc " * 5_000, "abd\nxyz\n\n" * 150_000]
    train_sentencepiece(texts, tmp_path / "long.model", 12)
    assert SentencePieceVocabulary(tmp_path / "long.model").dropped_characters("abcdxyz") == ""


@pytest.mark.parametrize("texts", [TEXTS, []])
def test_too_little_text_is_refused_and_leaves_no_file(tmp_path, texts):
    with pytest.raises(ValueError, match=r"No 9000 pieces can be made for .*big\.model"):
        train_sentencepiece(texts, tmp_path / "big.model", 9_000)
    assert list(tmp_path.iterdir()) == []
