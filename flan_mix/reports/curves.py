"""Training curves as drawings that stand inside a page and take its colours."""

import io
import re
from collections.abc import Sequence

from flan_mix.reports.report_data import RunReport, TrainingPoint

_MOST_POINTS = 300  # More cannot be told apart at the width of a page.
_DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""Of the curves in order, so that they differ without colour; the page's legend shows the same."""

# Stand-ins that become the page's own colours, which follow its light and dark modes.
_INK, _LINE = "#f0f0fe", "#f0f0ff"
_MODEL = "#f0f00{}"
_COLOURS = 6

Curve = Sequence[tuple[float, float]]


def loss_curves(runs: Sequence[RunReport]) -> list[Curve]:
    """Each run's loss over steps."""
    return [[(point.step, point.loss) for point in run.points] for run in runs]


def throughput_curves(runs: Sequence[RunReport]) -> list[Curve]:
    """Each run's tokens per second over steps, as far as recorded."""
    return [
        [(p.step, p.tokens_per_second) for p in run.points if p.tokens_per_second is not None]
        for run in runs
    ]


def curves_svg(curves: Sequence[Curve], models: Sequence[int], *, label: str) -> str:
    """An <svg> element with a line for each curve of (step, value); the same data, the same text.

    models: whose colours the curves take. label: says what the values are. Long curves are drawn
    as means over equal numbers of points.

    Raises ValueError where there is no point at all.
    """
    if not any(curves):
        raise ValueError("there is no curve to draw.")
    # Here, because most of what imports the reports draws nothing.
    import matplotlib
    from matplotlib.figure import Figure

    # The salt is the label: two drawings in one page must not share ids.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": label}):
        figure = Figure(figsize=(5.2, 2.9), layout="constrained")
        _draw(figure.add_subplot(), curves, models, label)
        drawing = io.StringIO()
        figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None})
    return _element(drawing.getvalue(), re.sub(r"\W+", "-", label))


def thin_out(curve: Curve, most: int) -> list[tuple[float, float]]:
    """At most `most` points: the mean of each run of neighbours, at the run's last step."""
    size = -(-len(curve) // most) or 1
    runs = [curve[start : start + size] for start in range(0, len(curve), size)]
    return [(run[-1][0], sum(value for _, value in run) / len(run)) for run in runs]


def loss_sentence(points: Sequence[TrainingPoint]) -> str:
    """What the drawing of the loss shows, for those who cannot see it; "" for no points."""
    if not points:
        return ""
    first, last = points[0], points[-1]
    verb = "fell" if last.loss < first.loss else "went"
    return (
        f"The training loss {verb} from {first.loss:.2f} at step {first.step:,} to "
        f"{last.loss:.2f} at step {last.step:,}."
    )


def throughput_sentence(points: Sequence[TrainingPoint]) -> str:
    """How fast training went; "" where that was not recorded."""
    rates = sorted(p.tokens_per_second for p in points if p.tokens_per_second is not None)
    if not rates:
        return ""
    return (
        f"Half of the time training went at {rates[len(rates) // 2]:,.0f} tokens a second or "
        f"faster (from {rates[0]:,.0f} to {rates[-1]:,.0f})."
    )


def _draw(axes, curves: Sequence[Curve], models: Sequence[int], label: str) -> None:
    from matplotlib.ticker import FuncFormatter

    for number, curve in enumerate(curves):
        thin = thin_out(curve, _MOST_POINTS)
        axes.plot(
            [step for step, _ in thin],
            [value for _, value in thin],
            color=_MODEL.format(models[number] % _COLOURS),
            linestyle=_DASHES[number % len(_DASHES)],
            linewidth=1.8,
            marker="o" if len(thin) == 1 else None,
        )
    axes.set_xlabel("training step", color=_INK)
    axes.set_ylabel(label, color=_INK)
    axes.set_ylim(bottom=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.grid(color=_LINE, linewidth=0.6)
    axes.tick_params(colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_INK)


def _element(document: str, name: str) -> str:
    """The <svg> of a document, without prolog and metadata, as wide as the page lets it be."""
    element = document[document.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # matplotlib numbers its groups anew in each drawing.
    element = re.sub(r'\bid="([a-z][a-z0-9.]*_\d+)"', rf'id="{name}-\1"', element)
    for stand_in, colour in _page_colours().items():
        element = element.replace(stand_in, colour)
    # The viewBox gives the proportions.
    return re.sub(r'^<svg([^>]*?) width="[^"]*"', r"<svg\1", element, count=1, flags=re.DOTALL)


def _page_colours() -> dict[str, str]:
    models = {_MODEL.format(number): f"var(--model-{number})" for number in range(_COLOURS)}
    return {_INK: "var(--quiet)", _LINE: "var(--line)", **models}
