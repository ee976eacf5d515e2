"""Linguistic acceptability: would a speaker of English form such a sentence (CoLA)?

Inverted templates give the words of a sentence, in another order, and ask for one that is right or
wrong: a request for any such sentence would be the same for half of the rows.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy, matthews
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.labels import ANSWERED_IN_FULL, YES_NO, by_label, labelled
from flan_mix.tasks.text_columns import stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "linguistic_acceptability"
# By label: 0 is a sentence that is not acceptable.
ANSWERS = ("no", "yes")
VERDICTS = ("is wrong", "is right")


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _sentence(inputs: str, name: str) -> Template:
    return Template(inputs, "{sentence}", name=name, inverted=True)


COLA_TEMPLATES = (
    _answer("{sentence}\n\nIs this well-formed English?\n{options}", name="well_formed"),
    _answer("Would a native speaker put it this way? yes or no\n{sentence}", name="native_speaker"),
    _answer(
        "You are the copy editor. Let the line through (yes), or send it back because its grammar "
        "is off (no).\nLine: {sentence}",
        name="copy_editor",
    ),
    _answer(
        "Linguists print a star before examples that nobody could say. May the following appear "
        "without one?\n{sentence}\n{options}",
        name="star",
    ),
    _answer("Acceptability judgement\ninput: {sentence}\nacceptable:", name="judgement"),
    _answer(
        'My pen pal writes: "{sentence}" I would rather not embarrass her, so first tell me, with '
        "a yes or a no, if she got her sentence right.",
        name="pen_pal",
    ),
    _answer(
        "Check word order, agreement, and words that are missing or superfluous. Is everything in "
        "order?\n\n{sentence}\n\n{options}",
        name="check",
    ),
    _answer(
        "A textbook sets examples of correct usage beside examples of mistakes. Is this one of the "
        "former?\nExample: {sentence}\n{options}",
        name="textbook",
    ),
    _answer(
        'Never mind whether it is true or likely: does "{sentence}" sound natural?\n{options}',
        name="sound_natural",
    ),
    _answer("can you say it like that in english, yes/no?\n{sentence}", name="say_it_like_that"),
    _answer(
        "Candidates in a language test tick whatever follows the rules and leave the rest blank.\n"
        "{sentence}\nShould there be a tick?\n{options}",
        name="tick",
    ),
    _answer(
        "Parse the text after the colon as a sentence of English. Print yes if the parse is "
        "complete and no if it breaks down: {sentence}",
        name="parse",
    ),
    _sentence(
        "Here is what a sentence was made of: {words}\nBring it into an order that {verdict} by "
        "the grammar of English.",
        name="bring_into_an_order",
    ),
    _sentence(
        "For a lecture on syntax I need an example that {verdict}. Please write me one with all of "
        "these in it: {words}",
        name="lecture_on_syntax",
    ),
)


def cola_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of CoLA, whose label 1 is an acceptable sentence."""
    return {
        **stripped(sentence="sentence")(row),
        **labelled(row["label"], ANSWERS, options=YES_NO),
        "verdict": by_label(row["label"], VERDICTS),
        "words": _mixed_words(row["sentence"]),
    }


def _mixed_words(sentence: Any) -> Any:
    """The words in an order of their own, without the capital and the marks that tell theirs."""
    import tensorflow as tf

    plain = tf.strings.regex_replace(tf.strings.lower(sentence), r"[.,;:?!]+(\s|$)", r"\1")
    words = tf.strings.split(plain)
    order = tf.argsort(tf.strings.to_hash_bucket_fast(words, 1 << 31))
    return tf.strings.reduce_join(tf.gather(words, order), separator=" / ")


add_task(
    TaskSpec(
        name="flan_cola",
        category=CATEGORY,
        source=tfds_source(
            "glue/cola:2.0.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=cola_tensors,
        templates=COLA_TEMPLATES,
        metrics=(accuracy, matthews),
        option_styles=ANSWERED_IN_FULL,
        licence="not stated by the source; example sentences from publications on linguistics",
        citation="Warstadt, Singh and Bowman, Neural Network Acceptability Judgments, 2019, "
        "https://arxiv.org/abs/1805.12471",
        collections=("flan2021",),
        text_sources=("cola",),
    )
)
