"""Language modelling as a task: the last word of a passage (LAMBADA, added by FLAN 2022).

The passages are chosen so that people guess the word from the whole and not from its last sentence.
They are in small letters and with blanks around every mark, as their authors publish them. TFDS
calls their development set train.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "language_modeling"


def _word(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _passage(inputs: str, name: str) -> Template:
    return Template(inputs, "{passage}", name=name, inverted=True)


LAMBADA_TEMPLATES = (
    _word("{passage} ___\n\nWhich word is missing at the end?", name="missing_at_the_end"),
    _word("Fill in the final word.\n{passage}", name="final_word"),
    _word(
        "The page of a novel tears off just before its sentence is over. One word was lost. Work "
        "it out from the story.\n\n{passage}",
        name="torn_page",
    ),
    _word("Text: {passage}\nNext word:", name="next_word"),
    _word(
        "A phone proposes how to go on with a message, a single word at a time. Having read all of "
        "this, what does it propose?\n{passage}",
        name="phone",
    ),
    _word(
        "Do not go by the last line alone: the beginning tells, too, what has to come after the "
        "dots.\n{passage} ...",
        name="beginning_tells",
    ),
    _word(
        'While reading to the children, Dad pauses before the end of a sentence: "{passage} ..." '
        "What do they call out?",
        name="children_call_out",
    ),
    _word("guess what comes now, 1 word only\n\n{passage}", name="guess"),
    _word(
        "Language model evaluation\ncontext: {passage}\nmost probable continuation, cut at the "
        "first space:",
        name="evaluation",
    ),
    _word(
        "{passage}\n\nIt stops short there. Supply the noun, name, verb or whatever else closes "
        "the sentence.",
        name="stops_short",
    ),
    _word(
        "You set type for a printer, and someone has dropped the sort for the closing word of this "
        "extract. Say which word to cast again: {passage}",
        name="printer",
    ),
    _passage(
        'Write a short scene of a novel that breaks off where "{answer}" is the one word that can '
        "follow.",
        name="scene_that_breaks_off",
    ),
    _passage(
        "Riddle: a passage is read out and the listeners find its last word, {answer}, by "
        "themselves. Make up such a passage, and leave the word out.",
        name="riddle",
    ),
)


def lambada_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of LAMBADA: what stands before the last blank, and what after."""
    import tensorflow as tf

    text = tf.strings.strip(row["passage"])
    return {
        "passage": tf.strings.regex_replace(text, r"\s+\S+$", ""),
        "answer": tf.strings.regex_replace(text, r"^(?s:.*)\s", ""),
    }


def _has_two_words(row: Mapping[str, Any]) -> Any:
    import tensorflow as tf

    return tf.strings.regex_full_match(tf.strings.strip(row["passage"]), r"(?s:.*)\S\s+\S+")


add_task(
    TaskSpec(
        name="flan_lambada",
        category=CATEGORY,
        source=tfds_source(
            "lambada:1.0.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "test"},
            keep=_has_two_words,
        ),
        fields=lambada_tensors,
        templates=LAMBADA_TEMPLATES,
        metrics=(accuracy,),
        licence="CC BY 4.0",
        citation="Paperno, Kruszewski, Lazaridou et al., The LAMBADA dataset: Word prediction "
        "requiring a broad discourse context, 2016, https://aclanthology.org/P16-1144",
        collections=("flan2022_added",),
        text_sources=("lambada", "bookcorpus"),
    )
)
