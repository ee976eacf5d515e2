"""Numbers, prices and clock times of a text, whichever way they are written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flan_mix.metrics.mentions.cardinals import Cardinal, read_cardinal
from flan_mix.metrics.mentions.tokens import Token, tokens_of, touch
from flan_mix.metrics.mentions.word_lists import word_set

HALF_DAY = 12 * 60

_CURRENCY_SIGNS = {"$": "dollar", "£": "pound", "€": "euro", "¥": "yuan", "₹": "rupee"}
_CURRENCY_WORDS = {
    "dollar": "dollar dollars buck bucks usd",
    "euro": "euro euros eur",
    "pound": "pound pounds quid gbp sterling",
    "cent": "cent cents",
    "pence": "pence",
    "yuan": "yuan rmb cny yen jpy",
    "rupee": "rupee rupees inr",
    "zloty": "zloty zlotys zlotych pln zl",
    "franc": "franc francs chf",
    "peso": "peso pesos",
    "won": "krw",
}
CURRENCIES = {word: unit for unit, words in _CURRENCY_WORDS.items() for word in words.split()}

_HALF_OF_DAY = re.compile(r"\s?([ap])(?:\s?m\b|\s?\.\s?m\b\.?)", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)(?::\d\d)?")
_NAMED_TIMES = {"noon": 0, "midday": 0, "midnight": 0}
_OCLOCK = frozenset({"o'clock", "oclock"})
BEFORE_TIMES = word_set("at by until till around about from before after since past to")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, from one character to another.

    kind: "number", "time" or "price".
    value: the number; of a time the minutes since noon or midnight, under 720.
    unit: of a price the currency, of a time "am", "pm" or "".
    form: "digits", "words", "ordinal" or "named" (noon).
    first, last: indices of its first token and of the token after it.
    """

    start: int
    end: int
    kind: str
    value: float
    unit: str
    form: str
    first: int
    last: int


def find_quantities(text: str, tokens: Sequence[Token] | None = None) -> list[Quantity]:
    """All quantities of a text, none within another."""
    tokens = tokens_of(text) if tokens is None else tokens
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        quantity = (
            _time(text, tokens, place) or _price(tokens, place) or _number(text, tokens, place)
        )
        if quantity is not None:
            found.append(quantity)
            place = quantity.last
        else:
            place += 1
    return found


def _made(
    tokens: Sequence[Token],
    first: int,
    last: int,
    kind: str,
    value: float,
    unit: str = "",
    form: str = "digits",
    end: int | None = None,
) -> Quantity:
    end = tokens[last - 1].end if end is None else end
    return Quantity(tokens[first].start, end, kind, value, unit, form, first, last)


def _number(text: str, tokens: Sequence[Token], place: int) -> Quantity | None:
    cardinal = read_cardinal(tokens, place)
    if cardinal is None:
        return None
    return _made(tokens, place, cardinal.end, "number", cardinal.value, form=cardinal.form)


def _price(tokens: Sequence[Token], place: int) -> Quantity | None:
    sign = _CURRENCY_SIGNS.get(tokens[place].text)
    start = place + 1 if sign else place
    if start >= len(tokens):
        return None
    cardinal = read_cardinal(tokens, start)
    if cardinal is None or cardinal.form == "ordinal":
        return None
    if sign:
        return _made(tokens, place, cardinal.end, "price", cardinal.value, sign, cardinal.form)
    if cardinal.end < len(tokens):
        after = tokens[cardinal.end]
        unit = _CURRENCY_SIGNS.get(after.text) or CURRENCIES.get(after.key)
        if unit and (after.is_word or touch(tokens[cardinal.end - 1], after)):
            end = cardinal.end + 1
            return _made(tokens, place, end, "price", cardinal.value, unit, cardinal.form)
    return None


def _time(text: str, tokens: Sequence[Token], place: int) -> Quantity | None:
    token = tokens[place]
    if token.key in _NAMED_TIMES:
        return _made(tokens, place, place + 1, "time", 0, form="named")
    if token.is_digits and (clock := _CLOCK.fullmatch(token.text)):
        hour, minute = int(clock[1]), int(clock[2])
        half, last, end = _half_of_day(text, tokens, place + 1)
        if ":" in token.text or half:
            half = half or ("pm" if hour > 12 else "")
            return _made(tokens, place, last, "time", _minutes(hour, minute), half, end=end)
        return None
    return _relative_time(text, tokens, place) or _hour(text, tokens, place)


