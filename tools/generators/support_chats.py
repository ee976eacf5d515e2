"""Chats between a customer and the people of a shop, with a summary of each.

A chat is acted out from a scenario (support_scenarios.py) and drawn facts: who speaks first, where
the order number is asked for, whether a colleague takes over and decides, which offers are turned
down on the way. Such chats, drawn with other seeds, stand in other tasks too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.generators import world
from tools.generators.draws import Draws
from tools.generators.support_scenarios import SCENARIOS, Outcome, Scenario

_OPENINGS = (
    "A: Hello, this is {agent}.|C: Hi, I am {customer}. {problem}",
    "A: {agent} speaking. How can I help?|C: {problem}",
    "C: Hello, is anyone there?|A: Yes, {agent} here.|C: {problem}",
    "C: Hi, {customer} here. {problem}|A: I am sorry to hear that.",
    "C: Hello. {problem}|A: Hello {customer}. Let me see.",
)
_ORDER_REQUESTS = (
    "A: What is the order number?|C: {order}.",
    "A: Which order is it?|C: {order}, from {bought}.",
    "A: Can I have the order number?|C: It is {order}.",
    "C: The order number is {order}.",
)
_HANDOVERS = (
    "A: I will ask {decider}.|D: Hi, {decider} here.",
    "A: {decider} can decide that.|D: Hello {customer}.",
    "A: One moment, I will call {decider}.",
)
_CLOSINGS = ("C: Thank you.", "C: Thanks, {decider}.", "C: Goodbye.", "", "")


@dataclass(frozen=True)
class SupportCase:
    """One chat: what happened, what was said (one turn a line), and its summary."""

    scenario: Scenario
    outcome: Outcome
    facts: Mapping[str, str]
    chat: str
    summary: str


def draw_case(draws: Draws) -> SupportCase:
    """A chat about a random matter with random facts and a random end."""
    scenario = draws.pick(SCENARIOS)
    outcome = draws.pick(scenario.outcomes)
    takes_over = draws.chance(0.4)
    facts = _draw_facts(draws, takes_over)
    facts["problem"] = draws.pick(scenario.problems).format(**facts)
    script = _draw_script(draws, scenario, outcome, takes_over)
    return SupportCase(
        scenario=scenario,
        outcome=outcome,
        facts=facts,
        chat=_act_out(script, facts),
        summary=outcome.summary.format(**facts),
    )


def opening_turns(case: SupportCase) -> str:
    """The chat up to the turn that states the problem."""
    turns = case.chat.split("\n")
    last = next(place for place, turn in enumerate(turns) if case.facts["problem"] in turn)
    return "\n".join(turns[: last + 1])


def _draw_facts(draws: Draws, takes_over: bool) -> dict[str, str]:
    """Everything that a script may name; people, things, cities and months of a chat all differ."""
    customer, agent, colleague, neighbour = draws.sample(world.NAMES, 4)
    item_kind, other_kind = draws.sample(world.PRODUCTS, 2)
    city, old_city = draws.sample(world.CITIES, 2)
    bought, date, bad_date, late = world.rising_dates(draws, 4)
    return {
        "customer": customer,
        "agent": agent,
        "decider": colleague if takes_over else agent,
        "neighbour": neighbour,
        "item": f"{draws.pick(world.COLOURS)} {item_kind}",
        "other": f"{draws.pick(world.COLOURS)} {other_kind}",
        "part": world.part_of(item_kind),
        "order": world.order_number(draws),
        "price": f"${draws.integer(30, 98)}",
        "low": f"${draws.integer(5, 25)}",
        "bought": bought,
        "date": date,
        "bad_date": bad_date,
        "late": late,
        "city": city,
        "old_city": old_city,
    }


def _draw_script(draws: Draws, scenario: Scenario, outcome: Outcome, takes_over: bool) -> str:
    """The whole chat as one script, its facts not yet filled in."""
    parts = [draws.pick(_OPENINGS)]
    if scenario.has_order:
        parts.append(draws.pick(_ORDER_REQUESTS))
    if takes_over:
        parts.append(draws.pick(_HANDOVERS))
    parts.append(draws.pick(outcome.scripts))
    parts.append(draws.pick(_CLOSINGS))
    return "|".join(part for part in parts if part)


def _act_out(script: str, facts: Mapping[str, str]) -> str:
    """The script as a chat: one line a turn, two lines of one speaker in a row joined to one."""
    speakers = {"C": facts["customer"], "A": facts["agent"], "D": facts["decider"]}
    turns: list[tuple[str, str]] = []
    for line in script.split("|"):
        role, text = line.split(": ", 1)
        speaker, spoken = speakers[role], text.format(**facts)
        if turns and turns[-1][0] == speaker:
            spoken = f"{turns.pop()[1]} {spoken}"
        turns.append((speaker, spoken))
    return "\n".join(f"{speaker}: {spoken}" for speaker, spoken in turns)


def chat_row(draws: Draws) -> dict[str, str]:
    """A row of the summarization task."""
    case = draw_case(draws)
    return {"dialogue": case.chat, "summary": case.summary}
