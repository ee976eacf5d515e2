"""Short news, and chats, with the people, cities, dates, prices or products that they name."""

import re

from tools.generators import world
from tools.generators.draws import Draws
from tools.generators.news import draw_news
from tools.generators.support_chats import draw_case

_FINDERS = {
    "people": rf"\b(?:{'|'.join(world.NAMES)})\b",
    "cities": rf"\b(?:{'|'.join(world.CITIES)})\b",
    "dates": rf"(?:{'|'.join(world.MONTHS)}) \d+",
    "prices": r"\$\d+",
    "products": rf"(?:{'|'.join(world.COLOURS)}) (?:{'|'.join(world.PRODUCTS)})\b",
}
KINDS = tuple(_FINDERS)


def entity_row(draws: Draws) -> dict[str, str]:
    """A text, a kind, and all of that kind in it, each once, in their order; or "none"."""
    text = draw_case(draws).chat if draws.chance(0.25) else draw_news(draws).text
    kinds = [kind for kind in KINDS if find_entities(text, kind)]
    kind = draws.pick(KINDS) if not kinds or draws.chance(0.2) else draws.pick(kinds)
    return {"text": text, "kind": kind, "entities": ", ".join(find_entities(text, kind)) or "none"}


def find_entities(text: str, kind: str) -> list[str]:
    """The different entities of a kind, in the order in which they first occur."""
    return list(dict.fromkeys(re.findall(_FINDERS[kind], text)))
