"""ByT5's vocabulary: every UTF-8 byte is a token, so that no text is unknown.

Xue et al. 2021, "ByT5: Towards a token-free future with pre-trained byte-to-byte models",
https://arxiv.org/abs/2105.13626.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from flan_mix.vocabularies.vocabulary import Vocabulary

_FIRST_BYTE_ID = 3  # After padding, EOS and unknown.
_BYTES = 256


class ByteVocabulary(Vocabulary):
    """Ids 0 padding, 1 EOS, 2 unknown, 3-258 the bytes, then `extra_ids` sentinels."""

    def __init__(self, extra_ids: int = 0):
        """`extra_ids`: sentinels after the bytes (ByT5's checkpoints count 125 of them).

        Raises ValueError when it is negative.
        """
        if extra_ids < 0:
            raise ValueError(f"extra_ids must be 0 or more, not {extra_ids}.")
        self._extra_ids = extra_ids

    @property
    def eos_id(self) -> int:
        """1."""
        return 1

    @property
    def unk_id(self) -> int:
        """2; encoding never gives it."""
        return 2

    @property
    def extra_ids(self) -> int:
        """How many sentinel ids follow the bytes."""
        return self._extra_ids

    @property
    def vocab_size(self) -> int:
        """259 + `extra_ids`."""
        return _FIRST_BYTE_ID + _BYTES + self._extra_ids

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the kind of vocabulary and the number of extra ids."""
        return hashlib.sha256(f"bytes extra_ids={self._extra_ids}".encode()).hexdigest()

    def encode(self, text: str) -> list[int]:
        """One id per UTF-8 byte of `text`; UnicodeEncodeError for half a surrogate pair."""
        return [byte + _FIRST_BYTE_ID for byte in text.encode("utf-8")]

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """What `encode` gives for each text, as int32 [length] arrays."""
        return [
            np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int32) + _FIRST_BYTE_ID
            for text in texts
        ]

    def _decode_clean(self, ids: list[int]) -> str:
        # A prediction may end in the middle of a character: SeqIO drops the broken bytes too.
        past_bytes = _FIRST_BYTE_ID + _BYTES
        kept = bytes(i - _FIRST_BYTE_ID for i in ids if _FIRST_BYTE_ID <= i < past_bytes)
        return kept.decode("utf-8", errors="ignore")

    def __repr__(self) -> str:
        return f"ByteVocabulary(extra_ids={self._extra_ids})"
