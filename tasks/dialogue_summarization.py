"""Dialogue summarization: SAMSum's messenger chats and DialogSum's everyday conversations.

Both tasks are one and the same to a reader, so they share most of their wording; each adds what
only fits its own dialogues. The inverted templates ask for the dialogue that has a given summary.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import faithfulness, rouge
from flan_mix.registry import (
    ExamplesProportional,
    FileSource,
    TaskSpec,
    add_mixture,
    add_task,
)
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.text_columns import has_text
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "dialogue_summarization"


def _summary(inputs: str, name: str) -> Template:
    return Template(inputs, "{summary}", name=name)


def _dialogue(inputs: str, name: str) -> Template:
    return Template(inputs, "{dialogue}", name=name, inverted=True)


FAMILY = (
    _summary(
        "{dialogue}\n\nSuppose a friend asks you what these people talked about. What do you tell "
        "them, without going into detail?",
        name="tell_a_friend",
    ),
    _summary("Conversation:\n{dialogue}\n\nGist:", name="gist"),
    _summary(
        "Report who wants what, what is decided and what happens next in the exchange below. Leave "
        "out greetings and small talk.\n\n{dialogue}",
        name="who_wants_what",
    ),
    _summary(
        "You take the minutes. Put on record, in the third person, what came out of this talk:\n"
        "{dialogue}",
        name="minutes",
    ),
    _summary(
        "Could you please boil this down to its essentials for me? I have no time to read it all."
        "\n\n{dialogue}",
        name="please_boil_down",
    ),
    _summary(
        "{dialogue}\n\nRetell the above in plain sentences: one if that is enough, a few at most.",
        name="a_few_sentences",
    ),
    _summary(
        "Somebody missed the following discussion and has to know how it went. Write the note you "
        "would leave on their desk.\n\n{dialogue}\n\nNote:",
        name="note_on_the_desk",
    ),
    _summary(
        "Transcript: {dialogue}\n\nProvide a concise account of its content that names the "
        "participants and their actions.",
        name="concise_account",
    ),
    _summary("ok so what happened here, in short?\n\n{dialogue}", name="what_happened"),
    _summary(
        "Turn direct speech into reported speech, and keep only what a person who was not there "
        "would need.\n###\n{dialogue}\n###",
        name="reported_speech",
    ),
    _summary(
        "TEXT: {dialogue}\nTASK: shorten to what matters\nRESULT:",
        name="text_task_result",
    ),
)

SAMSUM_TEMPLATES = (
    *FAMILY,
    _summary(
        "I was away from my phone and now I find all these messages:\n{dialogue}\n\nCatch me up "
        "quickly!",
        name="catch_me_up",
    ),
    _summary(
        "{dialogue}\n\nWhat should the app show as a preview of this chat, so that one can decide "
        "whether to open it?",
        name="preview",
    ),
    _dialogue(
        "A chat between friends, in brief: {summary}\n\nInvent the messages, each one starting "
        "with the name of its writer.",
        name="invent_the_messages",
    ),
    _dialogue("{summary}\n\nHow might they have texted about this?", name="how_they_texted"),
)

DIALOGSUM_TEMPLATES = (
    *FAMILY,
    _summary(
        "The speakers are marked #Person1#, #Person2# and so on. Use the same marks, or names "
        "where they are mentioned, and say briefly what goes on between them.\n\n{dialogue}",
        name="keep_the_marks",
    ),
    _summary(
        "This is the script of a listening exercise in a language course:\n{dialogue}\n\nWrite the "
        'model answer to the question "What did you hear?"',
        name="listening_exercise",
    ),
    _dialogue(
        'Write a scene for a language course on the subject "{topic}". This has to happen in it: '
        "{summary}",
        name="course_scene",
    ),
    _dialogue(
        "{summary}\n\nReconstruct what was said, word for word, with #Person1# and #Person2# as "
        "the speakers' names.",
        name="reconstruct",
    ),
)


def _samsum_fields(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """SAMSum's fields; None for the one training row whose dialogue is empty."""
    dialogue = _clean_lines(row["dialogue"])
    if not dialogue:
        return None
    return {"id": row["id"], "dialogue": dialogue, "summary": row["summary"].strip()}


def _dialogsum_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """DialogSum's fields; test rows have three summaries, of which the first is the target."""
    fields = {"id": row["fname"], "dialogue": _clean_lines(row["dialogue"])}
    if "summary" in row:
        return fields | {"summary": row["summary"].strip(), "topic": row["topic"].strip()}
    references = [row[f"summary{number}"].strip() for number in (1, 2, 3)]
    return fields | {
        "summary": references[0],
        "topic": row["topic1"].strip(),
        "references": references,
    }


def _flan_samsum_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """SAMSum's fields from TFDS, the dialogue with plain line ends as in the files."""
    import tensorflow as tf

    dialogue = tf.strings.regex_replace(tf.strings.strip(row["dialogue"]), r"\s*\n\s*", "\n")
    return {"dialogue": dialogue, "summary": tf.strings.strip(row["summary"])}


def _clean_lines(dialogue: str) -> str:
    """One turn a line with plain line ends: SAMSum holds both kinds."""
    return "\n".join(line.strip() for line in dialogue.strip().splitlines())


SAMSUM_LICENCE = "CC BY-NC-ND 4.0"
SAMSUM_CITATION = (
    "Gliwa, Mochol, Biesek and Wawer, SAMSum Corpus: A Human-annotated Dialogue Dataset for "
    "Abstractive Summarization, 2019, https://arxiv.org/abs/1911.12237"
)

add_task(
    TaskSpec(
        name="samsum",
        category=CATEGORY,
        source=FileSource(
            {"train": "samsum/train.json.gz", "validation": "samsum/val.json"},
            data_dir=data_dir,
        ),
        fields=_samsum_fields,
        templates=SAMSUM_TEMPLATES,
        metrics=(rouge, faithfulness),
        licence=SAMSUM_LICENCE,
        citation=SAMSUM_CITATION,
        text_sources=("samsum",),
    )
)

add_task(
    TaskSpec(
        name="flan_samsum",
        # Among the summaries of articles, where FLAN has it, so that it is held out with them.
        category="summarization",
        source=tfds_source(
            "samsum:1.0.0",
            {"train": "train", "validation": "validation[:200]", "test": "test"},
            keep=has_text("dialogue", "summary"),
        ),
        fields=_flan_samsum_fields,
        templates=SAMSUM_TEMPLATES,
        metrics=(rouge, faithfulness),
        licence=SAMSUM_LICENCE,
        citation=SAMSUM_CITATION,
        description="TFDS wants the files in its manual folder.",
        collections=("flan2021",),
        text_sources=("samsum",),
    )
)

add_task(
    TaskSpec(
        name="dialogsum",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "dialogsum/dialogsum.train.jsonl.gz",
                "validation": "dialogsum/dialogsum.dev.jsonl",
                "test": "dialogsum/dialogsum.test.jsonl",
            },
            data_dir=data_dir,
        ),
        fields=_dialogsum_fields,
        templates=DIALOGSUM_TEMPLATES,
        metrics=(rouge, faithfulness),
        licence="CC BY-NC-SA 4.0",
        citation="Chen, Liu, Chen and Zhang, DialogSum: A Real-Life Scenario Dialogue "
        "Summarization Dataset, 2021, https://arxiv.org/abs/2105.06762",
        text_sources=("dailydialog", "dream", "mutual"),
    )
)

add_mixture("dialogue_summarization", ["samsum", "dialogsum"], rate=ExamplesProportional())
