"""Dialogue: what is said next, and what was said before (inverted), for dialogues of your own.

    add_dialogue_task("helpdesk", {"train": "helpdesk.jsonl"}, data_dir="datasets")

makes a task, with all its variants, of any file whose rows have `turns`, a list of text, and
perhaps `speakers`, a list of names as long. Each example stops before a turn drawn by hash, a new
one in every pass, and each draws how speakers are written.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flan_mix.metrics import rouge
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.registry.file_source import Files, Folder
from flan_mix.templates import Template

CATEGORY = "dialogue"


def next_turn(inputs: str, name: str) -> Template:
    """A template whose target is the drawn turn."""
    return Template(inputs, "{next_turn}", name=name)


def turns_before(inputs: str, name: str) -> Template:
    """An inverted template, whose target is all that was said before the drawn turn."""
    return Template(inputs, "{turns_before}", name=name, inverted=True)


DIALOGUE_TEMPLATES = (
    next_turn("{turns_before}\n\nWhat does {next_speaker} say next?", name="what_next"),
    next_turn(
        "You are {next_speaker} in the conversation below. Write your next message.\n\n"
        "{turns_before}",
        name="you_are",
    ),
    next_turn(
        "The last line of this transcript was cut off. It belongs to {next_speaker}. Restore it."
        "\n\n{turns_before}\n{next_speaker}:",
        name="cut_off",
    ),
    next_turn("Continue by one turn.\n\n{turns_before}", name="one_turn"),
    next_turn(
        "Here is how far some people got in talking to each other:\n{turns_before}\n\nGive a "
        "fitting answer to what was said last.",
        name="fitting_answer",
    ),
    next_turn(
        "An assistant drafts replies for people to send. Conversation so far:\n{turns_before}\n\n"
        "Draft for {next_speaker}:",
        name="draft",
    ),
    next_turn(
        "{turns_before}\n\nIt is {next_speaker}'s turn to speak. Which words would keep this going "
        "in the same spirit?",
        name="same_spirit",
    ),
    next_turn("so far:\n{turns_before}\n\nand then {next_speaker} goes:", name="and_then"),
    next_turn(
        "Read the exchange, think of what the others want to hear or know, and respond "
        "as {next_speaker} in one message.\n###\n{turns_before}\n###",
        name="respond_as",
    ),
    next_turn(
        "DIALOGUE\n{turns_before}\nSPEAKER OF THE NEXT LINE\n{next_speaker}\nNEXT LINE",
        name="capitals",
    ),
    next_turn(
        "Somebody left the chat right here:\n{turns_before}\nWhat did they miss first?",
        name="left_the_chat",
    ),
    turns_before(
        'A conversation arrives at this: "{next_turn}" Make up everything that was said before.',
        name="everything_before",
    ),
    turns_before(
        "{next_speaker} answers: {next_turn}\n\nInvent the talk that this answers.",
        name="invent_the_talk",
    ),
)


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"turns": row["turns"], "speakers": row.get("speakers")}
    return fields | ({"id": row["id"]} if "id" in row else {})


def add_dialogue_task(
    name: str,
    splits: Mapping[str, Files],
    *,
    data_dir: Folder | None = None,
    turn_step: int = 1,
    licence: str = "",
    citation: str = "",
    cap: int | None = None,
    collections: Sequence[str] = (),
) -> TaskSpec:
    """Registers the dialogues of some files as a task and returns it.

    splits: split -> files, as in FileSource. turn_step: 2 where only what the second speaker says,
    as an assistant does, is to be learnt. Raises TaskError where the name is taken.
    """
    return add_task(
        TaskSpec(
            name=name,
            category=CATEGORY,
            source=FileSource(splits, data_dir=data_dir),
            fields=_fields,
            templates=DIALOGUE_TEMPLATES,
            metrics=(rouge,),
            turn_step=turn_step,
            cap=cap,
            licence=licence,
            citation=citation,
            collections=collections,
        )
    )
