"""Words, numbers and signs of a text, with their places and whether a sentence starts there."""

import re
import unicodedata
from dataclasses import dataclass

from flan_mix.metrics.mentions.word_lists import word_set

_TOKEN = re.compile(
    r"#\w+#"  # a speaker's mark, as in #Person1#
    r"|(?<![\d.,:])\d{1,3}(?:[ \u00a0]\d{3})+(?![.,:]?\d)"  # thousands: 100 000
    r"|\d+(?:[.,:]\d+)*"
    r"|U\. ?[SK]\b\.?(?: ?A\b\.?)?"  # U.S., U. K.
    r"|[^\W\d_]+(?:['’`][^\W\d_]+)*"
    r"|[$£€¥₹%&@]"
)
_OPENING = " \t\"'“”‘’«([{*_•-–—"
_SENTENCE_ENDS = ".!?:;…\n\r|>"
_TITLES = word_set("mr mrs ms dr prof st sr jr mt vs")


@dataclass(frozen=True)
class Token:
    """A piece of a text: text == whole[start:end].

    key: how it is compared: lower case, without accents and possessive.
    opens: whether it opens a sentence, where a capital says nothing.
    """

    start: int
    end: int
    text: str
    key: str
    opens: bool

    @property
    def is_digits(self) -> bool:
        """Whether it is a number in digits."""
        return self.text[0].isdigit()

    @property
    def is_word(self) -> bool:
        """Whether it is made of letters."""
        return self.text[0].isalpha()

    @property
    def is_mark(self) -> bool:
        """Whether it is a speaker's mark."""
        return self.text[0] == "#"


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, in order."""
    return [_token(text, found) for found in _TOKEN.finditer(text)]


def touch(first: Token, second: Token) -> bool:
    """Whether nothing stands between two tokens, as in "5pm"."""
    return first.end == second.start


def _token(text: str, found: re.Match[str]) -> Token:
    return Token(
        found.start(), found.end(), found[0], comparable(found[0]), _opens(text, found.start())
    )


def comparable(word: str) -> str:
    """A word in lower case, without accents, a possessive 's or ', or the stops of U.S."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c)
    )
    # Letters that do not decompose; an ASCII keyboard writes them so.
    plain = plain.replace("ł", "l").replace("ø", "o").replace("’", "'").replace("`", "'")
    plain = plain.removesuffix("'s").rstrip("'")
    return re.sub("[. ]", "", plain) if plain[:1].isalpha() else plain


def _opens(text: str, start: int) -> bool:
    end = start
    while end and text[end - 1] in _OPENING:
        end -= 1
    if not end:
        return True
    return text[end - 1] in _SENTENCE_ENDS and not _abbreviated(text, end)


def _abbreviated(text: str, end: int) -> bool:
    """Whether a full stop before `end` belongs to a title or an initial and ends no sentence."""
    if text[end - 1] != ".":
        return False
    begin = end - 1
    while begin and text[begin - 1].isalnum():
        begin -= 1
    word = text[begin : end - 1]
    return word.lower() in _TITLES or (len(word) == 1 and word.isupper())
