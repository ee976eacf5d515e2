"""Common sense: what causes what, how a thing is done, how an account goes on.

FLAN 2021's four (COPA, PIQA, HellaSwag, StoryCloze), COPA and PIQA as their own authors publish
them, and CommonsenseQA. COPA's own development set is what SuperGLUE trains on, and so is the
training split here. PIQA's and HellaSwag's test rows carry no label. HellaSwag's marks of WikiHow's
layout ("[title]") are taken out.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

from flan_mix.metrics import accuracy
from flan_mix.registry import (
    BadRowError,
    FileSource,
    TaskSpec,
    add_task,
    read_lines,
)
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.question_templates import (
    CHOICE_OPEN,
    CHOICE_SHOWN,
    ENDING_OPEN,
    ENDING_SHOWN,
    answer,
)
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "common_sense"
FLAN_2021 = ("flan2021",)

_COPA_TAGS = {"premise": "p", "first": "a1", "second": "a2"}
_Events = Iterator[tuple[str, ElementTree.Element]]

# What COPA asks for -> the fields that put the question into words.
COPA_WORDING = {
    "cause": {
        "asks": "cause",
        "query": "What brought this about?",
        "link": "This happened because",
        "wondered": "why that was so",
    },
    "effect": {
        "asks": "effect",
        "query": "What was the result?",
        "link": "As a consequence,",
        "wondered": "what came of it",
    },
}

_COPA_PAPER = (
    "Roemmele, Bejan and Gordon, Choice of Plausible Alternatives: An Evaluation of "
    "Commonsense Causal Reasoning, 2011, https://people.ict.usc.edu/~gordon/copa.html"
)
_PIQA_PAPER = (
    "Bisk, Zellers, Le Bras et al., PIQA: Reasoning about Physical Commonsense in Natural "
    "Language, 2020, https://arxiv.org/abs/1911.11641"
)


COPA_TEMPLATES = (
    answer("{premise} {query}\n{options}", name="bare"),
    answer("{premise} {link}", name="link"),
    answer('Which is the more plausible {asks} of "{premise}"?\n{options}', name="more_plausible"),
    answer("Statement: {premise}\nLikely {asks}:", name="labels"),
    answer(
        "Think of how the world works, and of these two take the one that fits.\n{premise} "
        "{query}\n{options}",
        name="how_the_world_works",
    ),
    answer("Guess the {asks}. {premise}", name="guess"),
    answer(
        '"{premise}" A child who hears this wants to know {wondered}. Reply in a short sentence.',
        name="child",
    ),
    answer("Event: {premise}\nLooking for: its {asks}\n{options}", name="looking_for"),
    answer(
        'The detective notes: "{premise}" There are two leads as to the {asks}. Which is '
        "better?\n{options}",
        name="two_leads",
    ),
    answer(
        "{premise}\n\nGoing by nothing but your experience of life, say {wondered}.",
        name="experience_of_life",
    ),
    answer("so {premise} {query} keep it simple", name="keep_it_simple"),
    answer(
        "Finish the pair of sentences.\n{premise} {link} ...\n{options}", name="pair_of_sentences"
    ),
    Template(
        "Think of a situation that could have this {asks}: {answer}",
        "{premise}",
        name="think_of_a_situation",
        inverted=True,
    ),
)

PIQA_TEMPLATES = (
    answer("Goal: {goal}\n{options}\nWhich way leads there?", name="which_way"),
    answer(
        "My neighbour has the knack of this and is showing me. {goal}",
        name="knack",
    ),
    answer(
        "Somebody has been given two tips for what they mean to do, and a single one works in "
        "practice.\n{goal}\n{options}",
        name="two_tips",
    ),
    answer('Write the entry of a household handbook under the heading "{goal}"', name="handbook"),
    answer("{goal}\n{options}", name="bare"),
    answer(
        "I am about to try something and need practical advice: {goal}", name="practical_advice"
    ),
    answer(
        "Picture each method being carried out with real objects. With which one do you end up "
        'where "{goal}" wants you to be?\n{options}',
        name="real_objects",
    ),
    answer("Aim: {goal}\nMeans:", name="aim_and_means"),
    answer("any handy trick for {goal}", name="handy_trick"),
    answer(
        "A robot was told: {goal}\nIt has made two plans and asks which of them is physically "
        "sound.\n{options}",
        name="robot",
    ),
    answer("Instructions for beginners, a sentence or two long. Topic: {goal}", name="beginners"),
    answer("Test of physical common sense.\nTask: {goal}\n{options}", name="test"),
    Template(
        "Tip: {answer}\n\nWhat is this tip good for?", "{goal}", name="good_for", inverted=True
    ),
)

HELLASWAG_TEMPLATES = (
    *ENDING_SHOWN,
    *ENDING_OPEN,
    answer(
        'The following is from the description of a video, or from a guide, about "{activity}": '
        "{context}\n{options}",
        name="video_or_guide",
    ),
    answer("Topic: {activity}\nFirst: {context}\nThen:", name="topic"),
    Template(
        'Under the heading "{activity}" it says in the end: {answer}\nHow did it begin?',
        "{context}",
        name="how_it_began",
        inverted=True,
    ),
    Template(
        "Reverse the film. The last shot shows this: {answer}\nDescribe what came ahead of it.",
        "{context}",
        name="reverse_the_film",
        inverted=True,
    ),
)

STORY_CLOZE_TEMPLATES = (
    *ENDING_SHOWN,
    *ENDING_OPEN,
    answer(
        "A story of five sentences has lost the fifth. Put it back.\n{context}\n{options}",
        name="lost_the_fifth",
    ),
    answer("Sentences one to four: {context}\nSentence five:", name="sentence_five"),
    Template(
        '"{answer}" That is how the story ends. Tell the four sentences ahead of it.',
        "{context}",
        name="four_sentences_ahead",
        inverted=True,
    ),
)

COMMONSENSEQA_TEMPLATES = (
    *CHOICE_SHOWN,
    *CHOICE_OPEN,
    answer(
        "No special knowledge is called for, plain common sense will do.\n{question}\n{options}",
        name="plain_common_sense",
    ),
    answer(
        'Bear in mind how people meet with "{concept}" in daily life. {question}', name="daily_life"
    ),
    Template(
        'Think up a question around "{concept}" that anybody can answer with common sense. It has '
        "to come out at: {answer}",
        "{question}",
        name="think_up_a_question",
        inverted=True,
    ),
)


def read_copa(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields (line that an item starts on, row) for every item of COPA's XML.

    A row has `id`, `asks`, `correct` ("1" or "2"), `premise`, `first` and `second`. Raises
    BadRowError for what is no such XML.
    """
    parser = ElementTree.XMLPullParser(("start", "end"))
    number = start = 0
    try:
        for number, line in read_lines(path):
            parser.feed(f"{line}\n")
            for event, element in cast(_Events, parser.read_events()):
                if element.tag == "item" and event == "start":
                    start = number
                elif element.tag == "item":
                    yield start, _copa_row(path, start, element)
        parser.close()
    except ElementTree.ParseError as error:
        raise BadRowError(path, number, "invalid XML", f"{error}.") from None


