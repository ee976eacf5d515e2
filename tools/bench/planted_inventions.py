"""Plants inventions in summaries that people wrote, so that one knows where they are.

One plant is one name, number, date, time, price or place that the source does not say: put in the
place of one of its kind, or added to a sentence. Words come from the lists below, which the rules
that look for inventions do not read.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KINDS = ("name", "number", "date", "time", "price", "place")


def _listed(text: str, by: str = " ") -> list[str]:
    return text.split(by)


# First names of many languages, surnames with titles, companies, products, works.
_NAMES = _listed(
    "Gustavo Ingrid Theresa Yusuf Priya Wendy Dmitri Fatima Norbert Beatrix Leopold Xiomara Hideo "
    "Akira Soren Bjorn Chidi Amara Pilar Rafael Simone Greta Otto Ursula Vikram Zelda Quentin "
    "Harriet Cedric Moira Ronan Siobhan Kwame Mei Jorge Celeste Delia Ernesto Felicity Gideon "
    "Harold Isadora Jerome Katya Lorenzo Maribel Nadia Olaf Petra Roland Will Mark Grace Hope"
)
_LONG_NAMES = _listed(
    "Mrs. Abernathy|Mr. Okonkwo|Dr. Feldman|Rosa Delgado|Hugo van Dyk|Samsung|Toyota|Netflix|"
    "Nintendo|Walmart|IBM|Lufthansa|Vodafone|Coca-Cola|BMW|Nike|Zara|Spotify|Uber|eBay|"
    "Titanic|Hamlet|Hilton|Marriott|Sheraton|Holiday Inn|the Ritz|Starbucks",
    by="|",
)
_PLACES = _listed(
    "Chicago|Lisbon|Nairobi|Osaka|Reykjavik|Brazil|Norway|New Zealand|Cape Town|Salt Lake City|"
    "Bruges|Heidelberg|Tuscany|Ohio|Belgium|Vienna|Bath|Cork|Santa Fe|Gothenburg|Maple Street|"
    "the Hilton|the Marriott|the Sheraton|Central Park|Hyde Park|Heathrow|Terminal Five",
    by="|",
)
_MONTHS = _listed("January February March April June July August September October November")
_DAYS = _listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_WORDS = _listed(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
_VALUES = [*range(2, 21), *range(30, 100, 10)]

_SPELLED = "|".join(_WORDS)
_REPLACED = {
    "number": re.compile(
        rf"(?<![\w$£€.:#])(?:\d+|{_SPELLED})(?![\w.:%]|\s*(?:am|pm|a\.m|p\.m|o'))"
    ),
    "date": re.compile(rf"\b(?:{'|'.join((*_MONTHS, 'December', *_DAYS))})\b"),
    "time": re.compile(r"(?<![\d$£€])\d{1,2}(?:[:.]\d\d|(?=\s?(?:am|pm|a\.m|p\.m)))"),
    "price": re.compile(r"[$£€]\s?\d[\d,.]*\d|\b\d[\d,]* (?:dollars|euros|pounds|yuan)\b"),
}
_ADDED = {
    "name": ("with {}", "because of {}", "and {} agrees", "like {}"),
    "number": ("with {} others", "for {} people", "{} times", "after {} hours"),
    "date": ("on {}", "before {}"),
    "time": ("at {}", "until {}"),
    "price": ("for {}", "and pays {}"),
    "place": ("in {}", "near {}", "at {}"),
}


_TRIES = 200


@dataclass(frozen=True)
class Plant:
    """A summary with one invention: text[start:end], of which every word is invented or "the"."""

    text: str
    start: int
    end: int
    kind: str
    replaced: bool


def plants(source: str, summary: str, seed: int) -> Iterator[Plant]:
    """One plant of each kind, as far as there can be, and one name more that opens a sentence."""
    draw = random.Random(seed)
    for kind in KINDS:
        plant = _plant(source, summary, kind, draw)
        if plant is not None:
            yield plant
    name = _fresh(source, summary, "name", draw)
    if name is None:
        return
    text = f"{summary.rstrip()} {name[0].upper() + name[1:]} agrees."
    start = len(summary.rstrip()) + 1
    yield Plant(text, start, start + len(name), "name", False)


def _plant(source: str, summary: str, kind: str, draw: random.Random) -> Plant | None:
    places = _replaceable(source, summary, kind)
    # Half of those that could replace are added nevertheless.
    if places and draw.random() < 0.5:
        start, end = draw.choice(places)
        new = _fresh(source, summary, kind, draw, summary[start:end])
        if new is None:
            return None
        return Plant(summary[:start] + new + summary[end:], start, start + len(new), kind, True)
    new = _fresh(source, summary, kind, draw)
    if new is None:
        return None
    phrase = " " + draw.choice(_ADDED[kind]).format(new)
    stops = [found.start() for found in re.finditer(r"[.!?](?=\s|$)", summary)]
    place = draw.choice(stops) if stops else len(summary.rstrip())
    start = place + phrase.index(new)
    return Plant(summary[:place] + phrase + summary[place:], start, start + len(new), kind, False)


def _replaceable(source: str, summary: str, kind: str) -> list[tuple[int, int]]:
    if kind in _REPLACED:
        return [found.span() for found in _REPLACED[kind].finditer(summary)]
    if kind == "name":
        speakers = re.findall(r"^(\w+)[^:\n]*:", source, re.MULTILINE)
        found = [re.finditer(rf"\b{re.escape(name)}\b", summary) for name in set(speakers)]
        return [each.span() for matches in found for each in matches if each[0].isalpha()]
    return [
        found.span(1) for found in re.finditer(r"\b(?:in|near|from) ([A-Z][a-z]{3,})\b", summary)
    ]


def _fresh(
    source: str, summary: str, kind: str, draw: random.Random, instead: str = ""
) -> str | None:
    """A text of a kind, none of whose parts (patterns) begins a word of source or summary.

    None where every try hits something: a text full of numbers leaves none.
    """
    known = f"{source}\n{summary}".lower()
    for _ in range(_TRIES):
        text, parts = _drawn(kind, draw, instead)
        if not any(re.search(rf"(?<![^\W_]){part.lower()}", known) for part in parts):
            return text
    return None


def _drawn(kind: str, draw: random.Random, instead: str) -> tuple[str, Sequence[str]]:
    """(a text, what of it must be new)."""
    if kind == "name":
        text = draw.choice(_NAMES if instead or draw.random() < 0.6 else _LONG_NAMES)
        return text, [text, *(w for w in text.split() if len(w) > 3)]
    if kind == "place":
        one_word = [place for place in _PLACES if " " not in place]
        text = draw.choice(one_word if instead else _PLACES)
        return text, [text.removeprefix("the "), *(w for w in text.split() if len(w) > 3)]
    if kind == "date":
        if instead in _DAYS or (not instead and draw.random() < 0.4):
            day = draw.choice(_DAYS)
            return day, [day, day[:3] + r"\b", day[:4] + r"\b"]
        month = draw.choice(_MONTHS)
        if instead or draw.random() < 0.3:
            return month, _of_month(month)
        day = draw.randint(4, 19)
        text = draw.choice([f"{month} {day}", f"{month} {day}th", f"the {day}th of {month}"])
        return text, _of_month(month)
    if kind == "time":
        hour, minute = draw.randint(1, 12), draw.choice([0, 5, 10, 15, 20, 30, 40, 45, 50])
        hours = [str(hour), str(hour + 12), _word(hour)]
        if instead:
            text = f"{hour}:{minute:02}" if ":" in instead or "." in instead else str(hour)
            return text, hours
        forms = [f"{hour}:{minute:02}", f"{hour} pm", f"{hour}am", f"{hour} o'clock"]
        forms += [
            f"{hour}:{minute:02} p.m.",
            f"half past {_word(hour)}",
            f"quarter to {_word(hour)}",
        ]
        before = [str(hour - 1 or 12), str(hour + 11), _word(hour - 1 or 12)]
        if hour in (1, 12):
            before += ["noon", "midnight", "midday"]
        return draw.choice(forms), hours + before
    value = draw.choice(_VALUES) if draw.random() < 0.6 else draw.randint(2, 999)
    spelled = _word(value) if value in _VALUES else ""
    parts = [str(value), *([spelled] if spelled else [])]
    parts += ["both", "couple", "twice", "pair"] if value == 2 else []
    if kind == "number":
        spell = spelled and (instead.isalpha() or (not instead and draw.random() < 0.5))
        return (spelled if spell else str(value)), parts
    forms = [f"${value}", f"£{value}", f"{value} dollars", f"{value} euros", f"€{value}"]
    forms += [f"{spelled} dollars", f"{spelled} pounds"] if spelled else []
    forms += [f"${value},000", f"${value}.50"]
    return draw.choice(forms), parts


def _of_month(month: str) -> list[str]:
    return [month, month[:3] + r"\b", month[:4] + r"\b"]


def _word(value: int) -> str:
    return "one" if value == 1 else _WORDS[_VALUES.index(value)]