def _hour(text: str, tokens: Sequence[Token], place: int) -> Quantity | None:
    """5 pm, five o'clock, 5 p.m.; seven thirty and 7 30."""
    cardinal = _hour_number(tokens, place)
    if cardinal is None:
        return None
    half, last, end = _half_of_day(text, tokens, cardinal.end)
    if half:
        value = _minutes(int(cardinal.value), 0)
        return _made(tokens, place, last, "time", value, half, cardinal.form, end)
    if cardinal.end >= len(tokens):
        return None
    after = tokens[cardinal.end]
    if after.key in _OCLOCK or (after.key == "o" and _is(tokens, cardinal.end + 1, "clock")):
        last = cardinal.end + (1 if after.key in _OCLOCK else 2)
        half, last_half, end = _half_of_day(text, tokens, last)
        value = _minutes(int(cardinal.value), 0)
        return _made(tokens, place, last_half, "time", value, half, cardinal.form, end)
    if (after.is_word or tokens[place].is_digits) and cardinal.value <= 12:
        minutes = read_cardinal(tokens, cardinal.end)
        if minutes and 10 <= minutes.value < 60 and minutes.form != "ordinal":
            between = text[tokens[cardinal.end - 1].end : after.start]
            # Two-thirty, but five-ten is a range.
            if between.strip() and (between != "-" or minutes.value < 15 or not after.is_word):
                return None
            half, last, end = _half_of_day(text, tokens, minutes.end)
            value = _minutes(int(cardinal.value), int(minutes.value))
            return _made(tokens, place, last, "time", value, half, cardinal.form, end)
    return None


def _relative_time(text: str, tokens: Sequence[Token], place: int) -> Quantity | None:
    """Half past two, quarter to 3, twenty (minutes) past five, half seven (7:30)."""
    word = tokens[place].key
    if word in ("half", "quarter"):
        minutes, after = (30 if word == "half" else 15), place + 1
    else:
        cardinal = read_cardinal(tokens, place)
        if cardinal is None or not 0 < cardinal.value < 60 or cardinal.form == "ordinal":
            return None
        minutes, after = int(cardinal.value), cardinal.end
        after += _is(tokens, after, "minutes") or _is(tokens, after, "mins")
    if after >= len(tokens):
        return None
    direction = {"past": 1, "after": 1, "to": -1, "till": -1}.get(tokens[after].key, 0)
    if direction and after + 1 < len(tokens):
        hour = _hour_number(tokens, after + 1) or _named_hour(tokens, after + 1)
        # "5 to 6" is a range as well; evidence takes both readings.
        exact = word in ("half", "quarter") or tokens[after].key == "past" or minutes % 5 == 0
        is_range = tokens[place].is_digits and tokens[after].key in ("to", "till")
        if hour and exact and not is_range:
            half, last, end = _half_of_day(text, tokens, hour.end)
            value = (int(hour.value) * 60 + direction * minutes) % HALF_DAY
            return _made(tokens, place, last, "time", value, half, "words", end)
    if word == "half" and (hour := _hour_number(tokens, after)):
        half, last, end = _half_of_day(text, tokens, hour.end)
        value = _minutes(int(hour.value), 30)
        return _made(tokens, place, last, "time", value, half, "words", end)
    return None


def _hour_number(tokens: Sequence[Token], place: int) -> Cardinal | None:
    if place >= len(tokens):
        return None
    cardinal = read_cardinal(tokens, place)
    whole = cardinal is not None and cardinal.value.is_integer() and cardinal.form != "ordinal"
    return cardinal if whole and cardinal and 1 <= cardinal.value <= 24 else None


def _named_hour(tokens: Sequence[Token], place: int) -> Cardinal | None:
    """Midnight and noon, which are both 12."""
    named = place < len(tokens) and tokens[place].key in _NAMED_TIMES
    return Cardinal(place + 1, 12.0, "words") if named else None


def _minutes(hour: int, minute: int) -> float:
    return float((hour * 60 + minute) % HALF_DAY)


def _half_of_day(text: str, tokens: Sequence[Token], place: int) -> tuple[str, int, int]:
    """("am", "pm" or "", the token after it, the character after it) behind the token before."""
    end = tokens[place - 1].end
    found = _HALF_OF_DAY.match(text, end)
    if not found:
        return "", place, end
    while place < len(tokens) and tokens[place].start < found.end():
        place += 1
    return found[1].lower() + "m", place, found.end()


def _is(tokens: Sequence[Token], place: int, word: str) -> bool:
    return place < len(tokens) and tokens[place].key == word
