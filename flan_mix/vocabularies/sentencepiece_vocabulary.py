"""T5's vocabulary: a SentencePiece model file with sentinel ids put behind its pieces.

The ids are those of the SentencePiece library in Python, which training and inference share;
tf-text, which SeqIO uses inside tf.data, gives other ids on some strings.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flan_mix.vocabularies.vocabulary import Vocabulary

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

_T5_EXTRA_IDS = 100
_A_SENTINEL = b"<extra_id_0>"


class SentencePieceVocabulary(Vocabulary):
    """The pieces of a model file, then `extra_ids` sentinels, `<extra_id_0>` the last id.

    The sentinels are found where a word can start, as in SeqIO. The model must have
    padding as id 0 and an EOS, as T5's and those of `train_sentencepiece` have. The file is
    read at once; pickling carries its contents, so that a copy needs no file.
    """

    def __init__(
        self, sentencepiece_model_file: str | os.PathLike[str], extra_ids: int | None = None
    ):
        """Reads the model file.

        `extra_ids`: how many sentinels to add. None adds T5's 100, or none to a file that holds
        sentinels of its own, as mT5's does.

        Raises FileNotFoundError when there is no such file and ValueError when it is no
        SentencePiece model, or one without padding at id 0 or without EOS.
        """
        self._file = os.fspath(sentencepiece_model_file)
        model = _read_model(self._file)
        if extra_ids is None:
            extra_ids = 0 if _A_SENTINEL in model else _T5_EXTRA_IDS
        self._extra_ids = extra_ids
        self._set_model(model)

    def _set_model(self, model: bytes) -> None:
        self._model = model
        self._processor = _load_processor(model, self._extra_ids, self._file)

    @property
    def sentencepiece_model_file(self) -> str:
        """The path that the model was read from."""
        return self._file

    @property
    def eos_id(self) -> int:
        """The model's EOS: 1 in T5's."""
        return self._processor.eos_id()

    @property
    def unk_id(self) -> int:
        """The model's unknown piece: 2 in T5's."""
        return self._processor.unk_id()

    @property
    def extra_ids(self) -> int:
        """How many sentinel ids were put behind the file's pieces; a file's own do not count."""
        return self._extra_ids

    @property
    def vocab_size(self) -> int:
        """Pieces plus extra ids: 32,000 + 100 for T5, 250,100 + 0 for mT5."""
        return self._processor.get_piece_size()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the model file's bytes and the number of extra ids."""
        settings = f"sentencepiece extra_ids={self._extra_ids}\n".encode()
        return hashlib.sha256(settings + self._model).hexdigest()

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without EOS; UnicodeEncodeError for half a surrogate pair."""
        return self._processor.encode(text.encode("utf-8"), out_type=int)

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """What `encode` gives for each text, as int32 [length] arrays.

        SentencePiece's own threads share the work, outside Python's lock.
        """
        contents = [text.encode("utf-8") for text in texts]
        return [np.asarray(i, np.int32) for i in self._processor.encode(contents, out_type=int)]

    def _decode_clean(self, ids: list[int]) -> str:
        return self._processor.decode(ids)

    def __getstate__(self) -> dict[str, object]:
        return {"file": self._file, "extra_ids": self._extra_ids, "model": self._model}

    def __setstate__(self, state: dict) -> None:
        self._file = state["file"]
        self._extra_ids = state["extra_ids"]
        self._set_model(state["model"])

    def __repr__(self) -> str:
        return f"SentencePieceVocabulary({self._file!r}, extra_ids={self._extra_ids})"


def _read_model(file: str) -> bytes:
    if "://" in file:
        raise ValueError(
            f"{file} is not a local file: copy the SentencePiece model to this machine and give "
            "its path (on Google Cloud Storage: gcloud storage cp)."
        )
    if not Path(file).is_file():
        raise FileNotFoundError(
            f"There is no SentencePiece model file at {file}: correct sentencepiece_model_file, "
            "or make a model with flan_mix.vocabularies.train_sentencepiece."
        )
    return Path(file).read_bytes()


def _load_processor(model: bytes, extra_ids: int, file: str) -> SentencePieceProcessor:
    if extra_ids < 0:
        raise ValueError(f"extra_ids must be 0 or more, not {extra_ids}.")
    if not model:
        raise ValueError(f"{file} is empty: it should be a SentencePiece model.")
    # Only here: tokens that lie in a cache are trained on without it.
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(model + _extra_id_pieces(extra_ids))
    except RuntimeError as error:
        raise ValueError(_load_failure(model, extra_ids, file, error)) from error
    _check_special_ids(processor, file)
    return processor


def _load_failure(model: bytes, extra_ids: int, file: str, error: RuntimeError) -> str:
    """Says whether the file is unreadable or merely holds pieces of the sentinels' names."""
    if b"<extra_id_" in model and extra_ids:
        return (
            f"{file} already holds <extra_id_…> pieces of its own: "
            f"give extra_ids=0 rather than {extra_ids} ({error})."
        )
    return f"{file} cannot be read as a SentencePiece model ({error})."


def _check_special_ids(processor: SentencePieceProcessor, file: str) -> None:
    if processor.pad_id() != 0 or processor.eos_id() < 0:
        raise ValueError(
            f"{file} has padding id {processor.pad_id()} and EOS id {processor.eos_id()}: padding "
            "must be 0 and EOS must exist. Train the model with pad_id=0, eos_id=1, unk_id=2, as "
            "flan_mix.vocabularies.train_sentencepiece does."
        )


def _extra_id_pieces(extra_ids: int) -> bytes:
    """Sentinel pieces in protobuf's wire format, highest number first as SeqIO adds them.

    Serialized protobuf messages merge by concatenation, so these bytes can simply follow a model.
    That spares the generated protobuf module, of which one process holds only one version.
    """
    return b"".join(_user_defined_piece(f"▁<extra_id_{i}>") for i in reversed(range(extra_ids)))


def _user_defined_piece(piece: str) -> bytes:
    # ModelProto field 1 {piece: field 1, a string; score: field 2, a float 0; type: field 3, 4}.
    name = piece.encode("utf-8")
    body = bytes([0x0A, len(name)]) + name + b"\x15\x00\x00\x00\x00" + b"\x18\x04"
    return bytes([0x0A, len(body)]) + body
