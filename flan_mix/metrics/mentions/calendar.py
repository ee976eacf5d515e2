"""Names of days, months, holidays and seasons, full and short, and days told from today."""

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


# Spellings of days that are told from today; other words of that kind ("now", "today") say little.
_RELATIVE_SPELLINGS = {
    "tomorrow": "tomorow tommorow tommorrow tomorro tomorrows tomo tomoz tmr tmrw tmw tm "
    "moro morro morrow",  # 2moro is a figure and a word.
    "yesterday": "yesterdays yday yest",
    "tonight": "tonite tonights tnite nite",
}
RELATIVE_DAYS = {
    spelling: day
    for day, spellings in _RELATIVE_SPELLINGS.items()
    for spelling in (day, *spellings.split())
}
SEASONS = {"summer": "summer", "winter": "winter", "autumn": "autumn"}
SEASONS |= {f"{season}s": season for season in SEASONS} | {f"{s}time": s for s in SEASONS}


def told_day(key: str) -> str | None:
    """The day told from today ("tomorrow") or the season that a word in lower case is."""
    return RELATIVE_DAYS.get(key) or SEASONS.get(key)
