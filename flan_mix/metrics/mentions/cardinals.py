"""Numbers in digits and in words: "1,000", "2.5k", "twenty-five", "a hundred and five", "3rd"."""

from collections.abc import Sequence
from dataclasses import dataclass

from flan_mix.metrics.mentions.tokens import Token, touch
from flan_mix.metrics.mentions.word_lists import word_list

_UNITS = word_list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = word_list("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINAL_UNITS = word_list(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)

SMALL = {word: value for value, word in enumerate(_UNITS)}
TENS = {word: 10 * place for place, word in enumerate(_TENS, start=2)} | {"fourty": 40}
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_UNITS)} | {
    f"{word[:-1]}ieth": value for word, value in TENS.items()
}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
# After digits, and joined to them where the short form is also a word or a unit.
_SPELLED_SCALES = SCALES | {"hundred": 100, "grand": 10**3, "mln": 10**6, "mil": 10**6}
_JOINED_SCALES = {"k": 10**3, "m": 10**6, "mln": 10**6, "bn": 10**9}
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})


@dataclass(frozen=True)
class Cardinal:
    """A number and where it stops.

    end: index of the token after it. value: what it says. form: "digits", "words" or "ordinal".
    """

    end: int
    value: float
    form: str


def read_cardinal(tokens: Sequence[Token], start: int) -> Cardinal | None:
    """The number that begins at a token, None if none does."""
    if tokens[start].is_digits:
        return _digits(tokens, start)
    return _words(tokens, start)


def plain_value(digits: str) -> float | None:
    """What a token of digits says; blanks, and commas before three digits, part thousands.

    None for what is no plain number, as 2:30 and 1.2.2020.
    """
    digits = "".join(digits.split())
    head, *groups = digits.split(",")
    if groups and all(len(group) == 3 for group in (*groups[:-1], groups[-1].split(".")[0])):
        digits = head + "".join(groups)
    try:
        return float(digits.replace(",", "."))
    except ValueError:
        return None


def _digits(tokens: Sequence[Token], start: int) -> Cardinal | None:
    value = plain_value(tokens[start].text)
    if value is None:
        return None
    end, form = start + 1, "digits"
    if end < len(tokens):
        joined = touch(tokens[start], tokens[end])
        following = tokens[end].key
        if joined and following in _ORDINAL_ENDS:
            return Cardinal(end + 1, value, "ordinal")
        scale = _JOINED_SCALES.get(following) if joined else None
        scale = scale or _SPELLED_SCALES.get(following)
        if scale:
            value, end = value * scale, end + 1
    return Cardinal(end, value, form)


def _words(tokens: Sequence[Token], start: int) -> Cardinal | None:
    """Words such as "three hundred and five thousand", "nineteen ninety-eight", "twenty-first"."""
    total, current, place, form = 0.0, None, start, "words"
    if tokens[start].key in ("a", "an") and start + 1 < len(tokens):
        if tokens[start + 1].key not in {*SCALES, "hundred", "dozen"}:
            return None
        current, place = 1.0, start + 1
    while place < len(tokens):
        word = _number_word(tokens[place])
        value = SMALL.get(word, TENS.get(word, ORDINALS.get(word)))
        if value is not None:
            joined = _joined(current, value, word in TENS)
            if joined is None:
                break
            current, place = joined, place + 1
            if word in ORDINALS:
                form = "ordinal"
                break
        elif word in ("hundred", "dozen") and (place > start or word == "hundred"):
            current, place = (current or 1.0) * (100 if word == "hundred" else 12), place + 1
        elif (word in SCALES or word == "grand") and current is not None:
            total, current, place = total + current * SCALES.get(word, 1000), None, place + 1
        elif word == "and" and _goes_on(tokens, place, current, total):
            place += 1
        else:
            break
    if place == start or (current is None and not total):
        return None
    return Cardinal(place, total + (current or 0.0), form)


def _number_word(token: Token) -> str:
    """The key of a token; "seven" for "sevenish"."""
    word = token.key.removesuffix("ish")
    return word if word in SMALL or word in TENS else token.key


def _joined(current: float | None, value: int, is_tens: bool) -> float | None:
    """`current` with one more word of it; None where the word begins another number."""
    if current is None:
        return float(value)
    if current % 100 == 0 and current >= 100:
        return current + value
    if not is_tens and 20 <= current % 100 < 100 and current % 10 == 0 and 0 < value < 10:
        return current + value
    # Years: nineteen ninety, twenty fifteen.
    if current in (18, 19, 20) and 10 <= value < 100:
        return current * 100 + value
    return None


def _goes_on(tokens: Sequence[Token], place: int, current: float | None, total: float) -> bool:
    """Whether "and" joins two parts of a number: after hundreds and thousands only."""
    if place + 1 >= len(tokens):
        return False
    word = tokens[place + 1].key
    after_round = (current is None and total) or (current and current % 100 == 0)
    return bool(after_round) and (word in SMALL or word in TENS)
