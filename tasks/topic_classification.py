"""Topic classification: the section of a paper that a piece of news belongs to (AG News).

The published CSV file, in the words of FLAN's task on the same text (`flan_mix.tasks.news_topics`).
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.news_topics import AG_NEWS_TEMPLATES, TOPICS
from flan_mix.templates import OPTION_GRAMMAR

CATEGORY = "topic_classification"

# What is left of character references such as "&#39;", with the blank that replaced the ampersand.
_NUMBERED = re.compile(r" ?#(\d{2,4});")


def clean(text: str) -> str:
    """A text with its line ends as blanks and its characters as such, not by number or name."""
    text = _NUMBERED.sub(r"&#\1;", text.replace("\\", " "))
    return " ".join(html.unescape(text).split())


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": clean(row["Title"]),
        "text": clean(row["Description"]),
        "options": list(TOPICS),
        "answer": TOPICS[int(row["Class Index"]) - 1],
    }


add_task(
    TaskSpec(
        name="ag_news",
        category=CATEGORY,
        source=FileSource({"test": "ag_news/test.csv*"}, data_dir=data_dir, format="csv"),
        fields=_fields,
        templates=AG_NEWS_TEMPLATES,
        metrics=(accuracy,),
        option_styles=OPTION_GRAMMAR,
        licence="for non-commercial use, as its author states",
        citation="Zhang, Zhao and LeCun, Character-level Convolutional Networks for Text "
        "Classification, 2015, https://arxiv.org/abs/1509.01626",
        text_sources=("ag_news",),
    )
)
