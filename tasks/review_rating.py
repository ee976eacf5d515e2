"""Review rating: how many stars came with a review of an Amazon Alexa device.

The dataset is one file without splits; a hash of the review's words divides it into about 80 %
train, 10 % validation and 10 % test, so that copies of a review (every fourth row is one) all lie
in the same split and the division never changes. Reviews without text are left out. The inverted
templates ask for a review that fits a rating.
"""

import csv
import hashlib
from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.templates import DASH_LIST, Template

CATEGORY = "review_rating"
RATINGS = ("1", "2", "3", "4", "5")


def _rating(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


def _review(inputs: str, name: str) -> Template:
    return Template(inputs, "{review}", name=name, inverted=True)


AMAZON_ALEXA_TEMPLATES = (
    _rating(
        "A customer wrote this about an Alexa device:\n{review}\n\nHow many stars did the device "
        "get?\n{options}",
        name="how_many_stars",
    ),
    _rating(
        "{review}\n\nOn a scale from 1 (terrible) to 5 (excellent) this buyer's verdict was",
        name="verdict_was",
    ),
    _rating("Review: {review}\nStars (1-5):", name="labels"),
    _rating(
        "You run a web shop, and through a fault some reviews have lost their stars. Restore those "
        "of the one below.\n\nPossible numbers of stars:\n{options}\n\nReview: {review}",
        name="restore_the_stars",
    ),
    _rating(
        'Please read what an owner of a "{product}" has to say and tell me which rating, 1 being '
        "the worst and 5 the best, you believe they chose.\n\n{review}",
        name="please_tell_me",
    ),
    _rating(
        "We track how content people are with their smart speakers. Judging by the following "
        "words, how content is this person, from 1 (not at all) to 5 (completely)?\n\n{review}",
        name="how_content",
    ),
    _rating(
        "does this sound like someone who likes their Echo? put a number on it: 5 = loves it, "
        "1 = hates it\n\n{review}",
        name="put_a_number",
    ),
    _rating("Product: {product}\nOpinion: {review}\nOut of five:", name="out_of_five"),
    _rating(
        "Select the score that agrees best with the tone of the comment.\n{options}\n\n"
        "Comment: {review}",
        name="tone_of_comment",
    ),
    _rating(
        '"{review}"\n\nReply with one digit between 1 and 5; the more the author liked what was '
        "bought, the higher.",
        name="one_digit",
    ),
    _rating(
        "Sentiment analysis with five levels:\n{options}\n\nText: {review}\nLevel:",
        name="five_levels",
    ),
    _review(
        'The "{product}" has just been given {answer} out of 5 stars. Write what the buyer may '
        "have written about it.",
        name="what_the_buyer_wrote",
    ),
    _review("Rating: {answer} of 5\nReview:", name="review_for_rating"),
)


# Each split reads the whole file as lines, in a column that is named after the split: that is how
# the row function knows for which split it is asked.
_FILE = "amazon_alexa/amazon_alexa.tsv"
SPLITS = {name: {name: _FILE} for name in ("train", "validation", "test")}
_CELLS = ["rating", "date", "variation", "verified_reviews", "feedback"]


def _fields(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields of a review; None for the header, other splits' rows and reviews without words."""
    ((split, line),) = row.items()
    cells = next(csv.reader([line], delimiter="\t"))
    if len(cells) != len(_CELLS):
        raise ValueError(f"{len(cells)} cells instead of {len(_CELLS)}: {', '.join(_CELLS)}")
    rating, _, variation, review, _ = cells
    if cells == _CELLS or not review.strip() or split_of(review) != split:
        return None
    return {
        "review": _words(review),
        "product": _words(variation.removeprefix("Configuration:")),
        "options": list(RATINGS),
        "answer": rating.strip(),
    }


def split_of(review: str) -> str:
    """The split that a review belongs to, told by a hash of its words and nothing else."""
    words = _words(review).lower().encode()
    tenth = int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big") % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")


def _words(text: str) -> str:
    return " ".join(text.split())


add_task(
    TaskSpec(
        name="amazon_alexa",
        category=CATEGORY,
        source=FileSource(SPLITS, format="lines", data_dir=data_dir),
        fields=_fields,
        templates=AMAZON_ALEXA_TEMPLATES,
        # Letters in front of numbers, "(E) 5", would only be in the way.
        option_styles=(DASH_LIST,),
        metrics=(accuracy,),
        licence="not stated by the source",
        citation="Siddhartha, Amazon Alexa Reviews, 2018, "
        "https://www.kaggle.com/datasets/sid321axn/amazon-alexa-reviews",
    )
)
