"""Option styles: how the options of a row are laid out where a template says `{options}`.

A style is a line above the list, a way to name items, what parts them and a line below. Where
items have names, the answer asked for may be the name. `OPTION_GRAMMAR` combines a few of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Naming = Literal["none", "upper", "lower", "digits"]

# Letters run A … Z, AA … ZZ, as in a spreadsheet.
MAX_LETTERED = 26 + 26 * 26


@dataclass(frozen=True)
class OptionStyle:
    """A layout of options: `start`, then items parted by `separator`, then `end`.

    An item is `before` + its name + `after` + the option's text.
    name: what records call the style. naming: how items are named: "A", "a", "1", or not at all.
    answer_by_name: a template's `{answer}`, in its target, is then the item's bare name ("b").
    """

    name: str
    before: str
    after: str = ""
    naming: Naming = "none"
    start: str = ""
    end: str = ""
    separator: str = "\n"
    answer_by_name: bool = False

    def __post_init__(self):
        if self.answer_by_name and self.naming == "none":
            raise ValueError(f"option style {self.name!r}: its items have no names to answer by.")

    def item_names(self, count: int) -> list[str]:
        """Names of the first `count` items; empty texts where items have none."""
        match self.naming:
            case "none":
                return [""] * count
            case "upper":
                return [letter(i) for i in range(count)]
            case "lower":
                return [letter(i).lower() for i in range(count)]
            case "digits":
                return [str(i + 1) for i in range(count)]

    def markers(self, count: int) -> list[str]:
        """What stands ahead of each of the first `count` options."""
        return [f"{self.before}{name}{self.after}" for name in self.item_names(count)]

    def render(self, options: Sequence[str]) -> str:
        """The list as text; a row without options gives the empty string."""
        if not options:
            return ""
        markers = self.markers(len(options))
        items = (mark + option for mark, option in zip(markers, options, strict=True))
        return self.start + self.separator.join(items) + self.end

    def answer(self, options: Sequence[str], answer: str) -> str:
        """What a target says for `answer`: itself, or the name of the first item that equals it."""
        if not self.answer_by_name or answer not in options:
            return answer
        index = list(options).index(answer)
        return self.item_names(index + 1)[index]


def letter(index: int) -> str:
    """The name of option number `index` (from 0): A, …, Z, AA, …, ZZ; ValueError past that."""
    if not 0 <= index < MAX_LETTERED:
        raise ValueError(f"option {index + 1} has no letter: at most {MAX_LETTERED} are named.")
    if index < 26:
        return chr(ord("A") + index)
    return letter(index // 26 - 1) + letter(index % 26)


DASH_LIST = OptionStyle("dash_list", before="- ")
LETTERED = OptionStyle("lettered", before="(", after=") ", naming="upper")
OPTION_STYLES = (DASH_LIST, LETTERED)

_STARTS = {
    "plain": "",
    "options": "Options:\n",
    "choose_from": "Choose from:\n",
    "possible": "Possible answers:\n",
    "one_of": "It is one of these:\n",
    "candidates": "Candidates:\n",
}
# Item style -> before, after, naming, separator.
_ITEMS: dict[str, tuple[str, str, Naming, str]] = {
    "dash": ("- ", "", "none", "\n"),
    "star": ("* ", "", "none", "\n"),
    "line": ("", "", "none", "\n"),
    "semicolons": ("", "", "none", "; "),
    "round_upper": ("(", ") ", "upper", "\n"),
    "round_lower": ("(", ") ", "lower", "\n"),
    "half_upper": ("", ") ", "upper", "\n"),
    "half_lower": ("", ") ", "lower", "\n"),
    "dot_upper": ("", ". ", "upper", "\n"),
    "dot_digit": ("", ". ", "digits", "\n"),
    "square_digit": ("[", "] ", "digits", "\n"),
    "round_digit": ("(", ") ", "digits", " "),
}
_CALLED: dict[Naming, str] = {"upper": "letter", "lower": "letter", "digits": "number"}
_ENDS = {"plain": "", "pick": "\nPick one."}


def _grammar() -> tuple[OptionStyle, ...]:
    styles = []
    for start_name, start in _STARTS.items():
        for item_name, (before, after, naming, separator) in _ITEMS.items():
            for end_name, end in _ENDS.items():
                name = f"{start_name}.{item_name}.{end_name}"
                layout = (before, after, naming, start, end, separator)
                styles.append(OptionStyle(name, *layout))
            if called := _CALLED.get(naming):
                # A bare name is an answer only where it is asked for.
                layout = (before, after, naming, start, f"\nAnswer with its {called}.", separator)
                name = f"{start_name}.{item_name}.by_name"
                styles.append(OptionStyle(name, *layout, answer_by_name=True))
    return tuple(styles)


OPTION_GRAMMAR = _grammar()
