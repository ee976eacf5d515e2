"""Why a customer writes: the opening of a support chat and five possible reasons to choose from."""

from tools.generators.draws import Draws
from tools.generators.support_chats import draw_case, opening_turns
from tools.generators.support_scenarios import SCENARIOS

INTENTS = tuple(scenario.intent for scenario in SCENARIOS)
_CHOICES = 5


def intent_row(draws: Draws) -> dict[str, object]:
    """The turns up to the order number or the first answer, the reasons shown, the right one."""
    case = draw_case(draws)
    answer = case.scenario.intent
    wrong = draws.sample([intent for intent in INTENTS if intent != answer], _CHOICES - 1)
    return {
        "dialogue": opening_turns(case),
        "options": draws.shuffled([answer, *wrong]),
        "answer": answer,
    }
