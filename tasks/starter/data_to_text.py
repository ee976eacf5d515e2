"""Starter task: tell in words what a shop's record of an order says. Main score: ROUGE-1."""

from flan_mix.metrics import exact_match, rouge
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_orders",
        category="data_to_text",
        source=starter_source("orders"),
        fields={"id": "id", "record": "record", "text": "text"},
        templates=(
            Template("Write this record as a text: {record}", "{text}"),
            Template("{record}\nSay that in plain words.", "{text}"),
            Template("Data: {record}\nText:", "{text}"),
            Template("Tell me about the order. {record}", "{text}"),
            Template("Turn the fields into sentences.\n{record}", "{text}"),
            Template("{record}\nWhat does the record say?", "{text}"),
            Template("From a table of orders: {record}\nDescribe this one.", "{text}"),
            Template("Make sentences with all of these: {record}", "{text}"),
            Template("The computer shows: {record} Read it out to the customer.", "{text}"),
            Template("An order in words, please. {record}", "{text}"),
        ),
        metrics=(rouge, exact_match),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
