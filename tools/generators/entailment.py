"""Reports, talks and support chats, with statements that follow, contradict or say something new.

Reports and talks always tell who did what with which thing and leave out some of the rest (where,
when, for how much, for whom). A statement on something told is true or false; a statement on
something left out can be neither.
"""

from collections.abc import Mapping

from tools.generators import world
from tools.generators.draws import Draws
from tools.generators.support_chats import draw_case

OPTIONS = ["yes", "no", "maybe"]

_VERBS = ("bought", "found", "lost", "sold")
_STATEMENTS = {
    "person": ("{person} {verb} something.", "It was {person} who {verb} the {kind}."),
    "kind": ("{person} {verb} a {kind}.", "The thing was a {kind}."),
    "colour": ("The {kind} was {colour}.", "{person} {verb} something {colour}."),
    "city": ("{person} was in {city}.", "The {kind} was in {city}."),
    "day": ("It was a {day}.", "This happened on {day}."),
    "price": ("The {kind} cost {price}.", "The price was {price}."),
    "friend": ("The {kind} was for {friend}.", "{person} did it for {friend}."),
}
# What a support chat never tells.
_OPEN_STATEMENTS = (
    "{customer} was in {city} on Sunday.",
    "The {item} was for {neighbour}.",
    "{agent} bought a {other}.",
    "{customer} and {agent} met in {city}.",
)
# What may be left out, with the question and the answer that bring it up in a talk.
_OPTIONAL = {
    "city": ("Where?", "In {city}."),
    "day": ("When?", "On {day}."),
    "price": ("What did it cost?", "It cost {price}."),
    "friend": ("For whom?", "For {friend}."),
}


def entailment_row(draws: Draws) -> dict[str, object]:
    """A premise, a hypothesis and whether it follows: yes, no or maybe."""
    answer = draws.pick(OPTIONS)
    premise, hypothesis = (_on_a_chat if draws.chance(0.25) else _on_a_purchase)(draws, answer)
    # Some rows leave maybe out, so that options are read and not known by heart.
    options = OPTIONS[:2] if answer != "maybe" and draws.chance(0.4) else OPTIONS
    return {"premise": premise, "hypothesis": hypothesis, "options": options, "answer": answer}


def _on_a_purchase(draws: Draws, answer: str) -> tuple[str, str]:
    """A report or talk and a statement that it answers so."""
    told = draws.sample(tuple(_OPTIONAL), draws.integer(1, 3))
    facts = _draw_facts(draws)
    if answer == "maybe":
        subject = draws.pick([name for name in _OPTIONAL if name not in told])
    else:
        subject = draws.pick(["person", "kind", "colour", *told])
    claimed = dict(facts)
    while answer == "no" and claimed[subject] == facts[subject]:
        claimed[subject] = _draw_facts(draws)[subject]
    premise = (_talk if draws.chance(0.4) else _report)(facts, told)
    return premise, draws.pick(_STATEMENTS[subject]).format(**claimed)


def _on_a_chat(draws: Draws, answer: str) -> tuple[str, str]:
    """A support chat and a statement that it answers so."""
    case = draw_case(draws)
    if answer == "maybe":
        return case.chat, draws.pick(_OPEN_STATEMENTS).format(**case.facts)
    product, order = case.facts["item"], case.facts["order"]
    while answer == "no" and (product in case.chat or order in case.chat):
        product, order = world.product(draws), world.order_number(draws)
    if case.scenario.has_order and draws.chance(0.5):
        return case.chat, f"The order number was {order}."
    return case.chat, f"The chat was about a {product}."


def _draw_facts(draws: Draws) -> dict[str, str]:
    person, friend, listener = draws.sample(world.NAMES, 3)
    return {
        "person": person,
        "friend": friend,
        "listener": listener,
        "verb": draws.pick(_VERBS),
        "colour": draws.pick(world.COLOURS),
        "kind": draws.pick(world.PRODUCTS),
        "city": draws.pick(world.CITIES),
        "day": draws.pick(world.WEEKDAYS),
        "price": world.price(draws),
    }


def _report(facts: Mapping[str, str], told: list[str]) -> str:
    """The report: one sentence, or two where a price or a friend comes into it."""
    text = "{person} {verb} a {colour} {kind}"
    text += " in {city}" if "city" in told else ""
    text += " on {day}." if "day" in told else "."
    text += " It cost {price}." if "price" in told else ""
    text += " It was for {friend}." if "friend" in told else ""
    return text.format(**facts)


def _talk(facts: Mapping[str, str], told: list[str]) -> str:
    """The same as a talk in which a listener asks for all that is told."""
    turns = ["{person}: I {verb} a {colour} {kind}."]
    for name in told:
        question, answer = _OPTIONAL[name]
        turns += [f"{{listener}}: {question}", f"{{person}}: {answer}"]
    return "\n".join(turns).format(**facts)
