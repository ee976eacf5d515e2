"""Reviews of what the shop sells, with one to five stars.

A review makes two remarks, each good or bad and each mild or strong. The stars follow from both
together, so that neither half of the text decides alone: two strong praises are 5, two strong
complaints 1, a praise beside a complaint 3 unless one of the two outweighs the other.
"""

from tools.generators import world
from tools.generators.draws import Draws

RATINGS = ["1", "2", "3", "4", "5"]

_REMARKS = {
    2: (
        "I love this {item}.",
        "The {item} is perfect.",
        "It is the best {kind} I ever had.",
        "Everything about the {item} is wonderful.",
        "I am very happy with it and bought a second one for {name}.",
        "{name} and I use it every day with joy.",
    ),
    1: (
        "The {item} is good.",
        "It works well.",
        "{name} likes it.",
        "The colour is nice.",
        "It came on time.",
        "The price is fair.",
    ),
    -1: (
        "The {item} is a bit small.",
        "It is rather loud.",
        "{name} finds it too heavy.",
        "The box was damaged.",
        "It came late.",
        "The price is high.",
    ),
    -2: (
        "I hate this {item}.",
        "The {item} broke on the first day.",
        "It is the worst {kind} I ever had.",
        "Everything about the {item} is terrible.",
        "I am very angry and want my money back.",
        "{name} threw it away after a week.",
    ),
}
# The sum of both remarks gives the stars.
_STARS = {4: "5", 3: "5", 2: "4", 1: "4", 0: "3", -1: "2", -2: "2", -3: "1", -4: "1"}


def review_row(draws: Draws) -> dict[str, object]:
    """A review, the product's name and its stars."""
    rating = draws.pick(RATINGS)
    first, second = draws.pick(_strengths_for(rating))
    item = world.product(draws)
    facts = {"item": item, "kind": item.split()[-1], "name": draws.pick(world.NAMES)}
    opening = draws.pick(_REMARKS[first])
    closing = draws.other_than(opening, _REMARKS[second])
    joint = " But " if (first > 0) != (second > 0) else " "
    text = opening + joint + (_uncapitalized(closing) if joint == " But " else closing)
    return {"product": item, "review": text.format(**facts), "options": RATINGS, "answer": rating}


def _strengths_for(rating: str) -> list[tuple[int, int]]:
    """The pairs of remarks that come out at this rating."""
    return [
        (first, second)
        for first in _REMARKS
        for second in _REMARKS
        if _STARS[first + second] == rating
    ]


def _uncapitalized(sentence: str) -> str:
    """For the middle of a sentence; "I" and gaps stay as they are."""
    return sentence if sentence.startswith(("I ", "{")) else sentence[0].lower() + sentence[1:]
