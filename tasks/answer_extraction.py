"""Answer extraction: what a reply, with or without reasoning in front of it, says the answer is.

It is the postprocessor of all chain-of-thought tasks, applied alike to targets and predictions, so
that replies which say the same in another form (``(B)`` and ``b``, ``Yes.`` and ``yes``, ``$1,080``
and ``1080``) become the same text. What a reply announces with "the answer is" counts, the last
time if it does so more than once.
"""

import re

_ANNOUNCED = re.compile(r"\banswer\s+is\b:?|\banswer:", re.IGNORECASE)
# A minus sign after a digit or a bracket is a subtraction and not part of the number.
_NUMBER = re.compile(r"(?:(?<![\d)])-)?\$?(?:\d[\d,]*\.?\d*|\.\d+)")
_YES_OR_NO = re.compile(r"(yes|no|true|false)\s*(?:[.,;:!].*)?", re.IGNORECASE)

# The name of an item of a list: alone (in brackets also with more said behind it, "(b), because"),
# or ahead of the item's text.
_NAME = r"(?:[A-Za-z]|\d{1,2})"
_ENCLOSED = rf"\({_NAME}\)|\[{_NAME}\]"
_NAME_ALONE = re.compile(rf"(?:{_ENCLOSED})(?:\.|[.,;:]\s.*)?|{_NAME}\)?\.?")
_NAMED_ITEM = re.compile(rf"(?:{_ENCLOSED}|{_NAME}[.)])\s+(\S.*)")

# The name of a choice that its text, or more, may follow.
_CHOICE = re.compile(r"(?:[(\[]([A-Za-z])[)\]]|([A-Za-z])[.):](?=\s|\Z)|([A-Za-z])\Z)")

_AROUND = " \t\"'*\u201c\u201d\u2018\u2019"


def extract_answer(text: str, numeric: bool = False) -> str:
    """The answer that `text` gives, in lower case and without quotes or a final full stop.

    numeric: the answer is a number, whatever unit is named with it: the first one announced, or
      else the last one of all. Otherwise it is what is announced, or all of the first line: yes or
      no without what is added, the bare name of an item without its brackets, the text of an item
      without its name, a number in plain digits.

    Numbers lose currency signs, thousands separators and needless zeros. A numeric answer without
    any number gives its words, and so equals no number.
    """
    announcements = list(_ANNOUNCED.finditer(text))
    conclusion = text[announcements[-1].end() :] if announcements else text
    if numeric:
        numbers = _NUMBER.findall(conclusion)[:1] if announcements else []
        numbers = numbers or _NUMBER.findall(text)
        if numbers:
            return _plain_digits(numbers[-1])
    return _worded(conclusion)


def extract_number(text: str) -> str:
    """`extract_answer` where the answer is a number."""
    return extract_answer(text, numeric=True)


def extract_choice(text: str) -> str:
    """The letter of the choice that `text` names, in lower case, its text left out ("(B) 4" is b);
    where it names none, what `extract_answer` finds."""
    announcements = list(_ANNOUNCED.finditer(text))
    conclusion = text[announcements[-1].end() :] if announcements else text
    found = _CHOICE.match(conclusion.strip().strip(_AROUND))
    return next(filter(None, found.groups())).lower() if found else extract_answer(text)


def _worded(conclusion: str) -> str:
    lines = conclusion.strip().splitlines()
    phrase = " ".join(lines[0].split()).strip(_AROUND) if lines else ""
    if found := _YES_OR_NO.fullmatch(phrase):
        return found[1].lower()
    if _NAME_ALONE.fullmatch(phrase):
        return phrase.lstrip("([").partition(")")[0].partition("]")[0].rstrip(".").lower()
    if found := _NAMED_ITEM.fullmatch(phrase):
        phrase = found[1]
    phrase = phrase.rstrip(".").strip(_AROUND).rstrip(".")
    if _NUMBER.fullmatch(phrase):
        return _plain_digits(phrase)
    return phrase.lower()


def _plain_digits(number: str) -> str:
    digits = number.replace(",", "").replace("$", "")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
