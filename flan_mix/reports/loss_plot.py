"""The training loss as a drawing that stands inside a page."""

import io
import re
from collections.abc import Sequence

from flan_mix.reports.report_data import LossPoint

_MOST_POINTS = 400  # More cannot be told apart at the width of a page.
_COLOUR = "#0b5cad"


def loss_svg(points: Sequence[LossPoint]) -> str:
    """An <svg> element with the loss over steps; the same points give the same text.

    Long runs are drawn as means over equal numbers of points. Raises ValueError for no points.
    """
    if not points:
        raise ValueError("there is no loss to draw.")
    # Here, because most of what imports the reports draws nothing.
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "flan-mix"}):
        figure = Figure(figsize=(5.2, 2.7), layout="constrained")
        _draw(figure.add_subplot(), thin_out(points, _MOST_POINTS))
        drawing = io.StringIO()
        figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None})
    return _element(drawing.getvalue())


def thin_out(points: Sequence[LossPoint], most: int) -> list[LossPoint]:
    """At most `most` points: the mean of each run of neighbours, at the run's last step."""
    size = -(-len(points) // most)
    runs = [points[start : start + size] for start in range(0, len(points), size)]
    return [LossPoint(run[-1].step, sum(p.loss for p in run) / len(run)) for run in runs]


def loss_sentence(points: Sequence[LossPoint]) -> str:
    """What the drawing shows, for those who cannot see it."""
    first, last = points[0], points[-1]
    verb = "fell" if last.loss < first.loss else "went"
    return (
        f"The training loss {verb} from {first.loss:.2f} at step {first.step:,} to "
        f"{last.loss:.2f} at step {last.step:,}."
    )


def _draw(axes, points: Sequence[LossPoint]) -> None:
    marker = "o" if len(points) == 1 else None
    steps, losses = [p.step for p in points], [p.loss for p in points]
    axes.plot(steps, losses, color=_COLOUR, linewidth=1.6, marker=marker)
    axes.set_xlabel("training step")
    axes.set_ylabel("loss per target token")
    axes.set_ylim(bottom=0)
    axes.grid(color="#d5d9de", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _element(document: str) -> str:
    """The <svg> of a document, without prolog and metadata, as wide as the page lets it be."""
    element = document[document.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # The viewBox gives the proportions.
    return re.sub(r'^<svg([^>]*?) width="[^"]*"', r"<svg\1", element, count=1, flags=re.DOTALL)
