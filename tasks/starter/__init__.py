"""The starter collection: eleven small tasks that come with Flan Mix and need no download.

Two mixtures: `starter` is trained on, `starter_held_out` only evaluated on, to show what training
on nine categories of tasks does to two that were not among them. Everything is made by the seeded
generators of tools/generators, for models of a few million parameters that train for minutes: the
texts are regular on purpose, and good scores here say nothing about real data.

The held-out categories are near neighbours of the training ones, or so small a model would show
nothing: the questions on news have the texts of the entities and name the kind that they ask for,
the yes/no questions bring together the chats of the summaries and the yes and no of NLI. What rises
there in a few minutes of training is mostly the form of the answer and the kind of thing to copy;
on yes/no questions guessing gives 50. Entities, NLI and intents hold chats too, so that a chat is
not always to be summarized and the instruction has to be read. The vocabulary was trained on the
texts of all tasks; the model's weights see none of the held-out ones.
"""

from flan_mix.registry import add_mixture
from flan_mix.tasks.starter import (
    chain_of_thought,
    code_translation,
    data_to_text,
    dialogue_summarization,
    entity_recognition,
    extractive_questions,
    intent_classification,
    nli,
    review_rating,
    title_choice,
    yes_no_questions,
)
from flan_mix.tasks.starter.starter_files import STARTER_VOCABULARY

HELD_IN = (
    "starter_chats",
    "starter_entities",
    "starter_code",
    "starter_reviews",
    "starter_nli",
    "starter_arithmetic",
    "starter_orders",
    "starter_titles",
    "starter_intents",
)
HELD_OUT = ("starter_answers", "starter_questions")

# Chats count double: theirs is the hardest task and the one the demo is judged by.
add_mixture("starter", [(name, 2.0 if name == "starter_chats" else 1.0) for name in HELD_IN])
add_mixture("starter_held_out", HELD_OUT, rate=1.0)
# What the demo evaluates before and after training.
add_mixture("starter_all", HELD_IN + HELD_OUT, rate=1.0)


def vocabulary_file() -> str:
    """Path of the collection's SentencePiece model; gin files call this."""
    return STARTER_VOCABULARY


__all__ = [
    "HELD_IN",
    "HELD_OUT",
    "STARTER_VOCABULARY",
    "chain_of_thought",
    "code_translation",
    "data_to_text",
    "dialogue_summarization",
    "entity_recognition",
    "extractive_questions",
    "intent_classification",
    "nli",
    "review_rating",
    "title_choice",
    "vocabulary_file",
    "yes_no_questions",
]
