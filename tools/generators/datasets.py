"""Which data sets the starter collection has, and how each is drawn and cut into splits.

Rows are told apart by what a model gets to see of them, so that no validation or test row occurs
in training under another answer or another order of the options.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tools.generators.chat_intents import intent_row
from tools.generators.chat_questions import question_row
from tools.generators.code_lines import code_row
from tools.generators.draws import Draws
from tools.generators.entailment import entailment_row
from tools.generators.entities import entity_row
from tools.generators.news_questions import news_question_row
from tools.generators.order_records import record_row
from tools.generators.reviews import review_row
from tools.generators.story_titles import title_row
from tools.generators.support_chats import chat_row
from tools.generators.word_problems import problem_row

Row = Mapping[str, object]

SEED = "flan mix starter 1"
HELD_BACK = {"validation": 200, "test": 200}
_PATIENCE = 200  # Draws per row wanted before a generator is held to have run dry.


@dataclass(frozen=True)
class Dataset:
    """A kind of rows: how one is drawn, the fields that a model reads, how many to train on.

    `apart_from` is a data set that this one shares no text with (the first of the read fields).
    """

    name: str
    draw_row: Callable[[Draws], Row]
    read_fields: tuple[str, ...]
    train_rows: int = 3000
    apart_from: "Dataset | None" = None


ENTITIES = Dataset("entities", entity_row, ("text", "kind"))
DATASETS = (
    Dataset("chats", chat_row, ("dialogue",), train_rows=4000),
    ENTITIES,
    Dataset("code", code_row, ("python",)),
    Dataset("reviews", review_row, ("review",)),
    Dataset("nli", entailment_row, ("premise", "hypothesis")),
    Dataset("arithmetic", problem_row, ("question",)),
    Dataset("orders", record_row, ("record",)),
    Dataset("titles", title_row, ("story",)),
    Dataset("intents", intent_row, ("dialogue",)),
    Dataset("answers", news_question_row, ("text", "question"), apart_from=ENTITIES),
    Dataset("questions", question_row, ("dialogue", "question")),
)


def draw_splits(dataset: Dataset) -> dict[str, list[Row]]:
    """All rows of a data set by split; validation and test come first, so that more training rows
    never change them.

    Raises:
      ValueError: if the generator cannot make that many different rows.
    """
    sizes = {**HELD_BACK, "train": dataset.train_rows}
    rows = _draw_different(dataset, sum(sizes.values()))
    return {split: [next(rows) for _ in range(size)] for split, size in sizes.items()}


def _draw_different(dataset: Dataset, count: int) -> Iterator[Row]:
    """Yields rows with their ids, no two alike in what a model reads."""
    draws = Draws(f"{SEED}/{dataset.name}")
    taken = _texts(dataset.apart_from) if dataset.apart_from else set()
    seen: set[str] = set()
    for _ in range(count * _PATIENCE):
        row = dataset.draw_row(draws)
        if row[dataset.read_fields[0]] in taken:
            continue
        row_id = f"{dataset.name}-{_content_hash(dataset, row)}"
        if row_id not in seen:
            seen.add(row_id)
            yield {"id": row_id, **row}
    raise ValueError(
        f"the generator of {dataset.name!r} made only {len(seen)} different rows; "
        f"lower train_rows or give it more to choose from"
    )


def _texts(dataset: Dataset) -> set[object]:
    """The texts of all rows of a data set."""
    splits = draw_splits(dataset).values()
    return {row[dataset.read_fields[0]] for rows in splits for row in rows}


def _content_hash(dataset: Dataset, row: Row) -> str:
    """Twelve hexadecimal digits of what the model reads of a row."""
    content = json.dumps([row[field] for field in dataset.read_fields])
    return hashlib.sha256(content.encode()).hexdigest()[:12]
