"""The mentions of a text: its names, places, numbers, dates, times and prices."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flan_mix.metrics.mentions.calendar import ALSO_WORDS, HOLIDAYS, calendar_name, told_day
from flan_mix.metrics.mentions.common_words import is_common, is_function_word
from flan_mix.metrics.mentions.durations import minutes_of
from flan_mix.metrics.mentions.places import PLACES, UNMISTAKABLE_PLACES
from flan_mix.metrics.mentions.quantities import BEFORE_TIMES, Quantity, find_quantities
from flan_mix.metrics.mentions.tokens import Token, tokens_of, touch
from flan_mix.metrics.mentions.word_lists import word_set

_BEFORE_PLACES = word_set("in near at towards through across around outside visit visits")
_BEFORE_MONTHS = word_set("in of since until till next last by this early late from to")
_BEFORE_PEOPLE = word_set("the these those all")
_PEOPLE = word_set("people persons friends girls boys men women speakers colleagues guys")
_DATE_IN_FIGURES = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{2}){1,2}")
# Too vague, or too often no number at all ("one of them", "first of all"), to be looked up.
_VAGUE_WORDS = word_set("one first second zero zeroth")


@dataclass(frozen=True)
class Piece:
    """A part of a text that is looked up as one.

    quantity: what it says, if it is a number, a price or a time; else None. key: of a name the
    word, of a date the full name of the month, weekday, season or the like, of figures that are no
    one number these. minutes: how long a number of hours (or the like) is. counts_people: whether a
    number is of those who are spoken of, as in "the three".
    """

    start: int
    end: int
    kind: str
    key: str
    quantity: Quantity | None = None
    minutes: float | None = None
    counts_people: bool = False


@dataclass(frozen=True)
class Parsed:
    """A text, taken apart once."""

    text: str
    tokens: tuple[Token, ...]
    quantities: tuple[Quantity, ...]

    @classmethod
    def of(cls, text: str) -> "Parsed":
        tokens = tuple(tokens_of(text))
        return cls(text, tokens, tuple(find_quantities(text, tokens)))


def pieces_of(parsed: Parsed) -> list[Piece]:
    """What a text says that can be looked up, in order."""
    taken = {place for q in parsed.quantities for place in range(q.first, q.last)}
    found = [piece for q in parsed.quantities if (piece := _quantity(parsed, q))]
    styled = _is_styled(parsed.tokens)
    for place in range(len(parsed.tokens)):
        if place in taken:
            continue
        piece = (
            _figures(parsed.tokens[place])
            or _date(parsed.tokens, place)
            or _name(parsed.tokens, place, styled)
        )
        if piece is not None:
            found.append(piece)
    return sorted(found, key=lambda piece: piece.start)


def _quantity(parsed: Parsed, quantity: Quantity) -> Piece | None:
    tokens = parsed.tokens
    word = tokens[quantity.first].key
    is_one_word = quantity.last - quantity.first == 1 and quantity.form == "words"
    if is_one_word and quantity.kind == "number" and word in _VAGUE_WORDS:
        return None
    if quantity.form == "ordinal" and quantity.value < 3:
        return None
    if quantity.first and touch(tokens[quantity.first - 1], tokens[quantity.first]):
        before = tokens[quantity.first - 1]
        if before.is_word:  # PS4, B12: part of a name.
            return None
    kind = quantity.kind
    if kind == "number":
        kind = _kind_of_number(parsed, quantity)
    minutes = minutes_of(tokens, quantity)
    people = _counts_people(tokens, quantity)
    return Piece(quantity.start, quantity.end, kind, word, quantity, minutes, people)


def _counts_people(tokens: Sequence[Token], quantity: Quantity) -> bool:
    before = tokens[quantity.first - 1].key if quantity.first else ""
    after = [token.key for token in tokens[quantity.last : quantity.last + 2]]
    return before in _BEFORE_PEOPLE or after == ["of", "them"] or bool(_PEOPLE & set(after[:1]))


def _kind_of_number(parsed: Parsed, quantity: Quantity) -> str:
    tokens = parsed.tokens
    before = tokens[quantity.first - 1].key if quantity.first else ""
    after = tokens[quantity.last].key if quantity.last < len(tokens) else ""
    if calendar_name(before) or (
        calendar_name(after) and after not in ALSO_WORDS - {"may", "march"}
    ):
        return "date"
    if quantity.form == "digits" and 1900 <= quantity.value < 2100 and before in _BEFORE_MONTHS:
        return "date"
    following = parsed.text[quantity.end : quantity.end + 2].lstrip(" ")
    last_of_sentence = not following[:1].isalnum()
    if before in BEFORE_TIMES - {"to"} and 1 <= quantity.value <= 24 and last_of_sentence:
        return "time"
    return "number"


def _figures(token: Token) -> Piece | None:
    """Figures that are no one number: dates (14.03.2019), scores (3:1) and the like."""
    if not token.is_digits:
        return None
    kind = "date" if _DATE_IN_FIGURES.fullmatch(token.text) else "number"
    return Piece(token.start, token.end, kind, token.text)


def _date(tokens: Sequence[Token], place: int) -> Piece | None:
    token = tokens[place]
    if day := told_day(token.key):
        return Piece(token.start, token.end, "date", day)
    name = calendar_name(token.key)
    if name is None or not token.is_word:
        return None
    capital = token.text[0].isupper()
    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    beside_number = any(each and each.is_digits for each in (before, after))
    if token.key in ALSO_WORDS and not beside_number:
        introduced = before is not None and before.key in _BEFORE_MONTHS | {"on"}
        if not capital or token.opens or not introduced:
            return None
    if not capital and token.key in ("august", "second"):
        return None
    return Piece(token.start, token.end, "date", name)


def _name(tokens: Sequence[Token], place: int, styled: bool) -> Piece | None:
    token = tokens[place]
    if token.is_mark:
        return Piece(token.start, token.end, "name", token.key)
    if not token.is_word:
        return None
    before = _before(tokens, place)
    if token.key in ("day", "eve") and before in HOLIDAYS:
        return None
    if token.text.islower():
        if token.key in UNMISTAKABLE_PLACES and (before in _BEFORE_PLACES or len(token.key) > 5):
            return Piece(token.start, token.end, "place", token.key)
        return None
    if token.key == "us" and token.text.isupper() and not styled:
        # Under a key that the word "us" does not support.
        return Piece(token.start, token.end, "place", "usa")
    if len(token.key) == 1 or _says_nothing(token, styled):
        return None
    kind = "name"
    is_owner = "'" in token.text or "’" in token.text
    if token.key in HOLIDAYS:
        kind = "date"
    elif token.key in PLACES or (before in _BEFORE_PLACES and not (token.opens or is_owner)):
        kind = "place"
    return Piece(token.start, token.end, kind, token.key)


def _before(tokens: Sequence[Token], place: int) -> str:
    """The word before a token, past an article: "at" of "at the Ritz"."""
    while place and tokens[place - 1].key in ("the", "a"):
        place -= 1
    return tokens[place - 1].key if place else ""


def _says_nothing(token: Token, styled: bool) -> bool:
    """Whether the capital of a token is the sentence's, the style's, or that of the word I."""
    if token.opens or styled:
        return is_common(token.key) or (styled and token.text.isupper())
    return is_function_word(token.key)


def _is_styled(tokens: Sequence[Token]) -> bool:
    """Whether most words have capitals, as in a headline, where they tell little."""
    words = [token for token in tokens if token.is_word and len(token.text) > 3]
    if len(words) > 1 and all(token.text.isupper() for token in words):
        return True
    return len(words) > 4 and sum(token.text[0].isupper() for token in words) > 0.75 * len(words)
