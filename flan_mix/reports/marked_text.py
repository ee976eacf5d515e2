"""A text cut at its marks, for the page to show each piece by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flan_mix.metrics.faithfulness import Mention


@dataclass(frozen=True)
class Piece:
    """A piece of a text; kind: of the mention that it is, "" between mentions."""

    text: str
    kind: str = ""


def marked(text: str, mentions: Sequence[Mention]) -> Iterator[Piece]:
    """The pieces of `text` in order; where mentions overlap, the first one has it."""
    done = 0
    for mention in sorted(mentions, key=lambda each: each.start):
        if mention.start > done:
            yield Piece(text[done : mention.start])
            done = mention.start
        if mention.end > done:
            yield Piece(text[done : mention.end], mention.kind)
            done = mention.end
    if done < len(text):
        yield Piece(text[done:])
