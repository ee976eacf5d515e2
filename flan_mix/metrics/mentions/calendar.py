"""Names of days, months and holidays, full and short."""

from flan_mix.metrics.mentions.word_lists import word_list, word_set

MONTHS = word_list(
    "january february march april may june july august september october november december"
)
WEEKDAYS = word_list("monday tuesday wednesday thursday friday saturday sunday")

_SHORT = {month[:3]: month for month in MONTHS} | {"sept": "september"}
_SHORT |= {
    "mon": "monday",
    "tue": "tuesday",
    "tues": "tuesday",
    "wed": "wednesday",
    "weds": "wednesday",
    "thu": "thursday",
    "thur": "thursday",
    "thurs": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}

# Words as well, so that only a capital inside a sentence, or a number beside it, tells a date.
ALSO_WORDS = word_set("may march mar jan sat sun mon wed dec")

HOLIDAYS = word_set(
    "christmas xmas easter thanksgiving halloween hanukkah ramadan diwali epiphany "
    "pentecost passover eid carnival"
)


def calendar_name(key: str) -> str | None:
    """The full name of the month or weekday that a word in lower case is, short or in plural."""
    for word in (key, key.removesuffix("s")):
        if word in MONTHS or word in WEEKDAYS:
            return word
    return _SHORT.get(key)
