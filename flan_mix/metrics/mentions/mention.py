"""A mention: a place in a text that says something which can be looked up in another text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mention:
    """A name, number, date, time, price or place in a text.

    start, end: character offsets, `text == whole[start:end]`.
    kind: "name", "place", "number", "date", "time" or "price".
    """

    start: int
    end: int
    text: str
    kind: str
