"""How long something takes, in one unit: 90 minutes are an hour and a half."""

from collections.abc import Sequence
from itertools import pairwise

from flan_mix.metrics.mentions.quantities import Quantity
from flan_mix.metrics.mentions.tokens import Token

_MINUTE, _HOUR, _DAY = 1, 60, 60 * 24
_YEAR = 360 * _DAY  # Twelve months of thirty days: of interest are only whole ones.
_UNITS = {
    "minute": _MINUTE,
    "min": _MINUTE,
    "hour": _HOUR,
    "hr": _HOUR,
    "h": _HOUR,
    "day": _DAY,
    "night": _DAY,
    "week": 7 * _DAY,
    "wk": 7 * _DAY,
    "weekend": 2 * _DAY,
    "fortnight": 14 * _DAY,
    "month": 30 * _DAY,
    "year": _YEAR,
    "yr": _YEAR,
    "decade": 10 * _YEAR,
}
_ONE = frozenset({"a", "an", "one", "next", "per", "another"})


def unit_of(tokens: Sequence[Token], place: int) -> int | None:
    """The minutes of the unit of time that a token is; None for other words and past the end."""
    if place >= len(tokens):
        return None
    key = tokens[place].key
    return _UNITS.get(key, _UNITS.get(key.removesuffix("s")))


def minutes_of(tokens: Sequence[Token], quantity: Quantity) -> float | None:
    """What a number says with the unit of time behind it; None where there is none."""
    unit = unit_of(tokens, quantity.last)
    if unit is None:
        return None
    return quantity.value * unit + _and_a_half(tokens, quantity.last + 1, unit)


def durations_of(tokens: Sequence[Token], quantities: Sequence[Quantity]) -> frozenset[float]:
    """All durations of a text in minutes, those without a number ("half an hour") too."""
    counted = (minutes_of(tokens, quantity) for quantity in quantities)
    found = {minutes for minutes in counted if minutes is not None}
    found |= {minutes for pair in pairwise(quantities) if (minutes := _together(tokens, *pair))}
    for place, token in enumerate(tokens):
        own = unit_of(tokens, place)
        if own and (half := _and_a_half(tokens, place + 1, own)):
            found.add(own + half)
        unit = unit_of(tokens, place + 1)
        if token.key in _ONE and unit:
            half = place and tokens[place - 1].key == "half"
            found.add(unit / 2 if half else unit + _and_a_half(tokens, place + 2, unit))
        elif token.key == "half" and unit:
            found.add(unit / 2)
        elif token.key == "couple" and (unit := unit or unit_of(tokens, place + 2)):
            found.add(2.0 * unit)
    return frozenset(found)


def _together(tokens: Sequence[Token], first: Quantity, second: Quantity) -> float | None:
    """2 hours and 30 minutes; None where two numbers are no such sum."""
    minutes = minutes_of(tokens, first), minutes_of(tokens, second)
    between = [token.key for token in tokens[first.last + 1 : second.first]]
    if minutes[0] is None or minutes[1] is None or between not in ([], ["and"]):
        return None
    return minutes[0] + minutes[1] if minutes[1] < minutes[0] else None


def _and_a_half(tokens: Sequence[Token], place: int, unit: int) -> float:
    following = [token.key for token in tokens[place : place + 3]]
    return unit / 2 if following == ["and", "a", "half"] else 0.0
