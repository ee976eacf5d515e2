"""A vocabulary of two-letter pieces for models of forty ids, so that texts can end inside one."""

from collections.abc import Sequence

import numpy as np

from flan_mix.vocabularies import Vocabulary

LETTERS = "abcdef"


class PairVocabulary(Vocabulary):
    """Id 3 + i is the i-th pair of the letters a to f; padding and the unknown id have no text."""

    eos_id, unk_id, extra_ids, vocab_size = 1, 2, 0, 39
    fingerprint = "pairs"

    def encode(self, text: str) -> list[int]:
        pairs = [text[place : place + 2] for place in range(0, len(text), 2)]
        return [3 + 6 * LETTERS.index(a) + LETTERS.index(b) for a, b in pairs]

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [np.asarray(self.encode(text), np.int32) for text in texts]

    def _decode_clean(self, ids: list[int]) -> str:
        return "".join(LETTERS[(i - 3) // 6] + LETTERS[(i - 3) % 6] for i in ids if i >= 3)
