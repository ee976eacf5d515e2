"""Starter task: say how many stars go with a review. Main score: accuracy.

Reviews join two remarks, so that the stars follow from both (tools/generators/reviews.py).
"""

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.starter.starter_files import LICENCE, STARTER_VOCABULARY, starter_source
from flan_mix.templates import Template

add_task(
    TaskSpec(
        name="starter_reviews",
        category="review_rating",
        source=starter_source("reviews"),
        fields={
            "id": "id",
            "product": "product",
            "review": "review",
            "options": "options",
            "answer": "answer",
        },
        templates=(
            Template("Review: {review}\nHow many stars?\n{options}", "{answer}"),
            Template("{review}\nRate this from 1 (bad) to 5 (good).", "{answer}"),
            Template("Somebody bought a {product} and wrote: {review}\nStars:", "{answer}"),
            Template("{review}\nWhich rating fits?\n{options}", "{answer}"),
            Template("Is the buyer content? Give 1 to 5 stars. {review}", "{answer}"),
            Template("Choose the stars for this text.\n{review}\n{options}", "{answer}"),
            Template("Guess the stars that come with the words: {review}", "{answer}"),
            Template("On the {product}: {review}\nPick the right number.\n{options}", "{answer}"),
            Template("{options}\nOne of these is the rating. Which?\n{review}", "{answer}"),
            Template("How good was it, on a scale of five? {review}\n{options}", "{answer}"),
        ),
        metrics=(accuracy,),
        vocabulary=STARTER_VOCABULARY,
        licence=LICENCE,
    )
)
