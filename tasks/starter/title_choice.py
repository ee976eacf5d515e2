"""Starter task: choose the title that fits a very short story. Main score: accuracy.

The four titles differ from row to row, so that they have to be read; there is no fixed set of
labels to learn.
"""

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_titles",
        category="title_choice",
        source=starter_source("titles"),
        fields={"id": "id", "story": "story", "options": "options", "answer": "answer"},
        templates=(
            Template("{story}\nWhich title fits?\n{options}", "{answer}"),
            Template("The story needs a headline.\n{story}\n{options}", "{answer}"),
            Template("Story: {story}\nTitles:\n{options}\nThe best one:", "{answer}"),
            Template("{options}\nWhich of these is about this? {story}", "{answer}"),
            Template("Read this: {story}\nPick what to call it.\n{options}", "{answer}"),
            Template("{story}\nA good title would be\n{options}", "{answer}"),
            Template("One title is right, the others are not.\n{options}\n{story}", "{answer}"),
            Template("Which line goes on top of this? {story}\n{options}", "{answer}"),
            Template("The title of this page got lost: {story}\nFind it.\n{options}", "{answer}"),
            Template("Give the story below its name.\n{story}\n{options}", "{answer}"),
        ),
        metrics=(accuracy,),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
