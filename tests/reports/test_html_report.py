"""The report page: self-contained, in plain words, and deaf to what hides in the data."""

import dataclasses
import hashlib
import re
import shutil
import subprocess
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flan_mix.evaluation import Difference
from flan_mix.evaluation.predictions import ScoredTexts
from flan_mix.reports import DataFacts, ReportData, Sample, render_report, write_report
from flan_mix.reports.html_report import _TEMPLATES
from tests.reports.invented_runs import invented_report

# Breaks out of text, of double-quoted and of single-quoted attributes, of <style> and <script>.
HOSTILE = (
    "</p></option></select></style></script></title>"
    "<script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">"
    '" onclick="document.title=\'owned\'" x=" '
    "' onfocus='document.title=1' autofocus y=' {{ 7*7 }} &amp; \\u003c"
)
VOID = {"meta", "br", "img", "input", "link"}


class Page(HTMLParser):
    """A page as a browser's tokenizer sees it."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        self.text += data

    def attributes(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture(scope="module")
def page_text() -> str:
    return render_report(invented_report())


@pytest.fixture(scope="module")
def page(page_text: str) -> Page:
    return Page(page_text)


def hostile_report() -> ReportData:
    """A report with hostile text wherever text can come from outside."""
    data = invented_report()
    prediction = dataclasses.replace(
        data.samples[0].after,
        task=HOSTILE,
        category=HOSTILE,
        id=HOSTILE,
        inputs=HOSTILE,
        references=(HOSTILE,),
        prediction=HOSTILE + "!",
        scores={HOSTILE: 50.0},
        scored=ScoredTexts(HOSTILE, (HOSTILE,)),
    )
    category = data.comparison.categories[0]
    task = dataclasses.replace(
        category.tasks[0], name=HOSTILE, scores={HOSTILE: Difference(1, 2, 1, 0.5, 1.5)}
    )
    category = dataclasses.replace(category, name=HOSTILE, tasks=(task,))
    return dataclasses.replace(
        data,
        title=HOSTILE,
        before=HOSTILE,
        after=HOSTILE,
        comparison=dataclasses.replace(data.comparison, categories=(category,)),
        samples=(Sample(prediction, prediction, HOSTILE),),
        settings={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        data=(DataFacts(HOSTILE, HOSTILE, HOSTILE, 1, HOSTILE),),
    )


def test_summary_says_in_words_and_figures_what_got_better_and_worse(page: Page):
    words = " ".join(page.text.split())
    assert re.search(
        r"On the 6 kinds of tasks it was trained on, the model got better: average score from "
        r"\d+\.\d to \d+\.\d, a change of \+\d+\.\d \(95% interval \+\d+\.\d to \+\d+\.\d\)\.",
        words,
    )
    assert "On the 2 kinds of tasks it never trained on (held out)," in words
    assert words.index("What got better") < words.index("What got worse")
    assert words.index("In short") < words.index("Scores by kind of task")


def test_categories_stand_in_the_summary_under_what_became_of_them(page_text: str):
    better, worse, unclear = re.split(r"What got worse|No clear change", page_text)[:3]
    assert "Code translation" in better and "Code translation" not in worse
    assert "Nothing." in worse
    assert "Natural language inference" in unclear.split("</ul>")[0]


def test_held_out_categories_are_marked_wherever_they_appear(page_text: str):
    marks = re.findall(
        r"(Question answering|Code translation)(?:</strong>)? <span class=\"badge ([a-z-]+)\">",
        page_text,
    )
    assert len(marks) >= 6
    assert set(marks) == {("Question answering", "held-out"), ("Code translation", "trained")}
    trained, held_out = page_text.split("Held out: the model never trained on these")
    assert "handbook_questions" not in trained.split("Scores by kind of task")[1]
    assert "handbook_questions" in held_out


def test_bars_are_as_long_as_the_scores(page: Page):
    bars = [a for tag, a in page.tags if tag == "rect" and a.get("class") in ("before", "after")]
    scores = [
        score
        for group in (False, True)
        for category in invented_report().comparison.categories
        if category.held_out == group
        for score in (category.score.before, category.score.after)
    ]
    assert [float(bar["width"] or "nan") for bar in bars] == pytest.approx(scores, abs=0.01)


def test_samples_show_reference_before_and_after_side_by_side(page_text: str):
    sample = invented_report().samples[0]
    article = page_text.split("<article")[1]
    positions = [
        article.index(text)
        for text in (
            "Reference answer",
            sample.after.references[0],
            sample.before.prediction,
            "The customer&#39;s parcel",
        )
    ]
    assert positions == sorted(positions)


def test_what_was_compared_is_shown_where_it_is_not_the_answer_itself(page_text: str):
    articles = page_text.split("<article")[1:]
    assert all("compared as: <code>7</code>" in a for a in articles if 'data-task="steps"' in a)
    assert not any("compared as" in a for a in articles if 'data-task="stars"' in a)


def test_page_says_how_it_was_measured(page: Page):
    words = " ".join(page.text.split())
    for fact in ("300 resamples, seed 0", "greedy, at most 64 tokens", "0.10.2", "ROUGE-1"):
        assert fact in words.split("How it was measured")[1]


def test_page_loads_nothing_from_anywhere(page: Page, page_text: str):
    assert not page.attributes("src")
    assert all((link or "").startswith("#") for link in page.attributes("xlink:href"))
    assert not page.attributes("href")
    assert "@import" not in page_text
    # Names of SVG's own vocabulary are not fetched; nothing else looks like an address.
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", page_text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert re.findall(r"url\(([^)]*)\)", page_text) == [
        url for url in re.findall(r"url\(([^)]*)\)", page_text) if url.startswith("#")
    ]


def test_hostile_text_becomes_text_and_nothing_else():
    page = Page(render_report(hostile_report()))
    own = Page(render_report(invented_report()))
    assert page.unbalanced == [] and page.open == []
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in own.tags}
    assert {name for _, a in page.tags for name in a} <= {name for _, a in own.tags for name in a}
    assert HOSTILE in page.attributes("data-task")
    assert HOSTILE in page.attributes("value")
    # Title, headings, texts, tables and lists all show it letter by letter.
    assert page.text.count(HOSTILE) >= 15


def test_hostile_text_stays_out_of_scripts_and_styles():
    text = render_report(hostile_report())
    clean = render_report(invented_report())
    for tag in ("script", "style"):
        blocks = re.findall(rf"<{tag}.*?</{tag}>", text, flags=re.DOTALL)
        assert blocks == re.findall(rf"<{tag}.*?</{tag}>", clean, flags=re.DOTALL)


def test_only_the_pages_own_script_is_let_run(page: Page, page_text: str):
    script = re.findall(r"<script>(.*?)</script>", page_text, flags=re.DOTALL)
    digest = b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_own_script_never_parses_text_as_html():
    script = (_TEMPLATES / "report.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval", script)


def test_ids_are_unique_and_labels_point_somewhere(page: Page):
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("aria-labelledby")) | set(page.attributes("for")) <= set(ids)


def test_same_data_give_the_same_page(page_text: str):
    assert render_report(invented_report()) == page_text


def test_report_without_loss_samples_or_facts_is_whole():
    data = invented_report(loss=(), samples=(), settings={}, versions={}, data=())
    page = Page(render_report(data))
    assert page.unbalanced == []
    assert "Training loss" not in page.text and "Sample answers" not in page.text


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["ink", "quiet", "before", "after", "better", "worse", "held-out"])
@pytest.mark.parametrize("background", ["#ffffff", "#f6f8fa", "#fff8e6"])
def test_colours_of_text_have_the_contrast_that_wcag_asks_for(name: str, background: str):
    styles = (_TEMPLATES / "report.css").read_text()
    colour = re.findall(rf"--{name}: (#[0-9a-f]{{6}});", styles)[0]
    light, dark = sorted([luminance(background), luminance(colour)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5 or (name == "before" and light / dark >= 3)


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium on PATH: the page was not opened in a browser")


def dom_in_browser(page: Path, tmp_path: Path, fragment: str = "") -> str:
    """The page's elements after its script has run."""
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [*command, profile, page.as_uri() + fragment],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return done.stdout.decode("utf-8")


@pytest.mark.slow
def test_browser_shows_one_task_when_asked_for_one(tmp_path: Path):
    path = write_report(tmp_path / "report.html", invented_report())
    everything = dom_in_browser(path, tmp_path)
    assert "18 of 18 examples" in everything
    one = dom_in_browser(path, tmp_path, "#task=stars")
    assert "2 of 18 examples" in one
    hidden = re.findall(r'<article class="sample" data-task="([^"]*)" hidden', one)
    assert len(hidden) == 16 and "stars" not in hidden


@pytest.mark.slow
def test_browser_runs_nothing_that_hides_in_the_data(tmp_path: Path):
    path = write_report(tmp_path / "report.html", hostile_report())
    dom = dom_in_browser(path, tmp_path)
    title = re.findall(r"<title>(.*?)</title>", dom, flags=re.DOTALL)[0]
    assert title.startswith("&lt;/p&gt;")
    assert "1 of 1 examples" in dom
