"""Dialogues of any number of turns: what was said before a drawn turn, and that turn.

A row with the field `turns` (and `speakers`, if their names are known) gives three fields to its
templates: `{turns_before}`, the turns before the drawn one in a drawn speaker style;
`{next_turn}`, the drawn one; `{next_speaker}`, who says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

DIALOGUE_FIELDS = frozenset({"turns_before", "next_turn", "next_speaker"})

# Rows that agree in so many turns from the first are one conversation at different lengths: as an
# exemplar, the longer would tell what the shorter asks for.
KNOWN_BY_TURNS = 4


def drawn_turn(rank: Any, count: Any, step: int) -> Any:
    """The number of the turn to predict, from 1: every `step`-th of those after the first.

    rank: the draw, a whole number of 0 or more. count: how many turns there are, two or more. Both
    ints, or int64 tensors of one shape.
    """
    return 1 + step * (rank % ((count - 2) // step + 1))


class DialogueText(NamedTuple):
    """The three fields of a dialogue at a drawn turn."""

    turns_before: str
    next_turn: str
    next_speaker: str


@dataclass(frozen=True)
class SpeakerStyle:
    """How turns are written: `before` + speaker + `after` + text, parted by `separator`.

    name: what records call it. labels: what speakers without names of their own are called, in
    turn.
    """

    name: str
    labels: tuple[str, ...]
    before: str = ""
    after: str = ": "
    separator: str = "\n"

    def speaker(self, index: int, speakers: Sequence[str]) -> str:
        """Who says turn `index`: by name where names are known, else by label."""
        return speakers[index] if speakers else self.labels[index % len(self.labels)]

    def render(self, turns: Sequence[str], speakers: Sequence[str], drawn: int) -> DialogueText:
        """The dialogue before turn number `drawn` (from 0) and that turn."""
        lines = [
            f"{self.before}{self.speaker(i, speakers)}{self.after}{text}"
            for i, text in enumerate(turns[:drawn])
        ]
        return DialogueText(self.separator.join(lines), turns[drawn], self.speaker(drawn, speakers))


_LABELS = {
    "letters": ("A", "B"),
    "last_letters": ("X", "Y"),
    "numbers": ("1", "2"),
    "numbered": ("Speaker 1", "Speaker 2"),
    "persons": ("First person", "Second person"),
    "others": ("One", "The other"),
}
# Mark -> what stands before and after a speaker.
_MARKS = {
    "colon": ("", ": "),
    "brackets": ("[", "] "),
    "dash": ("- ", ": "),
    "round": ("(", ") "),
    "says": ("", " says: "),
}
# T5's vocabulary has no newline: bars part turns for it too.
_SEPARATORS = {"lines": "\n", "bars": " | "}

SPEAKER_STYLES = tuple(
    SpeakerStyle(f"{label}.{mark}.{parting}", labels, before, after, separator)
    for label, labels in _LABELS.items()
    for mark, (before, after) in _MARKS.items()
    for parting, separator in _SEPARATORS.items()
)
