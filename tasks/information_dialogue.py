"""Dialogues in which one asks and the other knows: WikiDialog and QReCC, FLAN 2022's dialog block.

What is predicted is always an answer, from all that was said before it and no other text; turned
round, the conversation that leads up to an answer is made up. WikiDialog's answers are the
sentences of a passage of Wikipedia, its questions are a model's. It opens with a greeting that
names the page, which is left out; some templates give the page's title instead. Questions that
QReCC has no answer to are left out.

FLAN took rows of QReCC from the seventh turn on, several of one conversation, which hold one
another's turns. Here no such row is an exemplar for another.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flan_mix.metrics import rouge
from flan_mix.registry import TaskSpec, TfdsSource, add_task
from flan_mix.tasks.dialogue import CATEGORY, DIALOGUE_TEMPLATES, next_turn, turns_before
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

COLLECTION = "flan2022_dialog"
FIRST_TURN = 7

WIKI_DIALOG_TEMPLATES = (
    *DIALOGUE_TEMPLATES,
    next_turn(
        "Someone who would like to hear all about {title} has come to the right person.\n\n"
        "{turns_before}\n\nHow will that be met, in a single sentence?",
        name="right_person",
    ),
    next_turn(
        "Topic of the interview: {title}\n{turns_before}\nThe expert, after a moment's thought:",
        name="expert",
    ),
    turns_before(
        "Two people talked of {title}. In the end one of them explained: {next_turn}\n\nWrite the "
        "script up to this point.",
        name="script_up_to_this_point",
    ),
)

QRECC_TEMPLATES = (
    *DIALOGUE_TEMPLATES,
    next_turn(
        "A search engine that can be talked to bears in mind what it was asked earlier, so the "
        "latest question may be as short as it is here.\n\n{turns_before}\n\nThe engine displays:",
        name="search_engine",
    ),
    next_turn(
        "{turns_before}\n\nLook the matter up and put what you found into one to three sentences.",
        name="look_it_up",
    ),
)


def wiki_dialog_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of WikiDialog: a question first, then answers and questions in turn."""
    import tensorflow as tf

    return {
        "title": tf.strings.strip(row["title"]),
        "turns": tf.strings.strip(row["utterances"][1:]),
    }


def qrecc_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of QReCC: the questions so far that have an answer, each before it."""
    import tensorflow as tf

    pairs = _pairs(row)
    return {"turns": tf.reshape(tf.boolean_mask(pairs, pairs[:, 1] != ""), [-1])}


def _pairs(row: Mapping[str, Any]) -> Any:
    """Questions and answers, the row's own last: string [pairs, 2]."""
    import tensorflow as tf

    context = row["context"]
    paired = context[: tf.size(context) // 2 * 2]
    turns = tf.concat([paired, [row["question"], row["answer"]]], axis=0)
    return tf.reshape(tf.strings.strip(turns), [-1, 2])


def _has_answer(row: Mapping[str, Any]) -> Any:
    """Whether a question follows the greeting, and something follows that."""
    import tensorflow as tf

    return tf.size(row["utterances"]) > 2


def _is_late_and_answered(row: Mapping[str, Any]) -> Any:
    import tensorflow as tf

    return (row["turn_id"] >= FIRST_TURN) & tf.reduce_any(_pairs(row)[:, 1] != "")


def _add_flan(
    name: str,
    source: TfdsSource,
    fields: Callable[[Mapping[str, Any]], dict[str, Any]],
    templates: tuple[Template, ...],
    **about: Any,
) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=source,
            fields=fields,
            templates=templates,
            turn_step=2,
            metrics=(rouge,),
            collections=(COLLECTION,),
            **about,
        )
    )


_add_flan(
    "wiki_dialog",
    tfds_source(
        "wiki_dialog/OQ:1.0.0",
        # FLAN's cap, as a slice: there are 11 million rows.
        {
            "train": "train[:200000]",
            "validation": "validation[:200]",
            "test": "validation[200:1200]",
        },
        keep=_has_answer,
    ),
    wiki_dialog_tensors,
    WIKI_DIALOG_TEMPLATES,
    licence="not stated by the source; its answers are Wikipedia's, CC BY-SA 3.0",
    citation="Dai, Chaganty, Zhao et al., Dialog Inpainting: Turning Documents into Dialogs, 2022, "
    "https://arxiv.org/abs/2205.09073",
    text_sources=("wiki_dialog", "wikipedia_passages"),
)

_add_flan(
    "qrecc",
    tfds_source("q_re_cc:1.0.0", {"train": "train", "test": "test"}, keep=_is_late_and_answered),
    qrecc_tensors,
    QRECC_TEMPLATES,
    licence="CC BY-SA 3.0",
    citation="Anantha, Vakulenko, Tu et al., Open-Domain Question Answering Goes Conversational "
    "via Question Rewriting, 2021, https://aclanthology.org/2021.naacl-main.44",
    # Its questions are QuAC's, those of Natural Questions and of TREC's CAsT.
    text_sources=("qrecc", "quac", "natural_questions", "wikipedia_passages"),
)
