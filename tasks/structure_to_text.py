"""Structure to text: triples (DART, WebNLG), attributes of a restaurant (E2E) and concepts
(CommonGen) become sentences.

What is given is written in one line, because T5's vocabulary knows no line breaks: triples as
``(Ada | BORN_IN | London); (…)``, attributes as ``name: Otterbank; area: harbour``. The sets that
state facts share most of their wording. Several texts say the same: in training each is a row of
its own, elsewhere they are the references of one row. The inverted templates go from a text to
what it was made of.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flan_mix.metrics import bleu, chrf, rouge
from flan_mix.registry import BadRowError, FileSource, TaskSpec, add_task
from flan_mix.registry.file_formats import read_rows
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.text_columns import Row, has_text
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "structure_to_text"
FLAN_SPLITS = {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"}

PlacedRow = tuple[int, Any]  # the line and the row, or the BadRowError that it is
Reader = Callable[[Path], Iterator[PlacedRow]]


def _text(inputs: str, name: str) -> Template:
    return Template(inputs, "{text}", name=name)


def _facts(inputs: str, name: str) -> Template:
    return Template(inputs, "{facts}", name=name, inverted=True)


FAMILY = (
    _text("{facts}\n\nPut this into words.", name="into_words"),
    _text("Data: {facts}\nText:", name="data_and_text"),
    _text(
        "Turn the entries of a database into fluent English that mentions all of them and nothing "
        "besides.\n\n{facts}",
        name="entries_of_a_database",
    ),
    _text(
        "A voice assistant looked something up and got the record below. What should it say "
        "aloud?\n{facts}",
        name="voice_assistant",
    ),
    _text(
        "Work these notes into running prose for an encyclopedia: {facts}",
        name="encyclopedia",
    ),
    _text(
        "I can't make head or tail of such lists. Would you tell me what stands here, in normal "
        "language?\n\n{facts}",
        name="head_or_tail",
    ),
    _text("Verbalize: {facts}", name="verbalize"),
    _text(
        "Generation from structured input\nInput = {facts}\nSurface form =",
        name="surface_form",
    ),
    _text(
        "{facts}\n\nAn editor returns your table with the remark that readers want sentences. Send "
        "back what they want.",
        name="editors_remark",
    ),
    _text(
        "Imagine index cards on a desk, each with a piece of information:\n{facts}\nLay them out "
        "one after another so that they can be read as a text.",
        name="index_cards",
    ),
    _text(
        "A test checks that no item gets lost between a form and the letter written from it. Form: "
        "{facts}\nLetter:",
        name="form_and_letter",
    ),
    _text("how would a person say this? {facts}", name="how_a_person_says_it"),
)

TRIPLES = (
    _text(
        "Each bracket holds one statement: a subject, a relation and an object. Join all of the "
        "statements into good English.\n\n{facts}",
        name="join_the_statements",
    ),
    _facts(
        "{text}\n\nTake this apart into triples, each in brackets, with semicolons between them.",
        name="take_apart",
    ),
    _facts(
        "Fill a knowledge graph with what the following says.\n{text}\nNew edges:",
        name="knowledge_graph",
    ),
)

DART_TEMPLATES = (
    *FAMILY,
    *TRIPLES,
    _text(
        "Cells of a table were copied out together with the names of their rows and columns: "
        "{facts}. Describe what the table shows there.",
        name="cells_of_a_table",
    ),
)

WEB_NLG_TEMPLATES = (
    *FAMILY,
    *TRIPLES,
    _text(
        "This is what DBpedia knows of the matter: {facts}. Write it up for people, in one "
        "sentence if the facts are few.",
        name="dbpedia",
    ),
)

E2E_TEMPLATES = (
    *FAMILY,
    _text(
        "You are the concierge of a hotel. A guest asks about a place of which your directory says "
        "{facts}. What do you reply?",
        name="concierge",
    ),
    _text(
        "Write the blurb with which a restaurant guide describes the following venue.\n{facts}",
        name="restaurant_guide",
    ),
    _facts(
        "{text}\n\nList what this tells about the venue, in the form attribute: value, with "
        "semicolons between the attributes.",
        name="attributes",
    ),
    _facts(
        "A customer describes a restaurant: {text}\nSearch filters to set:",
        name="search_filters",
    ),
)


def _sentence(inputs: str, name: str) -> Template:
    return Template(inputs, "{sentence}", name=name)


def _concepts(inputs: str, name: str) -> Template:
    return Template(inputs, "{concepts}", name=name, inverted=True)


COMMON_GEN_TEMPLATES = (
    _sentence(
        "Describe an everyday scene in one sentence that has all of these words in it: {concepts}",
        name="everyday_scene",
    ),
    _sentence("Concepts: {concepts}\nSentence:", name="labels"),
    _sentence(
        "There is a photograph with the tags {concepts}. What does it show?", name="photograph"
    ),
    _sentence("Use {concepts} together and make sense.", name="make_sense"),
    _sentence(
        "A language teacher writes {concepts} on the board and wants to hear them combined, in any "
        "order and any form. What does a good pupil say?",
        name="language_teacher",
    ),
    _sentence(
        "{concepts}\n\nThink of something that could really happen and involves each item of the "
        "list.",
        name="could_really_happen",
    ),
    _sentence("caption for a short video, must mention: {concepts}", name="caption"),
    _sentence("Tell a story of a single line around {concepts}.", name="story_of_a_line"),
    _sentence(
        "Constrained generation. Keywords, to be inflected as grammar demands: {concepts}. Output "
        "that contains every keyword:",
        name="constrained_generation",
    ),
    _sentence(
        "I play a game: you get a few cards and have to say how they belong together. Nobody may "
        "find it odd. Your cards are {concepts}.",
        name="game_of_cards",
    ),
    _sentence(
        "What are people most likely doing if {concepts} all come up when they speak of it?",
        name="what_people_are_doing",
    ),
    _concepts(
        "{sentence}\n\nName the nouns and verbs that carry this sentence, in their base form and "
        "with commas between them.",
        name="carrying_words",
    ),
    _concepts(
        "A picture was described like this: {sentence}\nTags for the picture:",
        name="tags",
    ),
)


# E2E's `name[Otterbank], area[harbour]`, step by step; written so that RE2 reads it too.
_ATTRIBUTES = ((r"\],\s*", "; "), (r"\s*\[", ": "), (r"\]$", ""))


def attributes(meaning: str) -> str:
    """A meaning of E2E as `name: Otterbank; area: harbour`."""
    meaning = meaning.strip()
    for pattern, replacement in _ATTRIBUTES:
        meaning = re.sub(pattern, replacement, meaning)
    return meaning


def triples(parts: list[list[str]]) -> str:
    """Triples in brackets: `(Ada | BORN_IN | London); (…)`."""
    return "; ".join(f"({' | '.join(part.strip() for part in triple)})" for triple in parts)


def read_e2e(path: Path) -> Iterator[PlacedRow]:
    """E2E's CSV files as rows {mr, texts}: texts of the same meaning, which stand together, in one
    row."""
    place, group = 0, {}
    for _, line, row in read_rows(FileSource({"rows": str(path)}, format="csv"), "rows"):
        if isinstance(row, BadRowError):
            yield line, row
            continue
        if group and group["mr"] != row["mr"]:
            yield place, group
            group = {}
        if not group:
            place, group = line, {"mr": row["mr"], "texts": []}
        group["texts"].append(row["ref"])
    if group:
        yield place, group


def read_dart(path: Path) -> Iterator[PlacedRow]:
    """DART's JSON files as rows {tripleset, texts}: all texts of a set of triples in one row."""
    for _, line, row in read_rows(FileSource({"rows": str(path)}, format="json"), "rows"):
        if isinstance(row, BadRowError):
            yield line, row
        else:
            texts = [annotation["text"] for annotation in row["annotations"]]
            yield line, {"tripleset": row["tripleset"], "texts": texts}


