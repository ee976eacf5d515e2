"""The small world that every starter task speaks of: its people, places, things, dates and prices.

The lists are short on purpose. A model of a few million parameters has some thousands of examples
to learn each word from, and the tasks share their words, so what it learns in one helps in others.
"""

from tools.generators.draws import Draws

NAMES = (
    "Ada", "Amir", "Ben", "Bruno", "Carla", "Dina", "Edith", "Emil", "Fatima", "Felix", "Greta",
    "Hana", "Hugo", "Ines", "Ivan", "Jana", "Karim", "Lena", "Luca", "Mara", "Marco", "Mia",
    "Nadia", "Nora", "Olga", "Omar", "Paula", "Pedro", "Rosa", "Ruth", "Samir", "Sofia", "Tara",
    "Theo", "Vera", "Zoe",
)  # fmt: skip

CITIES = (
    "Athens", "Berlin", "Boston", "Cairo", "Delhi", "Dublin", "Geneva", "Lima", "Lisbon", "Oslo",
    "Paris", "Rome", "Seoul", "Vienna",
)  # fmt: skip

COLOURS = ("black", "blue", "brown", "green", "grey", "pink", "red", "white", "yellow")

# What the shop sells, each with a part that may be missing from its box.
PARTS = {
    "backpack": "strap",
    "bicycle": "pedal",
    "blender": "lid",
    "camera": "charger",
    "chair": "cushion",
    "clock": "battery",
    "curtain": "hook",
    "desk": "drawer",
    "drum": "stick",
    "fan": "cable",
    "guitar": "string",
    "jacket": "belt",
    "kettle": "lid",
    "lamp": "bulb",
    "mirror": "frame",
    "phone": "charger",
    "printer": "ink",
    "radio": "battery",
    "sofa": "cushion",
    "speaker": "cable",
    "suitcase": "lock",
    "tent": "pole",
    "toaster": "plug",
    "watch": "strap",
}
PRODUCTS = tuple(PARTS)

MONTHS = ("January", "March", "April", "May", "June", "July", "August", "October")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def product(draws: Draws) -> str:
    """A thing of the shop with its colour: "green kettle"."""
    return f"{draws.pick(COLOURS)} {draws.pick(PRODUCTS)}"


def part_of(item: str) -> str:
    """The part that belongs to a product, with or without its colour before it."""
    return PARTS[item.split()[-1]]


def price(draws: Draws) -> str:
    """A price in whole dollars: "$47"."""
    return f"${draws.integer(12, 98)}"


def order_number(draws: Draws) -> str:
    """Three digits: "417"."""
    return str(draws.integer(120, 999))


def date(draws: Draws) -> str:
    """A day of the year: "May 14"."""
    return f"{draws.pick(MONTHS)} {draws.integer(1, 28)}"


def rising_dates(draws: Draws, count: int) -> list[str]:
    """Days in different months of one year, the earliest first."""
    months = sorted(draws.sample(MONTHS, count), key=MONTHS.index)
    return [f"{month} {draws.integer(1, 28)}" for month in months]
