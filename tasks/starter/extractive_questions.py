"""Starter task, held out of training: questions answered by a few words of a short text.

Main score: token F1. Why a model trained on the rest may do better: it has listed the people,
cities, dates, prices and products of such texts, and these questions say which of those they ask
for ("Which of the cities did Mia leave?"). Listing all of that kind gets part of the marks.
"""

from flan_mix.metrics import exact_match, token_f1
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_answers",
        category="extractive_questions",
        source=starter_source("answers"),
        fields={"id": "id", "text": "text", "question": "question", "reply": "reply"},
        templates=(
            Template("{text}\n{question}", "{reply}"),
            Template("Text: {text}\nQuestion: {question}\nAnswer:", "{reply}"),
            Template("{question}\nFind it in the text: {text}", "{reply}"),
            Template("Read: {text}\nNow tell me: {question}", "{reply}"),
            Template("Copy the answer out of the text. {text}\n{question}", "{reply}"),
            Template("{text}\nAnswer in as few words as you can: {question}", "{reply}"),
            Template("{question}\nThe paper says: {text}", "{reply}"),
            Template("I want to know this: {question} Here is the text: {text}", "{reply}"),
            Template("{text}\nHelp me with this: {question}", "{reply}"),
            Template("Look at these sentences. {text}\n{question}", "{reply}"),
        ),
        metrics=(token_f1, exact_match),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