def by_split(reader: Reader) -> dict[str, Reader]:
    """The reader of each split: texts of the same facts are a row each in training."""

    def read_apart(path: Path) -> Iterator[PlacedRow]:
        for line, row in reader(path):
            if isinstance(row, BadRowError):
                yield line, row
            else:
                yield from ((line, {**row, "texts": [text]}) for text in row["texts"])

    return {"train": read_apart, "validation": reader, "test": reader}


def _with_references(facts: str, texts: list[str]) -> dict[str, Any]:
    """The first text is the target; those that say it word for word again are left out."""
    references = list(dict.fromkeys(text.strip() for text in texts))
    return {"facts": facts, "text": references[0], "references": references}


def _e2e_fields(row: Row) -> dict[str, Any]:
    return _with_references(attributes(row["mr"]), row["texts"])


def _dart_fields(row: Row) -> dict[str, Any]:
    return _with_references(triples(row["tripleset"]), row["texts"])


def _flan_e2e_fields(row: Row) -> dict[str, Any]:
    import tensorflow as tf

    facts = tf.strings.strip(row["meaning_representation"])
    for pattern, replacement in _ATTRIBUTES:
        facts = tf.strings.regex_replace(facts, pattern, replacement)
    return {"facts": facts, **_flan_texts(row, "text")}


