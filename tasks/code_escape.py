"""A reversible spelling of source code that T5's vocabulary can hold.

T5's SentencePiece model has no piece for ``{ } < \\ ~ ^``, for the backtick, nor for most letters
outside English, French, German and Romanian; it turns line breaks and tabs into spaces and merges
runs of spaces. Code that passes through it comes out broken. `escape` rewrites those characters,
each as one symbol that the vocabulary does have and that looks a little like it, so that a token
is spent where an unknown token was before, and a reader can still follow the code:

    if (a < b) {return c;}   becomes   if (a ‘ b) «return c;»

The backtick and all else outside printable ASCII are written as numbers (``£e9;``), the symbols
themselves included, so that every text comes back from `unescape` exactly as it was, also after
being tokenized and decoded by T5's vocabulary in between.
"""

import re

_NUMBER_MARK = "£"
_KEPT_SPACE = "•"
_SYMBOLS = {
    "{": "«",
    "}": "»",
    "<": "‘",
    "\\": "′",
    "~": "–",
    "^": "°",
    "\n": "®",
    "\t": "—",
}
_CHARACTERS = {symbol: character for character, symbol in _SYMBOLS.items()} | {_KEPT_SPACE: " "}

# What escape rewrites: the characters above, a space that the vocabulary would drop (the first or
# last of the text, or one that follows another), and everything outside printable ASCII. The
# backtick is in that last group because T5's normaliser has no piece for it either.
_TO_ESCAPE = re.compile(r"[{}<\\~^\n\t]|\A | \Z|(?<= ) |[^ -_a-~]")
_ESCAPED = re.compile("£([0-9a-f]{1,6});|[" + "".join(_CHARACTERS) + "]")


def escape(code: str) -> str:
    """Rewrites `code` in characters that T5's vocabulary holds; `unescape` undoes it exactly."""
    return _TO_ESCAPE.sub(_escaped, code)


def unescape(text: str) -> str:
    """Gives back the code that `escape` wrote.

    It also reads what a model made up: a number that names no character stays as it stands.
    """
    return _ESCAPED.sub(_unescaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character == " ":
        return _KEPT_SPACE
    return _SYMBOLS.get(character) or f"{_NUMBER_MARK}{ord(character):x};"


def _unescaped(match: re.Match[str]) -> str:
    number = match.group(1)
    if number is None:
        return _CHARACTERS[match.group()]
    return chr(int(number, 16)) if _is_character(int(number, 16)) else match.group()


def _is_character(number: int) -> bool:
    """Whether a code point can stand in text: surrogates cannot be written as UTF-8."""
    return number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
