"""Starter task: summarize a chat between a customer and the people of a shop.

The summary joins what the chat spreads over its turns: who wrote, which order, what was decided
by whom, and the last of several offers rather than the first. Main score: ROUGE-1.
"""

from flan_mix.metrics import faithfulness, rouge
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_chats",
        category="dialogue_summarization",
        source=starter_source("chats"),
        fields={"id": "id", "dialogue": "dialogue", "summary": "summary"},
        templates=(
            Template("Summarize this chat:\n{dialogue}", "{summary}"),
            Template("{dialogue}\nWhat happened? Say it briefly.", "{summary}"),
            Template("A customer wrote to a shop.\n{dialogue}\nSummary:", "{summary}"),
            Template("Put the chat into one or two sentences.\n{dialogue}", "{summary}"),
            Template("{dialogue}\nWrite a note on this chat for a colleague.", "{summary}"),
            Template("Who wanted what, and how did it end?\n{dialogue}", "{summary}"),
            Template("Chat:\n{dialogue}\nIn short:", "{summary}"),
            Template(
                "I have no time to read all this. Tell me the result.\n{dialogue}", "{summary}"
            ),
            Template("{dialogue}\nSum up what was said and decided.", "{summary}"),
            Template("Make a short report of the talk below.\n{dialogue}", "{summary}"),
        ),
        metrics=(rouge, faithfulness),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
