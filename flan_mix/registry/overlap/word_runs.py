"""Texts as runs of words, and 64-bit hashes of all runs of n words, many texts at once.

Words are letters and digits in lower case; punctuation, white space and the speaker's name ahead
of a dialogue's turn do not count, so that one conversation in two layouts is one text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# "#Person1#: ", "Amanda Cole: ", "M: " at the start of a line.
_SPEAKER = re.compile(r"^[ \t]*#?[^\W_][\w .']{0,24}#?:(?=\s)", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+")
# An odd number with well mixed bits: the golden ratio in 64 bits.
_BASE = 0x9E3779B97F4A7C15
_REMEMBERED = 1 << 20


def words(text: str) -> list[str]:
    """The words of a text that count."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(_SPEAKER.sub(" ", text).lower())


class Runs(NamedTuple):
    """Runs of n words: hashes uint64 [runs], text int64 [runs] (which text each one is in), start
    int64 [runs] (the number of its first word within that text)."""

    hashes: np.ndarray
    text: np.ndarray
    start: np.ndarray


class WordHasher:
    """Hashes words and runs of `length` words; remembers the words it has seen."""

    def __init__(self, length: int):
        self.length = length
        self._known: dict[str, int] = {}
        powers = [pow(_BASE, length - 1 - place, 1 << 64) for place in range(length)]
        self._powers = np.array(powers, np.uint64)

    def runs(self, texts: Sequence[Sequence[str]]) -> Runs:
        """All runs of `length` words of texts that are lists of words; none crosses two texts."""
        counts = np.array([len(text) for text in texts], np.int64)
        hashes = self._hashes(texts)
        places = max(0, len(hashes) - self.length + 1)
        found = np.zeros(places, np.uint64)
        for place, power in enumerate(self._powers):
            found += hashes[place : place + places] * power
        text = np.repeat(np.arange(len(texts)), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        start = np.arange(len(hashes)) - first
        fits = (start + self.length <= counts[text])[:places] if places else np.zeros(0, bool)
        return Runs(found[fits], text[:places][fits], start[:places][fits])

    def _hashes(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        known, numbers = self._known, []
        for text in texts:
            for word in text:
                number = known.get(word)
                if number is None:
                    number = known[word] = _hash(word)
                numbers.append(number)
        return np.array(numbers, np.uint64)


def whole_hash(texts: Sequence[Sequence[str]]) -> int:
    """A hash of several texts together, whatever their order, 64 bits."""
    return _hash("\x1f".join(sorted(" ".join(text) for text in texts)))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
