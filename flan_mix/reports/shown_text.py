"""Texts from data and models as a page can show them: every character visible or harmless.

Each character becomes exactly one, so that places in the text stay what they were.
"""

import re

# Control characters have pictures (U+2400 …); a tab and a new line are themselves.
_PICTURES = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
_PICTURES[0x7F] = "\N{SYMBOL FOR DELETE}"
_PICTURES |= dict.fromkeys(range(128, 160), "�")
_RETURN = str.maketrans("\r", "\n")
# Half of a pair, which no file in UTF-8 can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with pictures for control characters and U+FFFD for what is no character."""
    lines = text.replace("\r\n", " \n").translate(_RETURN)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", lines.translate(_PICTURES))


def utf16_offset(text: str, offset: int) -> int:
    """A place in `text` as browsers count it: characters beyond U+FFFF are two."""
    return offset + sum(c > "\uffff" for c in text[:offset])
