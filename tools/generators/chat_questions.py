"""Yes/no questions on support chats: reading comprehension, held out of training.

Every kind of question is asked as often with the answer yes as with no, so that no wording gives
the answer away and only the chat can tell.
"""

from tools.generators import world
from tools.generators.draws import Draws
from tools.generators.support_chats import SupportCase, draw_case
from tools.generators.support_scenarios import SCENARIOS

OPTIONS = ["yes", "no"]


def question_row(draws: Draws) -> dict[str, object]:
    """A chat, a question on it, and yes or no."""
    ask, answer = draws.pick(_ASKERS), draws.pick(OPTIONS)
    question = None
    while question is None:
        case = draw_case(draws)
        question = ask(draws, case, answer == "yes")
    return {"dialogue": case.chat, "question": question, "answer": answer, "options": OPTIONS}


# Each asks one kind of question that is rightly answered as told; None where the case allows none.


def _about_the_matter(draws: Draws, case: SupportCase, is_true: bool) -> str:
    scenario = case.scenario if is_true else draws.other_than(case.scenario, SCENARIOS)
    return scenario.about.format(**case.facts)


def _about_the_item(draws: Draws, case: SupportCase, is_true: bool) -> str:
    wanted = case.facts["item"]
    colour, kind = wanted.split()
    recoloured = draws.chance(0.5)
    while not is_true and wanted in case.chat:
        if recoloured:
            wanted = f"{draws.pick(world.COLOURS)} {kind}"
        else:
            wanted = f"{colour} {draws.pick(world.PRODUCTS)}"
    return f"Does {case.facts['customer']} write about a {wanted}?"


def _about_the_helper(draws: Draws, case: SupportCase, is_true: bool) -> str:
    customer, agent = case.facts["customer"], case.facts["agent"]
    return f"Is {agent} helping {customer}?" if is_true else f"Is {customer} helping {agent}?"


def _about_the_order(draws: Draws, case: SupportCase, is_true: bool) -> str | None:
    if not case.scenario.has_order:
        return None
    number = case.facts["order"]
    while not is_true and number in case.chat:
        number = world.order_number(draws)
    return f"Is {number} the order number?"


def _about_the_money(draws: Draws, case: SupportCase, is_true: bool) -> str | None:
    if case.outcome.money_back is not is_true:
        return None
    return f"Will {case.facts['customer']} get money back?"


_ASKERS = (
    _about_the_matter,
    _about_the_item,
    _about_the_helper,
    _about_the_order,
    _about_the_money,
)
