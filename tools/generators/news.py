"""Short news of the shop and the town, and what can be asked of each piece of news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.generators import world
from tools.generators.draws import Draws


@dataclass(frozen=True)
class Pattern:
    """A sentence with gaps, and (question, answer) pairs on it with the same gaps."""

    sentence: str
    questions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class News:
    """A text of two sentences, each with the pattern and the facts that it was made from."""

    text: str
    told: tuple[tuple[Pattern, Mapping[str, str]], ...]


_PATTERNS = (
    Pattern(
        "{a} took the train from {city} to {town} on {date}.",
        (
            ("Which of the people took the train?", "{a}"),
            ("Which of the cities did {a} leave?", "{city}"),
            ("Which of the dates was the day of the train?", "{date}"),
        ),
    ),
    Pattern(
        "{a} and {b} met in {city}.", (("Which of the cities did {a} meet {b} in?", "{city}"),)
    ),
    Pattern(
        "On {date} {a} sold a {product} to {b} for {price}.",
        (
            ("Which of the people sold the {product}?", "{a}"),
            ("Which of the products did {a} sell?", "{product}"),
            ("Which of the prices did {b} pay?", "{price}"),
            ("On which of the dates did {a} sell it?", "{date}"),
        ),
    ),
    Pattern(
        "The {product} costs {price} in {city} but {more} in {town}.",
        (
            ("Which of the prices is the one in {city}?", "{price}"),
            ("Which of the products costs {more} in {town}?", "{product}"),
        ),
    ),
    Pattern(
        "{a} left a {product} and a {other} in the hotel.",
        (("Which of the people left a {product}?", "{a}"),),
    ),
    Pattern(
        "The shop in {city} opens on {date}.",
        (
            ("On which of the dates does the shop open?", "{date}"),
            ("Which of the cities has a new shop?", "{city}"),
        ),
    ),
    Pattern(
        "{a} paid {price} for a {product}.",
        (
            ("Which of the people paid for the {product}?", "{a}"),
            ("Which of the prices did {a} pay?", "{price}"),
            ("Which of the products did {a} pay for?", "{product}"),
        ),
    ),
    Pattern(
        "A {product} was found in the park.",
        (("Which of the products was in the park?", "{product}"),),
    ),
    Pattern("{a}, {b} and {c} painted the house."),
    Pattern("It rained all day and nobody came."),
    Pattern(
        "The fair in {city} ends on {date}.",
        (
            ("Which of the cities has a fair?", "{city}"),
            ("On which of the dates is the end of the fair?", "{date}"),
        ),
    ),
    Pattern(
        "From {date} until {end} the {product} is cheaper.",
        (("Which of the products is cheaper now?", "{product}"),),
    ),
    Pattern(
        "Rooms in {city} cost {price} a night.",
        (
            ("Which of the cities has rooms?", "{city}"),
            ("Which of the prices is for a room?", "{price}"),
        ),
    ),
    Pattern(
        "{a} wrote to the office in {city} and asked for {b}.",
        (("Which of the cities did {a} write to?", "{city}"),),
    ),
    Pattern("The old bridge was closed again."),
)


def draw_news(draws: Draws) -> News:
    """Two different sentences, in some texts said by two people; nobody is named twice."""
    names: Sequence[str] = draws.sample(world.NAMES, 8)
    cities: Sequence[str] = draws.sample(world.CITIES, 4)
    told = tuple(
        (pattern, _draw_facts(draws, names[place * 3 :], cities[place * 2 :]))
        for place, pattern in enumerate(draws.sample(_PATTERNS, 2))
    )
    first, second = (pattern.sentence.format(**facts) for pattern, facts in told)
    if draws.chance(0.3):
        return News(f"{names[6]}: {first}\n{names[7]}: {second}", told)
    return News(f"{first} {second}", told)


def _draw_facts(draws: Draws, names: Sequence[str], cities: Sequence[str]) -> dict[str, str]:
    """What a pattern may name: the first of these names and cities, the rest drawn."""
    product, other = (
        f"{draws.pick(world.COLOURS)} {kind}" for kind in draws.sample(world.PRODUCTS, 2)
    )
    price, more = draws.sample(range(12, 99), 2)
    date, end = world.rising_dates(draws, 2)
    return {
        **dict(zip("abc", names, strict=False)),
        "city": cities[0],
        "town": cities[1],
        "product": product,
        "other": other,
        "price": f"${price}",
        "more": f"${more}",
        "date": date,
        "end": end,
    }
