"""The loss drawing: a small SVG that says what the points say."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from flan_mix.reports import LossPoint
from flan_mix.reports.loss_plot import loss_sentence, loss_svg, thin_out


def curve(count: int) -> list[LossPoint]:
    return [LossPoint(step, 8 - 6 * step / count) for step in range(1, count + 1)]


def test_drawing_is_one_svg_element_with_both_axes_named():
    svg = loss_svg(curve(50))
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "training step" in texts and "loss per target token" in texts
    assert "metadata" not in svg and "<?xml" not in svg


def test_line_falls_when_the_loss_falls():
    svg = loss_svg(curve(50))
    path = max(re.findall(r'<path d="([^"]*)"', svg), key=len)
    heights = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)]
    # Down the page is more.
    assert len(heights) >= 2 and heights == sorted(heights)


def test_long_runs_are_drawn_as_means_of_neighbours():
    thin = thin_out(curve(1001), 400)
    assert len(thin) <= 400
    assert thin[0].loss == pytest.approx(sum(p.loss for p in curve(1001)[:3]) / 3)
    assert thin[-1].step == 1001
    assert thin_out(curve(400), 400) == curve(400)
    assert len(loss_svg(curve(100_000))) < 40_000


def test_sentence_gives_first_and_last():
    assert loss_sentence(curve(2000)) == (
        "The training loss fell from 8.00 at step 1 to 2.00 at step 2,000."
    )


def test_one_point_is_drawn_and_none_is_refused():
    ElementTree.fromstring(loss_svg(curve(1)))
    with pytest.raises(ValueError, match="no loss to draw"):
        loss_svg([])