def _flan_triples_fields(column: str) -> Callable[[Row], dict[str, Any]]:
    """A function for GEM's triples, each of which is one text; WebNLG writes `_` for a blank."""

    def fields(row: Row) -> dict[str, Any]:
        import tensorflow as tf

        listed = tf.strings.regex_replace(tf.strings.strip(row[column]), "_", " ")
        facts = tf.strings.reduce_join(tf.strings.join(["(", listed, ")"]), separator="; ")
        return {"facts": facts, **_flan_texts(row, "text")}

    return fields


def _common_gen_fields(row: Row) -> dict[str, Any]:
    import tensorflow as tf

    concepts = tf.strings.reduce_join(tf.strings.strip(row["concepts"]), separator=", ")
    return {"concepts": concepts, **_flan_texts(row, "sentence")}


def _flan_texts(row: Row, field: str) -> dict[str, Any]:
    """The target as a field, and all references; GEM gives the training rows none."""
    import tensorflow as tf

    references = tf.strings.strip(row["references"])
    return {field: tf.strings.strip(row["target"]), "references": references}


def _add_flan_task(
    name: str, fields: Any, templates: tuple[Template, ...], **settings: Any
) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=tfds_source(f"gem/{name}:1.1.0", FLAN_SPLITS, keep=has_text("target")),
            fields=fields,
            templates=templates,
            metrics=(rouge, bleu, chrf),
            collections=("flan2021",),
            **settings,
        )
    )


E2E_LICENCE = "CC BY-SA 4.0"
E2E_CITATION = (
    "Novikova, Dušek and Rieser, The E2E Dataset: New Challenges For End-to-End Generation, 2017, "
    "https://arxiv.org/abs/1706.09254"
)
DART_LICENCE = "MIT"
DART_CITATION = (
    "Nan, Radev, Zhang et al., DART: Open-Domain Structured Data Record to Text Generation, 2021, "
    "https://arxiv.org/abs/2007.02871"
)
# DART took in the texts of the other two, and added triples of Wikipedia's tables.
DART_TEXTS = ("dart", "e2e_nlg", "web_nlg")

_add_flan_task(
    "common_gen",
    _common_gen_fields,
    COMMON_GEN_TEMPLATES,
    licence="MIT",
    citation="Lin, Zhou, Shen et al., CommonGen: A Constrained Text Generation Challenge for "
    "Generative Commonsense Reasoning, 2020, https://arxiv.org/abs/1911.03705",
    text_sources=("common_gen",),
)
_add_flan_task(
    "dart",
    _flan_triples_fields("tripleset"),
    DART_TEMPLATES,
    licence=DART_LICENCE,
    citation=DART_CITATION,
    text_sources=DART_TEXTS,
)
_add_flan_task(
    "e2e_nlg",
    _flan_e2e_fields,
    E2E_TEMPLATES,
    licence=E2E_LICENCE,
    citation=E2E_CITATION,
    text_sources=("e2e_nlg",),
)
_add_flan_task(
    "web_nlg_en",
    _flan_triples_fields("input"),
    WEB_NLG_TEMPLATES,
    licence="CC BY-NC-SA 4.0",
    citation="Gardent, Shimorina, Narayan and Perez-Beltrachini, The WebNLG Challenge: Generating "
    "Text from RDF Data, 2017, https://aclanthology.org/W17-3518",
    text_sources=("web_nlg",),
)

add_task(
    TaskSpec(
        name="e2e_nlg",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "e2e_nlg/trainset.csv*",
                "validation": "e2e_nlg/devset.csv*",
                "test": "e2e_nlg/testset_w_refs.csv*",
            },
            data_dir=data_dir,
            reader=by_split(read_e2e),
        ),
        fields=_e2e_fields,
        templates=E2E_TEMPLATES,
        metrics=(rouge, bleu, chrf),
        licence=E2E_LICENCE,
        citation=E2E_CITATION,
        text_sources=("e2e_nlg",),
    )
)

add_task(
    TaskSpec(
        name="dart",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "dart/dart-v1.1.1-full-train.json*",
                "validation": "dart/dart-v1.1.1-full-dev.json*",
                "test": "dart/dart-v1.1.1-full-test.json*",
            },
            data_dir=data_dir,
            reader=by_split(read_dart),
        ),
        fields=_dart_fields,
        templates=DART_TEMPLATES,
        metrics=(rouge, bleu, chrf),
        licence=DART_LICENCE,
        citation=DART_CITATION,
        text_sources=DART_TEXTS,
    )
)
