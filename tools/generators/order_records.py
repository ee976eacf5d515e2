"""Records of orders as a shop stores them, and each in plain words."""

from tools.generators import world
from tools.generators.draws import Draws

_STATUSES = {
    "sent": "It was sent on {date}.",
    "planned": "It will be sent on {date}.",
    "late": "It is late and will arrive on {date}.",
    "returned": "It was returned on {date}.",
    "cancelled": "The order was cancelled on {date}.",
    "paid": "It was paid on {date}.",
}


def record_row(draws: Draws) -> dict[str, str]:
    """A record with its fields in random order, some left out, and the text that tells it."""
    status = draws.pick(tuple(_STATUSES))
    record = {
        "customer": draws.pick(world.NAMES),
        "product": world.product(draws),
        "status": status,
        "date": world.date(draws),
    }
    if draws.chance(0.6):
        record["city"] = draws.pick(world.CITIES)
    if draws.chance(0.6):
        record["price"] = world.price(draws)
    return {
        "record": "; ".join(f"{name}: {record[name]}" for name in draws.shuffled(tuple(record))),
        "text": _tell(record),
    }


def _tell(record: dict[str, str]) -> str:
    """The record in one or two sentences."""
    text = "{customer}"
    text += " from {city}" if "city" in record else ""
    text += " ordered a {product}"
    text += " for {price}. " if "price" in record else ". "
    return (text + _STATUSES[record["status"]]).format(**record)
