"""Option styles: how the options of a row are laid out where a template says `{options}`."""

from collections.abc import Sequence
from dataclasses import dataclass

# Letters run A … Z, AA … ZZ, as in a spreadsheet.
MAX_LETTERED = 26 + 26 * 26


@dataclass(frozen=True)
class OptionStyle:
    """A layout: every option on a line of its own, with `before` + [letter] + `after` ahead of it.

    name: what records call it. lettered: whether options are named A, B, C, …
    """

    name: str
    before: str
    after: str = ""
    lettered: bool = False

    def markers(self, count: int) -> list[str]:
        """What stands ahead of each of the first `count` options."""
        if not self.lettered:
            return [self.before + self.after] * count
        return [f"{self.before}{letter(i)}{self.after}" for i in range(count)]

    def render(self, options: Sequence[str]) -> str:
        """The list as text; a row without options gives the empty string."""
        markers = self.markers(len(options))
        return "\n".join(mark + option for mark, option in zip(markers, options, strict=True))


def letter(index: int) -> str:
    """The name of option number `index` (from 0): A, …, Z, AA, …, ZZ; ValueError past that."""
    if not 0 <= index < MAX_LETTERED:
        raise ValueError(f"option {index + 1} has no letter: at most {MAX_LETTERED} are named.")
    if index < 26:
        return chr(ord("A") + index)
    return letter(index // 26 - 1) + letter(index % 26)


DASH_LIST = OptionStyle("dash_list", before="- ")
LETTERED = OptionStyle("lettered", before="(", after=") ", lettered=True)
OPTION_STYLES = (DASH_LIST, LETTERED)
