"""Training curves: a small SVG that says what the points say, in the page's own colours."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from flan_mix.reports import RunReport, TrainingPoint
from flan_mix.reports.curves import (
    curves_svg,
    loss_curves,
    loss_sentence,
    thin_out,
    throughput_curves,
    throughput_sentence,
)

SVG = "{http://www.w3.org/2000/svg}"


def points(count: int) -> list[TrainingPoint]:
    return [TrainingPoint(step, 8 - 6 * step / count, 100.0 * step) for step in range(1, count + 1)]


def curve(count: int) -> list[tuple[float, float]]:
    return loss_curves([RunReport("run", points=points(count))])[0]


def test_drawing_is_one_svg_element_with_both_axes_named():
    svg = curves_svg([curve(50)], [1], label="loss per target token")
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "training step" in texts and "loss per target token" in texts
    assert "metadata" not in svg and "<?xml" not in svg


def lines(svg: str, model: int) -> list[list[float]]:
    """The heights of the lines in a model's colour, down the page."""
    found = re.findall(rf'<path d="([^"]*)"[^>]*stroke: var\(--model-{model}\)', svg)
    return [[float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)] for path in found]


def test_line_falls_when_the_loss_falls():
    (heights,) = lines(curves_svg([curve(50)], [1], label="loss"), 1)
    assert len(heights) >= 2 and heights == sorted(heights)


def test_each_run_has_its_models_colour_and_a_dash_of_its_own():
    rising = [(step, 9 - value) for step, value in curve(50)]
    svg = curves_svg([curve(50), rising], [3, 2], label="loss")
    assert lines(svg, 3)[0] == sorted(lines(svg, 3)[0])
    assert lines(svg, 2)[0] == sorted(lines(svg, 2)[0], reverse=True)
    dashes = re.findall(r"stroke: var\(--model-(\d)\)|stroke-dasharray: ([\d., ]+);", svg)
    assert any(dash for _, dash in dashes)


def test_drawing_takes_all_its_colours_from_the_page():
    svg = curves_svg([curve(50)], [1], label="loss")
    assert not re.search(r"#f0f0", svg)
    assert {"var(--quiet)", "var(--line)"} <= set(re.findall(r"var\(--[a-z]+\)", svg))


def test_two_drawings_in_one_page_share_no_ids():
    one, other = (curves_svg([curve(9)], [1], label=label) for label in ("loss", "tokens"))
    ids = [set(re.findall(r'\bid="([^"]*)"', svg)) for svg in (one, other)]
    assert ids[0] and not ids[0] & ids[1]
    for svg, own in zip((one, other), ids, strict=True):
        links = set(re.findall(r'href="#([^"]*)"', svg)) | set(re.findall(r"url\(#([^)]*)\)", svg))
        assert links <= own


def test_long_runs_are_drawn_as_means_of_neighbours():
    thin = thin_out(curve(1001), 400)
    assert len(thin) <= 400
    assert thin[0][1] == pytest.approx(sum(value for _, value in curve(1001)[:3]) / 3)
    assert thin[-1][0] == 1001
    assert thin_out(curve(400), 400) == curve(400)
    assert len(curves_svg([curve(100_000)], [1], label="loss")) < 40_000


def test_sentences_say_what_the_curves_show():
    assert loss_sentence(points(2000)) == (
        "The training loss fell from 8.00 at step 1 to 2.00 at step 2,000."
    )
    assert throughput_sentence(points(101)) == (
        "Half of the time training went at 5,100 tokens a second or faster (from 100 to 10,100)."
    )
    assert throughput_sentence([TrainingPoint(1, 2.0)]) == loss_sentence([]) == ""


def test_steps_without_a_rate_are_left_out_of_the_speed():
    run = RunReport("run", points=[TrainingPoint(1, 2.0), TrainingPoint(2, 1.0, 50.0)])
    assert throughput_curves([run]) == [[(2, 50.0)]]


def test_one_point_is_drawn_and_none_is_refused():
    ElementTree.fromstring(curves_svg([curve(1), []], [1, 2], label="loss"))
    with pytest.raises(ValueError, match="no curve to draw"):
        curves_svg([[]], [1], label="loss")
