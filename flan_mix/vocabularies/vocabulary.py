"""What every vocabulary promises: ids for text, text for ids, and a fingerprint.

The token cache encodes with it, inference decodes with it, and both compare fingerprints, so
that tokens are never read with another vocabulary than the one that wrote them.
"""

import abc
from collections.abc import Iterable, Sequence

import numpy as np


class Vocabulary(abc.ABC):
    """A tokenizer whose id 0 is padding. Equal vocabularies have equal fingerprints."""

    @property
    def pad_id(self) -> int:
        """The id that fills rows up: always 0."""
        return 0

    @property
    @abc.abstractmethod
    def eos_id(self) -> int:
        """The id that ends a sequence; `encode` leaves adding it to the caller."""

    @property
    @abc.abstractmethod
    def unk_id(self) -> int:
        """The id that stands for whatever the vocabulary has no piece for."""

    @property
    @abc.abstractmethod
    def extra_ids(self) -> int:
        """How many sentinel ids lie at the end of the vocabulary."""

    @property
    @abc.abstractmethod
    def vocab_size(self) -> int:
        """The number of ids, extra ids included; a model may round it up."""

    @property
    @abc.abstractmethod
    def fingerprint(self) -> str:
        """SHA-256 (64 hex digits) over contents and settings: what decides the ids, not where
        the file lies."""

    @abc.abstractmethod
    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without EOS."""

    @abc.abstractmethod
    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """What `encode` gives for each text, as int32 [length] arrays, many at a time."""

    @abc.abstractmethod
    def _decode_clean(self, ids: list[int]) -> str:
        """The text of ids that are all below `vocab_size`."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids` up to the first EOS, as SeqIO decodes.

        Padding adds no text. Ids at or past `vocab_size`, which a model whose embedding is
        rounded up can produce, count as unknown.
        """
        clean = [int(i) if i < self.vocab_size else self.unk_id for i in ids]
        if self.eos_id in clean:
            clean = clean[: clean.index(self.eos_id)]
        return self._decode_clean(clean)

    def count_unknown(self, ids: Iterable[int] | np.ndarray) -> int:
        """How many of `ids` are the unknown token."""
        return int(np.count_nonzero(np.asarray(ids) == self.unk_id))

    def dropped_characters(self, text: str) -> str:
        """The distinct characters of `text` that do not come back as themselves, sorted.

        Each is tried between two letters. T5's pieces drop newlines and `{ } < \\ ~`, and turn
        characters such as the ligature `ﬁ` into their plain form.
        """
        return "".join(c for c in sorted(set(text)) if c not in self.decode(self.encode(f"a{c}a")))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)
