"""Tables and text on a terminal, made of what came from data: shown as it is, never obeyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

# Where nothing is known.
NOTHING = "–"


def plain(text: object, style: str = "") -> Text:
    """Text in which neither rich's markup nor a terminal's control characters mean anything."""
    from rich.text import Text

    shown = (c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(text))
    return Text("".join(shown), style=style)


def table(
    *left: str, right: tuple[str, ...] = (), title: str | None = None, whole: int = 0
) -> Table:
    """An empty table: columns of text, the first `whole` of them never folded, then of figures."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for place, name in enumerate(left):
        made.add_column(name, overflow="fold", no_wrap=place < whole)
    for name in right:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def add_row(made: Table, *cells: object, style: str = "") -> None:
    """A row of plain texts; numbers get separators, None a dash."""
    made.add_row(*(plain(_cell(cell)) for cell in cells), style=style)


def show(*renderables: object) -> None:
    """Prints to standard output: tables as wide as the terminal, or 140 columns where none is, and
    text as it is, without line breaks of its own."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 140
    for renderable in renderables:
        shown = plain(renderable) if isinstance(renderable, str) else renderable
        console.print(shown, soft_wrap=isinstance(shown, Text))


def percent(share: float) -> str:
    """A share of 1 with as many digits as tell something."""
    return f"{100 * share:.2f} %" if 0 < share < 0.1 else f"{100 * share:.1f} %"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with what it counts: "1 task", "2,000 tasks"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _cell(cell: object) -> str:
    if cell is None:
        return NOTHING
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
