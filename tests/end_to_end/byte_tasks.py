"""A task whose answers T5's pieces cannot write; registered on import, as a user's module would be.

Training and validation are the same rows: a model is to know them by heart.
"""

from pathlib import Path

from flan_mix.metrics import exact_match
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="greetings",
        category="translation",
        source=FileSource(
            {"train": "greetings.jsonl", "validation": "greetings.jsonl"},
            data_dir=Path(__file__).parent / "toy_data",
        ),
        fields={"id": "language", "language": "language", "greeting": "greeting"},
        templates=[Template("Say hello: {language}", "{greeting}")],
        metrics=[exact_match],
    )
)
