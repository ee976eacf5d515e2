"""Very short stories and four titles, one of which fits.

Some of the wrong titles are of the same make as the right one, with another person, place or thing
in it, so that a title has to be read and not only recognised.
"""

from dataclasses import dataclass

from tools.generators import world
from tools.generators.draws import Draws

_CHOICES = 4


@dataclass(frozen=True)
class Story:
    """A title with two texts that it fits: one told, one acted out between two speakers."""

    title: str
    told: str
    acted: str


_STORIES = (
    Story(
        "The lost {kind}",
        "{name} looked for the {kind} all day. It was under the bed.",
        "{name}: Where is my {kind}?\n{friend}: Look under the bed.",
    ),
    Story(
        "A cake for {friend}",
        "{name} baked a cake. {friend} ate all of it.",
        "{name}: I baked this cake for you.\n{friend}: Thank you!",
    ),
    Story(
        "The full train to {city}",
        "Every seat was taken, so {name} stood all the way to {city}.",
        "{name}: Is there a seat left to {city}?\n{friend}: No, the train is full.",
    ),
    Story(
        "Rain in {city}",
        "In {city} it rained for a week. The streets were under water.",
        "{name}: How is {city}?\n{friend}: It rains day and night.",
    ),
    Story(
        "A {colour} {kind}",
        "{name} painted the old {kind}. Now it is {colour}.",
        "{name}: I painted the {kind}.\n{friend}: It is {colour} now!",
    ),
    Story(
        "Who stole the {kind}?",
        "A thief took the {kind} of {name} and ran away.",
        "{name}: Somebody took my {kind}!\n{friend}: Call the police.",
    ),
    Story(
        "{name} wins again",
        "{name} and {friend} played cards all night. {name} won.",
        "{friend}: One more game?\n{name}: Yes, but I will win that too.",
    ),
    Story(
        "Too late on {day}",
        "On {day} {name} forgot to get up. The bus had left.",
        "{name}: Where were you on {day}?\n{friend}: I missed the bus.",
    ),
    Story(
        "A friend in {city}",
        "{name} moved to {city} and knew nobody. Then {friend} said hello.",
        "{name}: I am new in {city}.\n{friend}: Then I will show you the city.",
    ),
    Story(
        "The loud {kind}",
        "The {kind} made a loud noise. {name} could not sleep.",
        "{name}: What is that noise?\n{friend}: It is only the {kind}.",
    ),
    Story(
        "No answer from {friend}",
        "{name} wrote a long letter. {friend} never answered.",
        "{name}: {friend}, are you there? Please answer me.",
    ),
    Story(
        "A cold {month}",
        "{name} learned to swim in {month}. The lake was cold.",
        "{name}: In {month} the lake is cold.\n{friend}: Then swim faster.",
    ),
    Story(
        "The dog on the {kind}",
        "The dog of {name} sat on the {kind} and did not move.",
        "{name}: Your dog sits on my {kind}.\n{friend}: He likes it there.",
    ),
    Story(
        "The flying {kind}",
        "All windows were open. The wind blew the {kind} into the garden.",
        "{name}: What a wind!\n{friend}: There goes the {kind}.",
    ),
    Story(
        "Soup for {friend}",
        "{friend} was ill, so {name} made soup and read to {friend}.",
        "{friend}: I am ill.\n{name}: I will make soup for you.",
    ),
)


def title_row(draws: Draws) -> dict[str, object]:
    """A story, four titles in random order, the one that fits."""
    story = draws.pick(_STORIES)
    facts = _draw_facts(draws)
    title = story.title.format(**facts)
    options = [title]
    while len(options) < _CHOICES:
        other = story if draws.chance(0.3) else draws.pick(_STORIES)
        wrong = other.title.format(**_draw_facts(draws))
        if wrong not in options:
            options.append(wrong)
    text = story.acted if draws.chance(0.4) else story.told
    return {"story": text.format(**facts), "options": draws.shuffled(options), "answer": title}


def _draw_facts(draws: Draws) -> dict[str, str]:
    name, friend = draws.sample(world.NAMES, 2)
    return {
        "name": name,
        "friend": friend,
        "kind": draws.pick(world.PRODUCTS),
        "colour": draws.pick(world.COLOURS),
        "city": draws.pick(world.CITIES),
        "day": draws.pick(world.WEEKDAYS),
        "month": draws.pick(world.MONTHS),
    }
