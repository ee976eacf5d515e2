"""seqio vocabularies, which T5X's gin files name, as those that train and answer here."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import seqio

from flan_mix import vocabularies
from flan_mix.t5x.not_there import NotThereError

COPIES = Path.home() / ".cache" / "flan_mix" / "vocabularies"
"""Where SentencePiece models that lie elsewhere than in the file system are copied to."""


def our_vocabulary(vocabulary: seqio.Vocabulary) -> vocabularies.Vocabulary:
    """The vocabulary with the same ids.

    A SentencePiece model on gs:// or the like is copied once. Raises NotThereError for settings
    that change the ids in other ways, and OSError with the flag that names a local file.
    """
    match vocabulary:
        case vocabularies.Vocabulary():
            return vocabulary
        case seqio.SentencePieceVocabulary():
            _check_plain(vocabulary)
            file = _local_file(vocabulary.sentencepiece_model_file)
            return vocabularies.SentencePieceVocabulary(file, vocabulary.extra_ids)
        case seqio.ByteVocabulary():
            return vocabularies.ByteVocabulary(vocabulary.extra_ids)
        case seqio.Vocabulary():
            return _OtherVocabulary(vocabulary)
    raise TypeError(f"{vocabulary!r} is not a seqio.Vocabulary")


class _OtherVocabulary(vocabularies.Vocabulary):
    """Any seqio.Vocabulary, asked through its Python methods."""

    def __init__(self, vocabulary: seqio.Vocabulary):
        if vocabulary.pad_id != 0 or vocabulary.eos_id is None:
            raise NotThereError(f"{vocabulary}: padding must be id 0, and there must be an EOS")
        self._of = vocabulary

    @property
    def eos_id(self) -> int:
        return int(self._of.eos_id)  # pyright: ignore[reportArgumentType]

    @property
    def unk_id(self) -> int:
        return self._of.unk_id if self._of.unk_id is not None else -1

    @property
    def extra_ids(self) -> int:
        return self._of.extra_ids

    @property
    def vocab_size(self) -> int:
        return self._of.vocab_size

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{type(self._of).__name__} {self._of}".encode()).hexdigest()

    def encode(self, text: str) -> list[int]:
        return [int(i) for i in self._of.encode(text)]

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [np.asarray(self.encode(text), np.int32) for text in texts]

    def _decode_clean(self, ids: list[int]) -> str:
        return str(self._of.decode(ids))


def _check_plain(vocabulary: seqio.SentencePieceVocabulary) -> None:
    for name, plain in (
        ("_normalizer_spec_overrides", None),
        ("_reverse_extra_ids", True),
        ("_hack_to_t5_start_tokens", True),
        ("_prefix_as_special_token", True),
    ):
        value = getattr(vocabulary, name, plain)
        if value != plain:
            raise NotThereError(
                f"seqio.SentencePieceVocabulary.{name.lstrip('_')} = {value!r} is not there: it "
                f"would change the ids; it must be {plain!r}"
            )


def _local_file(file: str) -> str:
    if "://" not in file:
        return file
    copy = COPIES / hashlib.sha256(file.encode()).hexdigest()[:16] / Path(file).name
    if copy.exists():
        return str(copy)
    # As seqio.Evaluator and the tasks themselves would read it.
    import tensorflow as tf

    try:
        with tf.io.gfile.GFile(file, "rb") as source:
            model = source.read()
    except Exception as error:
        raise OSError(
            f"the SentencePiece model {file} cannot be read ({error}). With a local copy of it: "
            "--gin.seqio.SentencePieceVocabulary.sentencepiece_model_file=\"'/path/to/model'\""
        ) from error
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial = copy.with_suffix(".partial")
    partial.write_bytes(model)
    partial.replace(copy)
    return str(copy)
