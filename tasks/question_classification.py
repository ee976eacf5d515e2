"""Question classification: what kind of thing does a question ask for (TREC)?

Six kinds, in words: an abbreviation, a thing, a description, a person, a place, a number. The rows
come from TFDS or from the published files, whose lines are ``HUM:ind Who wrote Hamlet ?``.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import BadRowError, FileSource, TaskSpec, add_task, read_lines
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import labelled
from flan_mix.tasks.text_columns import has_text, stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "question_classification"

# In the order in which TFDS numbers them.
KINDS = {
    "DESC": "description",
    "ENTY": "thing",
    "ABBR": "abbreviation",
    "HUM": "person",
    "NUM": "number",
    "LOC": "place",
}
_SHOWN = tuple(sorted(KINDS.values()))

_LICENCE = "not stated by the source"
_CITATION = "Li and Roth, Learning Question Classifiers, 2002, https://aclanthology.org/C02-1150"


def _kind(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _question(inputs: str, name: str) -> Template:
    return Template(inputs, "{question}", name=name, inverted=True)


TREC_TEMPLATES = (
    _kind("{question}\n\nWhat sort of thing must come back?\n{options}", name="must_come_back"),
    _kind(
        "Question: {question}\nExpected kind of answer (abbreviation, description, number, "
        "person, place or thing):",
        name="labels",
    ),
    _kind(
        "A question answering system first decides what it should look for, and here it can look "
        "for\n{options}\nWhat should it be when a user asks the following?\n{question}",
        name="what_to_look_for",
    ),
    _kind(
        'Imagine the shortest good reply to "{question}" Would it name a person, a place, a number '
        "or some other thing, spell out an abbreviation, or be a description?",
        name="shortest_good_reply",
    ),
    _kind(
        "In our quiz cards are filed by the type of their solutions. File this card.\n\nCard: "
        "{question}\nBoxes:\n{options}",
        name="quiz_cards",
    ),
    _kind(
        "Who, where, how many, what is it, what does it stand for: behind every question there is "
        "one of the types person, place, number, thing, description and abbreviation. Which one is "
        "behind this one? {question}",
        name="behind_every_question",
    ),
    _kind("{options}\n\nCategory of: {question}", name="category_of"),
    _kind(
        "Do not answer, just classify by abbreviation / description / number / person / place / "
        "thing.\n{question}",
        name="just_classify",
    ),
    _kind(
        "The librarian cannot know everything but knows which shelf to send you to. You come in "
        "and say: {question} The shelves are marked as follows.\n{options}\nOff to which?",
        name="librarian",
    ),
    _kind(
        "You may forget what the question is about and keep only its form. {question} is answered "
        "by a description, a thing, an abbreviation, a person, a number or a place. Fill in which.",
        name="keep_its_form",
    ),
    _kind("so what kinda answer are they after\n{question}\n{options}", name="kinda_answer"),
    _question("Ask me something short that has a {answer} for an answer.", name="ask_me_something"),
    _question(
        "For training a question classifier we need examples. Label: {answer}. Example:",
        name="examples_for_a_label",
    ),
)


def read_trec(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, {"label": …, "question": …}) of a file of TREC; BadRowError for other lines."""
    for number, line in read_lines(path):
        label, _, question = line.partition(" ")
        coarse = label.partition(":")[0]
        if coarse not in KINDS or not question.strip():
            hint = f"A line is KIND:kind and a question; the kinds are {', '.join(KINDS)}."
            raise BadRowError(path, number, "no labelled question", hint)
        yield number, {"label": coarse, "question": question.strip()}


def _file_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "question": row["question"],
        "options": list(_SHOWN),
        "answer": KINDS[row["label"]],
    }


def _tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    kinds = labelled(row["label-coarse"], tuple(KINDS.values()), options=_SHOWN)
    return {**stripped(question="text")(row), **kinds}


add_task(
    TaskSpec(
        name="trec",
        category=CATEGORY,
        source=FileSource(
            {"train": "trec/train.txt", "test": "trec/test.txt"},
            data_dir=data_dir,
            reader=read_trec,
        ),
        fields=_file_fields,
        templates=TREC_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence=_LICENCE,
        citation=_CITATION,
        text_sources=("trec",),
    )
)

add_task(
    TaskSpec(
        name="flan_trec",
        category=CATEGORY,
        source=tfds_source(
            "trec:1.0.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "test"},
            keep=has_text("text"),
        ),
        fields=_tensors,
        templates=TREC_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence=_LICENCE,
        citation=_CITATION,
        collections=("flan2021",),
        text_sources=("trec",),
    )
)
