"""Whether two words are forms of one name: Mike and Michael, Danny and Dan, Micheal and Michael."""

from flan_mix.metrics.mentions.calendar import HOLIDAYS, calendar_name
from flan_mix.metrics.mentions.nicknames import same_nickname
from flan_mix.metrics.mentions.places import PLACES, same_nation

_PET_ENDINGS = ("ie", "ey", "y", "i", "o", "ka", "s")


def same_name(first: str, second: str) -> bool:
    """Whether two words in lower case, at least one written as a name, name the same.

    Forms are plurals, short forms, pet forms, nations with their peoples, and slips of a letter.
    """
    if first == second or _number(first) == _number(second):
        return True
    if same_nickname(first, second) or same_nation(first, second):
        return True
    return _is_short_form(first, second) or _is_short_form(second, first) or slip(first, second)


def _number(word: str) -> str:
    """A word without the ending of a plural."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word.removesuffix("s") if len(word) > 3 else word


def _is_short_form(short: str, full: str) -> bool:
    """Alex for Alexander, Charly for Charlotte; never for what is known to be no person."""
    if len(short) < 3 or full in PLACES or full in HOLIDAYS or calendar_name(full):
        return False
    # Three letters say little, unless they are all but one: Lea is Leah, but Ben is not Bengal.
    if full.startswith(short) and (len(short) > 3 or len(full) == 4) and full != short:
        return True
    stems = (short.removesuffix(end) for end in _PET_ENDINGS if short.endswith(end))
    # Of less than four letters only `nicknames` tells: Mary is neither Mark nor Marriott.
    return any(len(stem) > 3 and full.startswith(stem) for stem in stems)


def slip(first: str, second: str) -> bool:
    """One letter left out, put in, changed or swapped with the next, in long enough words."""
    if min(len(first), len(second)) < 4 or abs(len(first) - len(second)) > 1:
        return False
    if first[0] != second[0]:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    rest, other = first[start:], second[start:]
    if len(rest) == len(other):
        swapped = rest[:2][::-1] + rest[2:] == other
        return swapped or (rest[1:] == other[1:] and len(first) >= 5)
    longer, shorter = (rest, other) if len(rest) > len(other) else (other, rest)
    return longer[1:] == shorter
