"""Entity recognition: names in social media posts (WNUT 2017, novel and emerging entities) and in
sentences of Wikipedia (WikiGold).

The target lists the names from left to right, each with its kind: ``Empire State Building
(location); ESB (location)``. About half of the posts name nothing, and their target says so.
The inverted templates ask for a text that mentions given names.

WikiGold is one file without splits: a hash of the first words of an article puts all of its
sentences into the same split, about 80 % of the articles into train, 10 % each into validation and
test.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flan_mix.metrics import entity_f1, exact_match
from flan_mix.registry import BadRowError, FileSource, TaskSpec, add_task, read_lines
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.review_rating import split_of
from flan_mix.templates import Template

CATEGORY = "entity_recognition"
NO_ENTITIES = "No names."
_ARTICLE_START = "-DOCSTART-"
_WIKIGOLD_KINDS = {
    "PER": "person",
    "ORG": "organization",
    "LOC": "location",
    "MISC": "miscellaneous",
}


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


WIKIGOLD_TEMPLATES = (
    _entities(
        "Mark up an encyclopedia: name every person, organization and location of this sentence, "
        "and every other proper name as miscellaneous, each with its kind in brackets.\n\n"
        "Sentence: {sentence}",
        name="mark_up",
    ),
    _entities("{sentence}\n\nProper names in it, with types:", name="with_types"),
    _entities("Wikipedia: {sentence}\nEntities:", name="labels"),
    _entities(
        "An index at the end of a reference work is being compiled. What has to go into it from "
        "the following line, and under which heading (person, organization, location, "
        "miscellaneous)?\n{sentence}",
        name="index_of_reference_work",
    ),
    _entities(
        "I am collecting who is who and what is where. Extract what is of use to me here; if there "
        'is nothing, tell me that there are no names.\n\n"{sentence}"',
        name="who_is_who",
    ),
    _entities(
        "NER, four classes (person, location, organization, miscellaneous).\n{sentence}\n=",
        name="four_classes",
    ),
    _entities(
        "Which words would you have to replace to make this text anonymous, and what do they stand "
        "for?\n{sentence}",
        name="anonymous",
    ),
    _entities("any people, places, companies etc in there? {sentence}", name="any_people"),
    _entities(
        "Translators leave names as they are. Before you translate the sentence, list what you "
        "will leave, together with what kind of name it is.\n\n{sentence}",
        name="translators",
    ),
    _entities(
        "In this article, capital letters do not always mean a name. Find those that do.\n"
        "{sentence}\nFound, in order, as name (kind); name (kind):",
        name="capital_letters",
    ),
    _entities(
        'A knowledge base gets a node for each entity that is mentioned. "{sentence}" is read. '
        "What nodes are there now and of what category?",
        name="knowledge_base",
    ),
    Template(
        "Write a sentence as it could stand in an encyclopedia. It mentions: {entities}",
        "{sentence}",
        name="write_a_sentence",
        inverted=True,
    ),
    Template(
        "Nodes of a knowledge base: {entities}\nThe line of the article that they were read off:",
        "{sentence}",
        name="line_of_the_article",
        inverted=True,
    ),
)


Sentence = dict[str, list[str]]


def read_conll(path: Path, separator: str = "\t") -> Iterator[tuple[int, Sentence]]:
    """Yields (number of its first line, {"tokens": …, "tags": …}) for every sentence of a file.

    A line is a token, a separator and its tag; blank lines part sentences. Raises BadRowError at
    a line that is neither.
    """
    sentence: list[list[str]] = []
    number = 0
    for number, line in read_lines(path):
        if line.strip():
            sentence.append(_token_and_tag(path, number, line, separator))
        elif sentence:
            yield number - len(sentence), _sentence(sentence)
            sentence = []
    if sentence:
        yield number - len(sentence) + 1, _sentence(sentence)


def read_wikigold(path: Path, split: str) -> Iterator[tuple[int, Sentence]]:
    """The sentences of WikiGold's file that belong to a split, as `read_conll` has them."""
    article = ""
    for number, sentence in read_conll(path, separator=" "):
        if sentence["tokens"] == [_ARTICLE_START]:
            article = ""
            continue
        article = article or " ".join(sentence["tokens"])
        if split_of(article) == split:
            yield number, sentence


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


def _token_and_tag(path: Path, number: int, line: str, separator: str) -> list[str]:
    cells = line.split(separator)
    if len(cells) != 2 or not re.fullmatch(r"O|[BI]-.+", cells[1]):
        parted_by = "a tab" if separator == "\t" else "a blank"
        hint = f"A line is a token, {parted_by} and a tag (O, B-… or I-…), not {line!r}."
        raise BadRowError(path, number, "no token with its tag", hint)
    return cells


def _sentence(cells: list[list[str]]) -> dict[str, list[str]]:
    tokens, tags = zip(*cells, strict=True)
    return {"tokens": list(tokens), "tags": list(tags)}


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    # The older posts hold HTML's spelling of some characters: "M&amp;M".
    tokens = [html.unescape(token) for token in row["tokens"]]
    return {"post": " ".join(tokens), "entities": described(named_entities(tokens, row["tags"]))}


def _wikigold_fields(row: Mapping[str, Any]) -> dict[str, str]:
    names = named_entities(row["tokens"], row["tags"])
    in_words = [(name, _WIKIGOLD_KINDS[kind]) for name, kind in names]
    return {"sentence": " ".join(row["tokens"]), "entities": described(in_words)}


def described(entities: Sequence[tuple[str, str]]) -> str:
    """The target for these (name, kind) pairs."""
    return "; ".join(f"{name} ({kind})" for name, kind in entities) or NO_ENTITIES


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
        metrics=(entity_f1, exact_match),
        licence="CC BY 4.0",
        citation="Derczynski, Nichols, van Erp and Limsopatham, Results of the WNUT2017 Shared "
        "Task on Novel and Emerging Entity Recognition, 2017, https://aclanthology.org/W17-4418",
        text_sources=("wnut17",),
    )
)

_ARTICLES = "wikigold/wikigold.conll.txt"

add_task(
    TaskSpec(
        name="wikigold",
        category=CATEGORY,
        source=FileSource(
            {"train": _ARTICLES, "validation": _ARTICLES, "test": _ARTICLES},
            data_dir=data_dir,
            reader={
                split: partial(read_wikigold, split=split)
                for split in ("train", "validation", "test")
            },
        ),
        fields=_wikigold_fields,
        templates=WIKIGOLD_TEMPLATES,
        metrics=(entity_f1, exact_match),
        accepted={"dropped_characters": "a few names have letters that T5's vocabulary lacks"},
        licence="CC BY 4.0",
        citation="Balasuriya, Ringland, Nothman, Murphy and Curran, Named Entity Recognition in "
        "Wikipedia, 2009, https://aclanthology.org/W09-3302",
        text_sources=("wikigold",),
    )
)
