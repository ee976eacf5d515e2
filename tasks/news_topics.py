"""News topics: the section of a paper that a piece of news belongs to (AG News, FLAN's subset).

A classification, which FLAN counts among its summarization tasks; so it does here, to be held out
with them. The inverted templates ask for news on a topic, or for the headline.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.labels import labelled
from flan_mix.tasks.text_columns import has_text, stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "summarization"
TOPICS = ("World", "Sports", "Business", "Science and technology")


def _topic(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


AG_NEWS_TEMPLATES = (
    _topic(
        "{title}\n{text}\n\nIn which section of the paper is this printed?\n{options}",
        name="section_of_the_paper",
    ),
    _topic(
        "{title}: {text}\nTopic (World, Sports, Business, Science and technology):", name="topic"
    ),
    _topic(
        "Sort the incoming wire.\n\nHeadline: {title}\nStory: {text}\n\nTrays:\n{options}",
        name="trays",
    ),
    _topic(
        "An agency has four desks: World, Sports, Business, and Science and technology. Which of "
        "them wrote this?\n{title}\n{text}",
        name="four_desks",
    ),
    _topic(
        'A reader follows only one kind of news and was happy to find "{title}" in the feed. What '
        "does the reader follow?\n\nThe article: {text}\n\n{options}",
        name="happy_reader",
    ),
    _topic(
        "{text}\n\nThe headline above these lines is missing. Never mind: is it World, Sports, "
        "Business or Science and technology?",
        name="headline_missing",
    ),
    _topic("{options}\n\nAssign one of these labels.\nInput: {title} - {text}", name="labels"),
    _topic(
        "Suppose this is read out on the radio. Does it come with the World bulletin, the Sports "
        "results, the Business report or the programme on Science and technology? Name just the "
        'subject.\n\n"{title}. {text}"',
        name="radio",
    ),
    _topic(
        "I file cuttings by subject and hold this one in my hand:\n\n{title}\n{text}\n\nWhere does "
        "it go?\n{options}",
        name="cuttings",
    ),
    _topic(
        "A program prints World, Sports, Business or Science and technology for each text it gets, "
        "whichever fits best. It gets: {title}. {text} It prints:",
        name="program",
    ),
    _topic(
        "news, sure, but of what sort? {title} -- {text}\n{options}",
        name="of_what_sort",
    ),
    Template(
        "Write two or three lines of agency copy for a page headed {answer}, to go with the title "
        '"{title}".',
        "{text}",
        name="agency_copy",
        inverted=True,
    ),
    Template(
        "Section: {answer}\nReport: {text}\nHeadline:",
        "{title}",
        name="headline",
        inverted=True,
    ),
)


_texts = stripped(title="title", text="description")


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return _texts(row) | labelled(row["label"], TOPICS)


add_task(
    TaskSpec(
        name="flan_ag_news_subset",
        category=CATEGORY,
        source=tfds_source(
            "ag_news_subset:1.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "test"},
            keep=has_text("title", "description"),
        ),
        fields=_fields,
        templates=AG_NEWS_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="for non-commercial use, as its author states",
        citation="Zhang, Zhao and LeCun, Character-level Convolutional Networks for Text "
        "Classification, 2015, https://arxiv.org/abs/1509.01626",
        collections=("flan2021",),
        text_sources=("ag_news",),
    )
)