def _copa_row(path: Path, line: int, item: ElementTree.Element) -> dict[str, str]:
    row = {
        "id": item.get("id"),
        "asks": item.get("asks-for"),
        "correct": item.get("most-plausible-alternative"),
        **{name: item.findtext(tag) for name, tag in _COPA_TAGS.items()},
    }
    filled = {name: value for name, value in row.items() if value is not None}
    if missing := row.keys() - filled:
        hint = "An item has id, asks-for, most-plausible-alternative, <p>, <a1> and <a2>."
        raise BadRowError(path, line, f"an item without {min(missing)}", hint)
    return filled


def _copa_fields(row: Mapping[str, str]) -> dict[str, Any]:
    options = [row["first"].strip(), row["second"].strip()]
    return {
        "id": row["id"],
        "premise": row["premise"].strip(),
        "options": options,
        "answer": options[int(row["correct"]) - 1],
        **COPA_WORDING[row["asks"]],
    }


def _copa_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    asks_cause = row["question"] == "cause"
    wording = {
        field: tf.where(asks_cause, COPA_WORDING["cause"][field], COPA_WORDING["effect"][field])
        for field in COPA_WORDING["cause"]
    }
    return {
        "premise": tf.strings.strip(row["premise"]),
        **_one_of([row["choice1"], row["choice2"]], row["label"]),
        **wording,
    }


def _piqa_fields(row: Mapping[str, str]) -> dict[str, Any]:
    columns = json.loads(row["row"])
    options = [columns["sol1"].strip(), columns["sol2"].strip()]
    return {
        "goal": columns["goal"].strip(),
        "options": options,
        "answer": options[int(row["label"])],
    }


def _piqa_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {
        "goal": tf.strings.strip(row["goal"]),
        **_one_of([row["sol1"], row["sol2"]], row["label"]),
    }


def _hellaswag_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {
        "activity": tf.strings.strip(row["activity_label"]),
        "context": _without_marks(row["context"]),
        **_one_of(_without_marks(row["endings"]), row["label"]),
    }


def _without_marks(text: Any) -> Any:
    """WikiHow's "[header] … [title] … [step] …" as sentences."""
    import tensorflow as tf

    text = tf.strings.regex_replace(text, r"([^.!?\s])\s*\[title\]\s*", r"\1. ")
    text = tf.strings.regex_replace(text, r"\[(?:header|title|step|substeps)\]", " ")
    return tf.strings.strip(tf.strings.regex_replace(text, r"\s+", " "))


