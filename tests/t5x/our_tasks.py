"""A task and a mixture of ours, with a vocabulary that needs no network; registered on import."""

from pathlib import Path

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_mixture, add_task
from flan_mix.tasks.starter import vocabulary_file
from flan_mix.templates import Template

DATA = Path(__file__).resolve().parent.parent / "end_to_end" / "toy_data"

add_task(
    TaskSpec(
        name="our_words",
        category="entity_recognition",
        source=FileSource(
            {"train": "train.jsonl", "validation": "validation.jsonl"}, data_dir=DATA
        ),
        fields={"id": "key", "chat": "chat", "thing": "thing"},
        templates=[Template("What is {chat} about?", "{thing}"), Template("{chat}", "{thing}")],
        metrics=[accuracy],
        vocabulary=str(vocabulary_file()),
    )
)
add_mixture("our_mixture", ["our_words", "our_words.template_1"], rate=1.0)
