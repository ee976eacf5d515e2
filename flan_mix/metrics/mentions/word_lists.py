"""Lists of words written as running text, so that they can be read."""


def word_list(text: str) -> list[str]:
    """The words of a text, parted by white space."""
    return text.split()


def word_set(text: str) -> frozenset[str]:
    """The same, each once and in no order."""
    return frozenset(text.split())
