"""Starter task: why does a customer write? Main score: accuracy.

Five reasons to choose from, out of ten; guessing is right in a fifth of the rows.
"""

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_intents",
        category="intent_classification",
        source=starter_source("intents"),
        fields={"id": "id", "dialogue": "dialogue", "options": "options", "answer": "answer"},
        templates=(
            Template("{dialogue}\nWhich reason fits?\n{options}", "{answer}"),
            Template("Choose the reason for this chat.\n{dialogue}\n{options}", "{answer}"),
            Template("Chat:\n{dialogue}\nReasons:\n{options}\nThe right one:", "{answer}"),
            Template("{options}\nWhich of these is this chat about?\n{dialogue}", "{answer}"),
            Template(
                "Read this:\n{dialogue}\nPick what the customer wants.\n{options}", "{answer}"
            ),
            Template("{dialogue}\nSort this chat.\n{options}", "{answer}"),
            Template("One reason is right.\n{options}\n{dialogue}", "{answer}"),
            Template("Why does the customer write?\n{dialogue}\n{options}", "{answer}"),
            Template("Find the problem in the chat:\n{dialogue}\n{options}", "{answer}"),
            Template("Give this chat its label.\n{dialogue}\n{options}", "{answer}"),
        ),
        metrics=(accuracy,),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
