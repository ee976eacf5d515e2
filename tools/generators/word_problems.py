"""Arithmetic told as small stories, solved in one or two written steps."""

from tools.generators import world
from tools.generators.draws import Draws

_THINGS = (
    "apples", "books", "buttons", "cards", "coins", "cookies", "eggs", "keys", "lemons", "pens",
    "shells", "stamps",
)  # fmt: skip
_GAINS = (
    "{name} gets {n} more.",
    "{name} buys {n} more.",
    "{friend} gives {name} {n} more.",
    "{name} finds {n} more.",
)
_LOSSES = (
    "{name} loses {n}.",
    "{name} gives {n} to {friend}.",
    "{name} sells {n}.",
    "{friend} takes {n} away.",
)
_QUESTIONS = (
    "How many {things} does {name} have now?",
    "How many {things} are there in the end?",
    "What is the number of {things} now?",
)


def problem_row(draws: Draws) -> dict[str, str]:
    """A question, the steps that solve it, and the answer as digits."""
    name, friend = draws.sample(world.NAMES, 2)
    words = {"name": name, "friend": friend, "things": draws.pick(_THINGS)}
    story, steps, amount = _beginning(draws)
    for _ in range(draws.integer(1, 2) - len(steps)):
        sentence, step, amount = _change(draws, amount)
        story.append(sentence)
        steps.append(step)
    return {
        "question": " ".join([*story, draws.pick(_QUESTIONS)]).format(**words),
        "reasoning": " ".join(steps),
        "answer": str(amount),
    }


def _beginning(draws: Draws) -> tuple[list[str], list[str], int]:
    """How the story starts, the steps needed so far, and how many things there are."""
    if draws.chance(0.3):
        boxes, each = draws.integer(2, 5), draws.integer(2, 6)
        story = f"{{name}} has {boxes} boxes with {each} {{things}} each."
        return [story], [f"{boxes} * {each} = {boxes * each}."], boxes * each
    amount = draws.integer(3, 20)
    return [f"{{name}} has {amount} {{things}}."], [], amount


def _change(draws: Draws, amount: int) -> tuple[str, str, int]:
    """What happens next, as a sentence and as a step, and how many things there are then."""
    if amount > 2 and draws.chance(0.5):
        n = draws.integer(1, min(9, amount - 1))
        sentence, sign, result = draws.pick(_LOSSES), "-", amount - n
    else:
        n = draws.integer(1, 9)
        sentence, sign, result = draws.pick(_GAINS), "+", amount + n
    return sentence.replace("{n}", str(n)), f"{amount} {sign} {n} = {result}.", result
