"""What is spelled out in one text and short in another: New York and NYC, television and TV."""

# Each line: forms of one thing, parted by bars. Those in capitals are also words, or parts of many,
# and count as written.
_LINES = """
new york | new york city | nyc | NY
los angeles | LA
san francisco | san fran | SF
las vegas | vegas
washington | washington dc | DC
united kingdom | uk | britain | england
united states | US | usa | america | the states
hong kong | HK
beijing | peking
krakow | cracow
kiev | kyiv
saint petersburg | petersburg | sankt petersburg | st petersburg
christmas | xmas
new year | new year's eve | nye
valentine | valentine's day | valentines
television | tv | telly
facebook | fb
instagram | insta | IG
youtube | yt
whatsapp | whats app
mcdonald | mcdonalds | mac | mcd
photoshop | PS
playstation | PS
internet | web | online | net
doctor | dr | doc
professor | prof
mother | mom | mum | mama | mommy | mummy | MA
father | dad | daddy | papa | PA
grandmother | grandma | granny | nan | gran
grandfather | grandpa | granddad | grandad
aunt | auntie | aunty
identity card | id | identification
curriculum vitae | cv | resume
human resources | hr
physical education | PE
okay | ok
bluetooth | BT
game of thrones | GOT
harry potter | HP
world war | ww | wwii
university | uni
saint | st
mount | mt
street | st | str
avenue | ave
road | rd
"""

_FORMS = [[form.strip() for form in line.split("|")] for line in _LINES.strip().splitlines()]


def words_in_other_forms(run_together: str, as_written: frozenset[str]) -> frozenset[str]:
    """The words, in lower case, of all forms of what a text says in one of them.

    run_together: the text's words in lower case with a bar between, before and behind them.
    as_written: its words in their case.
    """
    said = (forms for forms in _FORMS if any(_says(f, run_together, as_written) for f in forms))
    return frozenset(word for forms in said for form in forms for word in form.lower().split())


def _says(form: str, run_together: str, as_written: frozenset[str]) -> bool:
    if form.isupper():
        return form in as_written
    return f"|{form.replace(' ', '|')}|" in run_together or f"|{form}s|" in run_together
