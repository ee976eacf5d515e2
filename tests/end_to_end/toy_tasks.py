"""Two small tasks for runs from end to end; registered on import, as a user's module would be."""

from pathlib import Path

from flan_mix.metrics import accuracy, rouge
from flan_mix.registry import FileSource, TaskSpec, add_mixture, add_task
from flan_mix.templates import Template

SOURCE = FileSource(
    {"train": "train.jsonl", "validation": "validation.jsonl"},
    data_dir=Path(__file__).parent / "toy_data",
)

add_task(
    TaskSpec(
        name="toy_notes",
        category="dialogue_summarization",
        source=SOURCE,
        fields={"id": "key", "chat": "chat", "note": "note"},
        templates=[
            Template("Note down what happened: {chat}", "{note}"),
            Template("{chat}\n\nIn short?", "{note}"),
        ],
        metrics=[rouge],
    )
)
add_task(
    TaskSpec(
        name="toy_things",
        category="entity_recognition",
        source=SOURCE,
        fields={"id": "key", "chat": "chat", "thing": "thing"},
        templates=[Template("What is {chat} about?", "{thing}")],
        metrics=[accuracy],
    )
)
add_mixture("toy", ["toy_notes", "toy_things"], rate=1.0)
