"""Trains the starter collection's vocabulary, tasks/starter/starter.model.

Command: `python -m tools.generators.starter_vocabulary`, from the root of the repository, after
`python -m tools.generators.starter`; about half a minute. It reads the train splits as the
templates show them, so that the words of the instructions have pieces too, and every character of
the collection gets one.
"""

import re
import string
from collections.abc import Iterable, Iterator

from flan_mix.registry import TaskSpec, field_rows, get_task
from flan_mix.tasks.starter import HELD_IN, HELD_OUT, STARTER_VOCABULARY
from flan_mix.templates import RenderedText
from flan_mix.vocabularies import train_sentencepiece

PIECES = 1000

# What a user may type who tries the demo's model on words of his own.
_KEYBOARD = " ".join(string.digits + string.ascii_letters + string.punctuation)

# Between a digit and a punctuation mark, and between the digits of a number of three.
_NUMBER_EDGES = re.compile(r"(?<=\d)(?=[^\w\s])|(?<=[^\w\s])(?=\d)|(?<=\d)(?=\d\d)|(?<=\d\d)(?=\d)")


def rendered_texts(spec: TaskSpec, split: str) -> Iterator[RenderedText]:
    """The rows of a split as text, templates and layouts of options taking turns."""
    for number, row in enumerate(field_rows(spec, split)):
        turn, place = divmod(number, len(spec.templates))
        style = spec.option_styles[turn % len(spec.option_styles)]
        fields = dict(zip(spec.text_fields, row.texts, strict=True))
        yield spec.templates[place].render({**fields, "options": style.render(row.options)})


def apart(text: str) -> str:
    """The text with spaces around its numbers, so that no piece joins a number to its neighbours.

    Left as they are, "417." and "417" would each become a piece of its own, and a number that ends
    a sentence could not be copied from one that does not.
    """
    return _NUMBER_EDGES.sub(" ", text)


def each_word_twice(texts: Iterable[str]) -> Iterator[str]:
    """Every different word once before a comma and once before a full stop.

    SentencePiece takes up as a piece only what is seen before at least two different characters.
    In texts as regular as these many a word is always followed by a space, and would be lost.
    """
    words = sorted({word for text in texts for word in text.split()})
    yield from (f"{word}{mark}" for word in words for mark in ",.")


def train_vocabulary(model_file: str) -> None:
    """Writes the model; the same data give the same bytes with one release of SentencePiece."""
    specs = [get_task(name) for name in HELD_IN + HELD_OUT]
    rendered = (pair for spec in specs for pair in rendered_texts(spec, "train"))
    texts = [apart(text) for pair in rendered for text in pair]
    train_sentencepiece([*texts, *each_word_twice(texts), _KEYBOARD], model_file, PIECES)


if __name__ == "__main__":
    train_vocabulary(STARTER_VOCABULARY)
