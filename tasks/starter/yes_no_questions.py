"""Starter task, held out of training: yes/no questions on a chat. Main score: accuracy.

Half of the answers are yes, whatever is asked, so 50 is what guessing gives: only what lies above
it shows that the chat was read, and what lies below that even the form of the answer was missed.
Why a model trained on the rest may do better than before: it has summarized such chats and told
true statements from false ones.
"""

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_questions",
        category="yes_no_questions",
        source=starter_source("questions"),
        fields={
            "id": "id",
            "dialogue": "dialogue",
            "question": "question",
            "options": "options",
            "answer": "answer",
        },
        templates=(
            Template("{dialogue}\nQuestion: {question}\n{options}", "{answer}"),
            Template("{question}\nSay yes or say no.\n{dialogue}", "{answer}"),
            Template("Chat:\n{dialogue}\n{question}\n{options}", "{answer}"),
            Template("{dialogue}\nCan you tell from this? {question}\n{options}", "{answer}"),
            Template("Read this:\n{dialogue}\nNow tell me: {question}", "{answer}"),
            Template("{question}\nChoose the answer that fits.\n{dialogue}\n{options}", "{answer}"),
            Template("A customer wrote to a shop.\n{dialogue}\n{question} Yes or no?", "{answer}"),
            Template("One word will do, yes or no: {question}\n{dialogue}", "{answer}"),
            Template("Check the chat.\n{dialogue}\n{question}\n{options}", "{answer}"),
            Template("{dialogue}\nAfter that chat, {question}\n{options}", "{answer}"),
        ),
        metrics=(accuracy,),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
