"""What a text supports: the names, numbers, dates and times that it says, in any form."""

import re
from collections import defaultdict
from functools import cached_property
from itertools import pairwise

from flan_mix.metrics.mentions.calendar import MONTHS, RELATIVE_DAYS, calendar_name, told_day
from flan_mix.metrics.mentions.common_words import is_common
from flan_mix.metrics.mentions.durations import durations_of
from flan_mix.metrics.mentions.finding import Parsed, Piece
from flan_mix.metrics.mentions.name_forms import same_name, slip
from flan_mix.metrics.mentions.quantities import BEFORE_TIMES, HALF_DAY, Quantity
from flan_mix.metrics.mentions.short_forms import words_in_other_forms
from flan_mix.metrics.mentions.tokens import Token, comparable

# Who says a line of a dialogue: "Anna Lee: …", "#Person1#: …".
_SPEAKER = re.compile(r"^\s*([#\w][^:\n]{0,40}):", re.MULTILINE)
# Times as they may be typed: 2.30, "4: 30", "8;15"; and "10 to 9", which may be a range as well.
_CLOCK_READINGS = re.compile(r"(?<![\d.,:;])(\d{1,2})[.,:;] ?([0-5]\d)(?!\d)")
_MINUTES_TO = re.compile(r"\b([1-5]?[05]) to (\d{1,2})\b")
# Years in two figures: in 84, '68.
_SHORT_YEAR = re.compile(r"(?:\b(?:in|since|until|from|of) |['’])(\d\d)\b")
_OTHER_WORDS_FOR_DAYS = (
    ("|last|night|", "yesterday"),
    ("|evening|", "tonight"),
    ("|today|", "tonight"),
    ("|the|morning|", "tomorrow"),
)
_MENTIONED_COUNTS = {
    "both": 2,
    "twice": 2,
    "couple": 2,
    "pair": 2,
    "double": 2,
    "twins": 2,
    "once": 1,
    "single": 1,
    "triple": 3,
    "thrice": 3,
    "half": 0.5,
    "dozen": 12,
    "fortnight": 14,
    "century": 100,
    "decade": 10,
}


