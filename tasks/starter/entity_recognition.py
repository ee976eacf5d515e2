"""Starter task: list the people, cities, dates, prices or products that a short text names.

The answer keeps the order of the text, parted by commas; "none" where there are none. Main score:
token F1.
"""

from flan_mix.metrics import exact_match, token_f1
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_entities",
        category="entity_recognition",
        source=starter_source("entities"),
        fields={"id": "id", "text": "text", "kind": "kind", "entities": "entities"},
        templates=(
            Template("Go through this and note the {kind}: {text}", "{entities}"),
            Template("{text}\nWhich {kind} are named here?", "{entities}"),
            Template("List the {kind}.\n{text}", "{entities}"),
            Template("Text: {text}\nEntities to look for: {kind}\nFound:", "{entities}"),
            Template("{text}\nCopy out every one of the {kind}, or write none.", "{entities}"),
            Template("What {kind} does this text speak of?\n{text}", "{entities}"),
            Template("Read: {text}\nNow name the {kind} in it.", "{entities}"),
            Template("Mark the {kind} in these sentences. {text}", "{entities}"),
            Template("I collect {kind}. Take them out of this: {text}", "{entities}"),
            Template('{kind} in "{text}":', "{entities}"),
        ),
        metrics=(token_f1, exact_match),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
