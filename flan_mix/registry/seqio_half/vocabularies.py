"""The seqio.Vocabulary under which bare SeqIO and T5X tokenize a task of ours."""

import functools
import os
from typing import Any

import seqio

from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary

# Where T5X users have it; read when a task that names no vocabulary is first tokenized by SeqIO.
_T5_VOCABULARY = "gs://t5-data/vocabs/cc_all.32000/sentencepiece.model"
_T5_EXTRA_IDS = 100


def seqio_vocabulary(vocabulary: Any) -> seqio.Vocabulary:
    """SeqIO's twin of `TaskSpec.vocabulary`, shared by all tasks that name the same.

    Raises TypeError for anything that is neither a vocabulary nor a path.
    """
    match vocabulary:
        case None:
            return _sentencepiece(_T5_VOCABULARY, _T5_EXTRA_IDS)
        case seqio.Vocabulary():
            return vocabulary
        case SentencePieceVocabulary():
            return _sentencepiece(vocabulary.sentencepiece_model_file, vocabulary.extra_ids)
        case ByteVocabulary():
            return seqio.ByteVocabulary(vocabulary.extra_ids)
        case str() | os.PathLike():
            return _of_file(os.fspath(vocabulary))
    raise TypeError(
        "a task's vocabulary is one of flan_mix.vocabularies, a seqio.Vocabulary or the path of a "
        f"SentencePiece model, not {type(vocabulary).__name__}."
    )


def tokenize_unnamed_with(vocabulary: seqio.SentencePieceVocabulary) -> None:
    """Has tasks that name no vocabulary tokenized as `vocabulary` does, rather than as T5X has it.

    For a run whose model's vocabulary is a file of its own: those tasks are registered already.
    """
    shared: Any = seqio_vocabulary(None)
    if shared is vocabulary:
        return
    state = vocabulary.__getstate__()
    shared.__setstate__(state)


@functools.cache
def _of_file(file: str) -> seqio.SentencePieceVocabulary:
    """With T5's sentinels behind the pieces, unless the file has its own, as ours takes it.

    A file that is not on this machine is taken for one like T5's.
    """
    if not os.path.exists(file):
        return _sentencepiece(file, _T5_EXTRA_IDS)
    return _sentencepiece(file, SentencePieceVocabulary(file).extra_ids)


@functools.cache
def _sentencepiece(file: str, extra_ids: int) -> seqio.SentencePieceVocabulary:
    return seqio.SentencePieceVocabulary(file, extra_ids)
