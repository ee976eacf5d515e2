"""Stop strings: where an answer's text ends, and which of its tokens lie before that."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from flan_mix.vocabularies import Vocabulary


@dataclasses.dataclass(frozen=True)
class Cut:
    """An answer before its first stop string: the text, and how many tokens lie wholly in it."""

    text: str
    tokens: int


def cut_at_stop(
    tokens: Sequence[int], vocabulary: Vocabulary, stop: Sequence[str], *, prompt_tokens: int = 0
) -> Cut | None:
    """Where the text of `tokens` has its first stop string; None where it has none.

    Stop strings are looked for behind the first `prompt_tokens`. A token whose text reaches into
    the stop string is not counted, though the text keeps what stands before the stop.
    """
    if not stop:
        return None
    text = vocabulary.decode(tokens)
    after = len(vocabulary.decode(tokens[:prompt_tokens])) if prompt_tokens else 0
    found = [place for place in (text.find(string, after) for string in stop) if place >= 0]
    if not found:
        return None
    kept = text[: min(found)]
    return Cut(kept, _tokens_within(kept, tokens, vocabulary))


def _tokens_within(text: str, tokens: Sequence[int], vocabulary: Vocabulary) -> int:
    """The most first tokens whose text `text` begins with."""
    fewest, most = 0, len(tokens)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        if len(vocabulary.decode(tokens[:middle])) <= len(text):
            fewest = middle
        else:
            most = middle - 1
    # Some vocabularies show half a character until its other tokens are there.
    while fewest and not text.startswith(vocabulary.decode(tokens[:fewest])):
        fewest -= 1
    return fewest