class Evidence:
    """Answers whether a text says what a piece of another text says."""

    def __init__(self, text: str):
        self._parsed = Parsed.of(text)
        self._text = text
        self._quantities = self._parsed.quantities
        self._numbers, self._currencies = self._collect_numbers()
        self._times = self._collect_times()
        self._memory: dict[str, bool] = {}

    def supports(self, piece: Piece) -> bool:
        """Whether the text says it too."""
        if piece.quantity is not None:
            return self._says_quantity(piece, piece.quantity)
        if piece.kind == "date" and piece.key in self._calendar:
            return True
        if piece.key[0].isdigit():
            return self._says_figures(piece.key)
        if piece.key not in self._memory:
            self._memory[piece.key] = self._says_name(piece.key)
        return self._memory[piece.key]

    @cached_property
    def _speakers(self) -> frozenset[str]:
        return frozenset(name.strip().casefold() for name in _SPEAKER.findall(self._text))

    @cached_property
    def _words(self) -> frozenset[str]:
        words = {token.key for token in self._parsed.tokens if token.is_word or token.is_mark}
        parts = {part for word in words for part in re.split(r"['#]|(?<=\D)\d+", word) if part}
        # CamelCase and words that run into each other: "TripAdvisor", "trip advisor".
        camel = {
            part.casefold()
            for token in self._parsed.tokens
            if token.is_word
            for part in re.findall(r"[A-Z][a-z]+", token.text)
        }
        return frozenset(words | parts | camel)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Words that may be names: with a capital somewhere, or speakers."""
        speaking = {comparable(word) for name in self._speakers for word in name.split()}
        return frozenset(
            token.key
            for token in self._parsed.tokens
            if token.is_word
            and (token.text[0].isupper() or token.key in speaking)
            and _may_be_name(token)
        )

    @cached_property
    def _run_together(self) -> str:
        """All words without blanks, with a bar where a word starts."""
        return "|".join(("", *(token.key for token in self._parsed.tokens), ""))

    @cached_property
    def _in_other_forms(self) -> frozenset[str]:
        as_written = frozenset(
            token.key.upper() if token.text.isupper() else token.text
            for token in self._parsed.tokens
        )
        return words_in_other_forms(self._run_together, as_written)

    @cached_property
    def _joined(self) -> frozenset[str]:
        """Words that the other text may write in one: "trip advisor", "S M I T H"."""
        keys = [token.key for token in self._parsed.tokens]
        spelled = re.findall(r"\b(?:[^\W\d_][ .-]){2,}[^\W\d_]\b", self._text)
        letters = {re.sub(r"\W", "", text).casefold() for text in spelled}
        return frozenset(a + b for a, b in pairwise(keys)) | letters

    @cached_property
    def _name_initials(self) -> frozenset[str]:
        """Initials of runs of capitalized words, and the abbreviations' own letters."""
        runs, run = set(), ""
        for token in self._parsed.tokens:
            if token.is_word and token.text[0].isupper():
                run += token.key[0]
                runs |= {run[start:] for start in range(len(run) - 1)}
            else:
                run = ""
        return frozenset(runs)

    def _says_name(self, key: str) -> bool:
        if key in self._words or key in self._joined:
            return True
        if any(same_name(key, name) for name in self._names):
            return True
        # James's is often written Jame's.
        if key.removesuffix("s") in self._words or f"{key}s" in self._words:
            return True
        if key in self._in_other_forms:
            return True
        if "'" in key and any(part in self._words for part in key.split("'") if len(part) > 2):
            return True
        return 2 <= len(key) <= 4 and key in self._name_initials

    @cached_property
    def _calendar(self) -> frozenset[str]:
        keys = {token.key for token in self._parsed.tokens if token.is_word}
        named = {calendar_name(key) for key in keys} | {told_day(key) for key in keys}
        days = set(RELATIVE_DAYS.values())
        named |= {day for day in days if any(slip(key, day) for key in keys)}
        named |= {day for words, day in _OTHER_WORDS_FOR_DAYS if words in self._run_together}
        return frozenset(name for name in named if name) | self._written_months

    @cached_property
    def _written_months(self) -> frozenset[str]:
        """Months of dates in figures; either place may be the month."""
        pairs = re.findall(r"\b(?=(\d{1,2})[./-](\d{1,2})\b)", self._text)
        numbers = {int(number) for pair in pairs for number in pair}
        return frozenset(MONTHS[number - 1] for number in numbers if 1 <= number <= 12)

    def _says_figures(self, figures: str) -> bool:
        """Whether every part is said, in figures or words; a date's month by its name as well."""
        months = {MONTHS.index(name) + 1 for name in self._calendar if name in MONTHS}
        return all(float(part) in self._numbers | months for part in re.findall(r"\d+", figures))

    def _collect_numbers(self) -> tuple[frozenset[float], dict[float, set[str]]]:
        numbers: set[float] = set()
        currencies: dict[float, set[str]] = defaultdict(set)
        for quantity in self._quantities:
            if quantity.kind != "time":
                numbers.add(quantity.value)
                currencies[quantity.value].add(quantity.unit)
        for quantity, change in pairwise(self._quantities):
            # Twelve dollars fifty (cents): change is what touches a price, or "and" joins to it.
            between = self._text[quantity.end : change.start].strip()
            if quantity.kind == "price" and between in ("", "and") and 0 < change.value < 100:
                whole = quantity.value + change.value / 100
                numbers.add(whole)
                currencies[whole].add(quantity.unit)
        # 17, 000 and 152.374 for thousands; 1. 25 with a blank that belongs to no number.
        for spaced in re.findall(r"\b\d{1,3}(?:(?:, |\.)\d{3})+\b", self._text):
            numbers.add(float(re.sub(r"\D", "", spaced)))
        for spaced in re.findall(r"\b\d+\. \d{1,2}\b", self._text):
            numbers.add(float(spaced.replace(" ", "")))
        for token in self._parsed.tokens:
            if token.is_digits:
                numbers |= {float(part) for part in re.findall(r"\d+", token.text)}
            elif token.key in _MENTIONED_COUNTS:
                numbers.add(float(_MENTIONED_COUNTS[token.key]))
        return frozenset(numbers), currencies

    def _collect_times(self) -> dict[float, set[str]]:
        times: dict[float, set[str]] = defaultdict(set)
        for quantity in self._quantities:
            if quantity.kind == "time":
                times[quantity.value].add(quantity.unit)
            elif self._may_be_hour(quantity):
                for value in _as_times(int(quantity.value)):
                    times[value].add("")
        clocks = _CLOCK_READINGS.findall(self._text)
        clocks += [(hour, f"-{minute}") for minute, hour in _MINUTES_TO.findall(self._text)]
        for hour, minute in clocks:
            if 0 < int(hour) <= 24:
                times[float((int(hour) * 60 + int(minute)) % HALF_DAY)].add("")
        return times

    def _may_be_hour(self, quantity: Quantity) -> bool:
        """Whether a number may be a time; "one" is a pronoun too."""
        if not quantity.value.is_integer() or quantity.unit:
            return False
        if quantity.form != "words" or quantity.value != 1:
            return True
        before = self._parsed.tokens[quantity.first - 1].key if quantity.first else ""
        return before in BEFORE_TIMES

    def _says_quantity(self, piece: Piece, quantity: Quantity) -> bool:
        if quantity.kind == "time":
            return self._says_time(quantity.value, quantity.unit)
        if quantity.kind == "price":
            known = self._currencies.get(quantity.value)
            if known and not known & {"", quantity.unit}:
                return False
        if quantity.value in self._numbers:
            return True
        if piece.kind == "date" and 1900 <= quantity.value < 2100:
            return quantity.value % 100 in self._short_years
        if quantity.kind == "price":
            return False
        if piece.counts_people and quantity.value == len(self._speakers):
            return True
        return piece.minutes in self._durations or self._says_clock(piece, quantity)

    @cached_property
    def _short_years(self) -> frozenset[int]:
        return frozenset(map(int, _SHORT_YEAR.findall(self._text)))

    @cached_property
    def _durations(self) -> frozenset[float]:
        return durations_of(self._parsed.tokens, self._quantities)

    def _says_clock(self, piece: Piece, quantity: Quantity) -> bool:
        """Whether a bare number, as in "until 5" or "8.30", is a time that the text says."""
        value = quantity.value
        may_be_time = piece.kind == "time" or not value.is_integer()
        if not may_be_time or not 0 < value <= 24:
            return False
        hour, minute = divmod(round(value * 100), 100)
        return minute < 60 and self._says_time(float((hour * 60 + minute) % HALF_DAY), "")

    def _says_time(self, value: float, half: str) -> bool:
        known = self._times.get(value)
        if not known:
            return False
        return half == "" or bool(known & {"", half})


def _may_be_name(token: Token) -> bool:
    """Whether a word with a capital is no ordinary one; "US" is more than "us"."""
    return not is_common(token.key) or (token.text.isupper() and 2 <= len(token.text) <= 4)


def _as_times(number: int) -> list[float]:
    """The times that a bare number may tell: 7, 730, 1930."""
    if 1 <= number <= 24:
        return [float(number * 60 % HALF_DAY)]
    hour, minute = divmod(number, 100)
    if 1 <= hour <= 24 and minute < 60:
        return [float((hour * 60 + minute) % HALF_DAY)]
    return []