def _is_labelled(row: Mapping[str, Any]) -> Any:
    import tensorflow as tf

    return (row["label"] >= 0) & (row["label"] < tf.size(row["endings"]))


def _story_cloze_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """StoryCloze numbers its two endings from 1."""
    import tensorflow as tf

    is_second = tf.cast(row["label"] == 2, tf.int32)
    return {
        "context": tf.strings.strip(row["context"]),
        **_one_of([row["endings"][0], row["endings"][1]], is_second),
    }


def _one_of(options: Any, index: Any) -> dict[str, Any]:
    import tensorflow as tf

    options = tf.strings.strip(options)
    return {"options": options, "answer": tf.gather(options, index)}


def _commonsenseqa_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    choices = {choice["label"]: choice["text"].strip() for choice in row["question"]["choices"]}
    return {
        "id": row["id"],
        "question": row["question"]["stem"].strip(),
        "concept": row["question"]["question_concept"].strip(),
        "options": list(choices.values()),
        "answer": choices[row["answerKey"]],
    }


add_task(
    TaskSpec(
        name="flan_copa",
        category=CATEGORY,
        source=tfds_source(
            "super_glue/copa:1.0.2",
            {"train": "train[:-50]", "validation": "train[-50:]", "test": "validation"},
        ),
        fields=_copa_tensors,
        templates=COPA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="BSD 2-Clause",
        citation=_COPA_PAPER,
        collections=FLAN_2021,
        text_sources=("copa",),
    )
)

add_task(
    TaskSpec(
        name="flan_piqa",
        category=CATEGORY,
        source=tfds_source(
            "piqa:1.0.0",
            {"train": "train[:-100]", "validation": "train[-100:]", "test": "validation"},
        ),
        fields=_piqa_tensors,
        templates=PIQA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="AFL 3.0",
        citation=_PIQA_PAPER,
        collections=FLAN_2021,
        text_sources=("piqa",),
    )
)

add_task(
    TaskSpec(
        name="flan_hellaswag",
        category=CATEGORY,
        source=tfds_source(
            "hellaswag:1.1.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
            keep=_is_labelled,
        ),
        fields=_hellaswag_tensors,
        templates=HELLASWAG_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="MIT",
        citation="Zellers, Holtzman, Bisk et al., HellaSwag: Can a Machine Really Finish Your "
        "Sentence?, 2019, https://arxiv.org/abs/1905.07830",
        collections=FLAN_2021,
        text_sources=("hellaswag", "wikihow"),
    )
)

add_task(
    TaskSpec(
        name="flan_story_cloze",
        category=CATEGORY,
        source=tfds_source(
            "story_cloze/2016:1.0.0",
            {"train": "validation[:-200]", "validation": "validation[-200:]", "test": "test"},
        ),
        fields=_story_cloze_tensors,
        templates=STORY_CLOZE_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="not stated by the source; given out by its authors on request",
        citation="Mostafazadeh, Chambers, He et al., A Corpus and Evaluation Framework for Deeper "
        "Understanding of Commonsense Stories, 2016, https://arxiv.org/abs/1604.01696",
        collections=FLAN_2021,
        text_sources=("roc_stories",),
    )
)

add_task(
    TaskSpec(
        name="copa",
        category=CATEGORY,
        source=FileSource(
            {"train": "copa/copa-dev.xml", "test": "copa/copa-test.xml"},
            data_dir=data_dir,
            reader=read_copa,
        ),
        fields=_copa_fields,
        templates=COPA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="BSD 2-Clause",
        citation=_COPA_PAPER,
        text_sources=("copa",),
    )
)

add_task(
    TaskSpec(
        name="piqa",
        category=CATEGORY,
        source=FileSource(
            {"validation": {"row": "piqa/valid.jsonl", "label": "piqa/valid-labels.lst"}},
            format="lines",
            data_dir=data_dir,
        ),
        fields=_piqa_fields,
        templates=PIQA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="AFL 3.0",
        citation=_PIQA_PAPER,
        text_sources=("piqa",),
    )
)

add_task(
    TaskSpec(
        name="commonsenseqa",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "commonsenseqa/train_rand_split.jsonl.gz",
                "validation": "commonsenseqa/dev_rand_split.jsonl",
            },
            data_dir=data_dir,
        ),
        fields=_commonsenseqa_fields,
        templates=COMMONSENSEQA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="not stated by the source",
        citation="Talmor, Herzig, Lourie and Berant, CommonsenseQA: A Question Answering Challenge "
        "Targeting Commonsense Knowledge, 2019, https://arxiv.org/abs/1811.00937",
        text_sources=("commonsenseqa",),
    )
)
