"""Entity recognition: names in social media posts (WNUT 2017, novel and emerging entities).

The target lists the names from left to right, each with its kind: ``Empire State Building
(location); ESB (location)``. About half of the posts name nothing, and their target says so.
The inverted templates ask for a post that mentions given names.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flan_mix.metrics import exact_match, token_f1
from flan_mix.registry import BadRowError, FileSource, TaskSpec, add_task, read_lines
from flan_mix.tasks.data_dir import data_dir
from flan_mix.templates import Template

CATEGORY = "entity_recognition"
NO_ENTITIES = "No names."


def _entities(inputs: str, name: str) -> Template:
    return Template(inputs, "{entities}", name=name)


def _post(inputs: str, name: str) -> Template:
    return Template(inputs, "{post}", name=name, inverted=True)


WNUT17_TEMPLATES = (
    _entities(
        "List every person, location, corporation, product, creative work and group that this post "
        "names, spelled as it is there and with its kind in brackets.\n\nPost: {post}",
        name="list_every",
    ),
    _entities(
        "{post}\n\nWhich names occur in this text, and what kind of thing does each stand for?",
        name="which_names",
    ),
    _entities("Post: {post}\nNames and kinds:", name="labels"),
    _entities(
        "You build the index of a search engine for social media. For the message below give the "
        "entries to store, in the form: name (kind). Kinds are person, location, corporation, "
        "product, creative work and group.\n\n{post}",
        name="index_entries",
    ),
    _entities(
        "Please go through this message and pick out the proper names for me, with a word on what "
        "they are (a person, a location, a corporation, a product, a creative work or a group). If "
        'you find none, just say so.\n\n"{post}"',
        name="please_pick_out",
    ),
    _entities(
        "We want to link the names in what users write to an encyclopedia. Which words of the "
        "following should become a link, and to an article about what kind of thing?\n{post}",
        name="link_to_encyclopedia",
    ),
    _entities(
        "Named entity recognition. Tags: person, location, corporation, product, creative work, "
        "group.\nInput: {post}\nOutput:",
        name="recognition_tags",
    ),
    _entities(
        "Is anyone or anything called by name in the lines below? If so, give the names and their "
        "kinds with semicolons between them; if not, answer that there are no names.\n\n{post}",
        name="anyone_by_name",
    ),
    _entities("who or what gets named here??\n{post}", name="who_or_what"),
    _entities(
        "Text: {post}\n\nGo from left to right, write down each name you meet and put its category "
        "behind it.",
        name="left_to_right",
    ),
    _entities(
        "An annotator read this sentence and noted the names in it:\n{post}\nTheir note was:",
        name="annotator_note",
    ),
    _post(
        "Compose a short, informal message for the web. Names to mention in it, and what they "
        "are: {entities}",
        name="compose_message",
    ),
    _post(
        "Below are the notes of an annotator who marked the names in somebody's post. What may the "
        "post have looked like?\nNotes: {entities}",
        name="post_from_notes",
    ),
)


def read_conll(path: Path) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Yields (number of its first line, {"tokens": …, "tags": …}) for every sentence of a file.

    A line is a token, a tab and its tag; blank lines part sentences. Raises BadRowError at
    a line that is neither.
    """
    sentence: list[list[str]] = []
    number = 0
    for number, line in read_lines(path):
        if line.strip():
            sentence.append(_token_and_tag(path, number, line))
        elif sentence:
            yield number - len(sentence), _sentence(sentence)
            sentence = []
    if sentence:
        yield number - len(sentence) + 1, _sentence(sentence)


def named_entities(tokens: Sequence[str], tags: Sequence[str]) -> list[tuple[str, str]]:
    """The (name, kind) pairs that B- and I- tags mark, in order.

    An I- tag that continues nothing opens a name. Kinds are written as words: ``creative-work``
    becomes ``creative work``.
    """
    entities: list[tuple[str, str]] = []
    open_kind = ""
    for token, tag in zip(tokens, tags, strict=True):
        kind = tag[2:].replace("-", " ")
        if kind and tag.startswith("I-") and kind == open_kind:
            entities[-1] = (f"{entities[-1][0]} {token}", kind)
        elif kind:
            entities.append((token, kind))
        open_kind = kind
    return entities


def _token_and_tag(path: Path, number: int, line: str) -> list[str]:
    cells = line.split("\t")
    if len(cells) != 2 or not re.fullmatch(r"O|[BI]-.+", cells[1]):
        hint = f"A line is a token, a tab and a tag (O, B-… or I-…), not {line!r}."
        raise BadRowError(path, number, "no token with its tag", hint)
    return cells


def _sentence(cells: list[list[str]]) -> dict[str, list[str]]:
    tokens, tags = zip(*cells, strict=True)
    return {"tokens": list(tokens), "tags": list(tags)}


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    # The older posts hold HTML's spelling of some characters: "M&amp;M".
    tokens = [html.unescape(token) for token in row["tokens"]]
    entities = named_entities(tokens, row["tags"])
    described = "; ".join(f"{name} ({kind})" for name, kind in entities)
    return {"post": " ".join(tokens), "entities": described or NO_ENTITIES}


add_task(
    TaskSpec(
        name="wnut17",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "wnut17/wnut17train.conll",
                "validation": "wnut17/emerging.dev.conll",
                "test": "wnut17/emerging.test.annotated",
            },
            data_dir=data_dir,
            reader=read_conll,
        ),
        fields=_fields,
        templates=WNUT17_TEMPLATES,
        metrics=(token_f1, exact_match),
        licence="CC BY 4.0",
        citation="Derczynski, Nichols, van Erp and Limsopatham, Results of the WNUT2017 Shared "
        "Task on Novel and Emerging Entity Recognition, 2017, https://aclanthology.org/W17-4418",
    )
)
