"""SeqIO's twin of a task's vocabulary has the ids that ours has."""

import pytest
from sentencepiece import SentencePieceTrainer

from flan_mix.registry.seqio_half.vocabularies import seqio_vocabulary
from flan_mix.tasks.starter import vocabulary_file
from flan_mix.vocabularies import SentencePieceVocabulary


@pytest.fixture
def with_own_sentinels(tmp_path) -> str:
    """A model file that holds a sentinel, as mT5's does."""
    SentencePieceTrainer.train(
        sentence_iterator=iter(["the red house by the river and the green tree"] * 20),
        model_prefix=str(tmp_path / "own"),
        vocab_size=40,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        user_defined_symbols=["▁<extra_id_0>"],
        minloglevel=2,
    )
    return str(tmp_path / "own.model")


def test_a_file_with_sentinels_of_its_own_gets_no_others(with_own_sentinels) -> None:
    ours, theirs = SentencePieceVocabulary(with_own_sentinels), seqio_vocabulary(with_own_sentinels)
    assert theirs.vocab_size == ours.vocab_size
    for text in ("the red house", "the <extra_id_0> tree"):
        assert list(theirs.encode(text)) == list(ours.encode(text))
    assert seqio_vocabulary(ours) is theirs


def test_a_file_without_gets_those_of_t5() -> None:
    ours, theirs = SentencePieceVocabulary(vocabulary_file()), seqio_vocabulary(vocabulary_file())
    assert theirs.vocab_size == ours.vocab_size
    assert list(theirs.encode("<extra_id_0>")) == list(ours.encode("<extra_id_0>"))


def test_a_file_that_is_elsewhere_is_not_opened() -> None:
    assert seqio_vocabulary("gs://nowhere/sentencepiece.model").extra_ids == 100
