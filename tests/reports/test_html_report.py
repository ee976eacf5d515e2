"""The report page: self-contained, in plain words, and deaf to what hides in the data."""

import dataclasses
import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest

from flan_mix.reports import ReportData, render_report
from flan_mix.reports.html_report import _TEMPLATES
from tests.reports.hostile_texts import HOSTILE, SHOWN, hostile_report
from tests.reports.starter_models import TASKS, starter_comparisons, starter_report

APART = {"td", "th", "li", "p", "br", "a", "dt", "dd", "h1", "h2", "h3", "h4", "h5"}
VOID = {"meta", "br", "img", "input", "link", "wbr"}


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
        self.text += " " if tag in APART else ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data

    @property
    def words(self) -> str:
        """What a reader sees, in single spaces."""
        return " ".join(self.text.split())

    def attributes(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture(scope="module")
def page_text() -> str:
    return render_report(starter_report())


@pytest.fixture(scope="module")
def page(page_text: str) -> Page:
    return Page(page_text)


@pytest.fixture(scope="module")
def three() -> Page:
    return Page(render_report(starter_report("start", "alone", "mixed")))


@pytest.fixture(scope="module")
def hostile_text() -> str:
    return render_report(hostile_report())


def section(page: Page, start: str, end: str) -> str:
    return page.words.split(start, 1)[1].split(end, 1)[0]


def test_summary_says_in_words_and_figures_what_got_better_and_worse(page: Page):
    short = section(page, "How measured In short", "Scores by kind of task")
    held_in = starter_comparisons("start", "mixed")[0].held_in
    assert held_in is not None and held_in.verdict == "better"
    assert f"▲ +{held_in.change:.1f} +{held_in.low:.1f} to +{held_in.high:.1f}" in short
    assert re.search(
        r"On the 6 kinds of tasks it was trained on, the model got better: the average score went "
        rf"from {held_in.before:.1f} to {held_in.after:.1f}\.",
        short,
    )
    assert "On the 2 kinds of tasks never trained on, the model got worse" in short
    order = [short.index(t) for t in ("What got better", "What was forgotten", "What it made up")]
    assert order == sorted(order)


def test_categories_stand_in_the_summary_under_what_became_of_them(page: Page):
    short = section(page, "How measured In short", "Scores by kind of task")
    better, worse, unclear = re.split(r"What was forgotten|No clear change:", short)
    assert "Code translation" in better and "Code translation" not in worse
    assert "Question answering" in worse
    assert "Natural language inference" in unclear


def test_summary_says_how_often_summaries_make_something_up(page: Page):
    short = section(page, "What it made up", "No clear change")
    rates = starter_comparisons("start", "mixed")[0].faithfulness
    assert rates["faithful"].after < rates["faithful"].before
    assert f"Of 100 summaries, {100 - rates['faithful'].after:.0f} mention something" in short
    assert f"before it was {100 - rates['faithful'].before:.0f} (95% interval of" in short
    low, high = rates["faithful"].low or 0, rates["faithful"].high or 0
    assert f"{-high:+.1f} to {-low:+.1f}" in short
    assert f"they have {rates['coverage'].after:.0f}%" in short
    assert "Hilton (" in short or "Madrid (" in short


def test_a_model_is_not_said_to_have_trained_on_what_only_others_did(three: Page):
    short = section(three, "How measured In short", "Scores by kind of task")
    alone, mixed = re.split(r"B alone against A start|C mixed against A start", short)[1:]
    assert "On the one kind of task it was trained on, the model got better" in alone
    assert "On the 5 kinds of tasks that only others trained on, the model got worse" in alone
    assert "Entity recognition not in its training" in alone
    assert "On the 6 kinds of tasks it was trained on" in mixed
    assert "not in its training" not in mixed.lower().replace("not in its training ▼", "")


def test_every_model_that_trained_on_a_category_is_named_the_baseline_too():
    page = Page(render_report(starter_report("mixed", "alone", "start")))
    kinds = section(page, "Scores by kind of task", "Gains and losses, task by task")
    assert "Dialogue summarization trained on by A B Amixed" in kinds
    assert "Entity recognition trained on by A Amixed" in kinds


def test_held_out_categories_stand_apart_from_those_trained_on(page: Page):
    kinds = section(page, "Scores by kind of task", "Gains and losses, task by task")
    trained, held_out = kinds.split("Held out: never trained on")
    assert "handbook_questions" not in trained and "handbook_questions" in held_out
    assert "shop_chats" in trained and "shop_chats" not in held_out


def test_averages_counted_from_chance_stand_above_both_groups():
    data = starter_report()
    models = [
        dataclasses.replace(model, from_chance=score)
        for model, score in zip(data.models, (-21.84, 59.5), strict=True)
    ]
    page = Page(render_report(dataclasses.replace(data, models=models)))
    kinds = section(page, "Scores by kind of task", "All 6 together")
    assert "A −21.8 B 59.5" in kinds.split("Trained on")[0]


def test_bars_are_as_long_as_the_scores(page: Page):
    bars = [
        float(a["width"] or "nan")
        for tag, a in page.tags
        if tag == "rect" and (a.get("class") or "").startswith("bar model-")
    ]
    comparison = starter_comparisons("start", "mixed")[0]
    groups = [
        [mean, *(c.score for c in comparison.categories if c.held_out == held_out)]
        for held_out, mean in ((False, comparison.held_in), (True, comparison.held_out))
    ]
    scores = [value for group in groups for d in group for value in (d.before, d.after)]
    assert bars[: len(scores)] == pytest.approx(scores, abs=0.01)


def test_forgetting_table_has_every_task_with_what_was_lost_most_first(three: Page):
    table = section(three, "Gains and losses, task by task", "Training Loss")
    tasks = starter_comparisons("start", "alone", "mixed")
    losses = {
        name: min(next(t.main.change for t in c.tasks if t.name == name) for c in tasks)
        for name in TASKS
    }
    places = [table.index(name) for name in sorted(losses, key=losses.__getitem__)]
    assert places == sorted(places)
    alone = next(t.main for t in tasks[0].tasks if t.name == "order_entities")
    assert f"{alone.change:.1f} ▼".replace("-", "−") in table


def test_sample_for_readers_without_scripts_has_reference_and_answers_side_by_side(page_text: str):
    data = starter_report()
    articles = page_text.split("<article")[1:]
    assert len(articles) == 2 * len(TASKS)
    answers = data.answers[0]
    texts = (
        answers.example.references[0],
        answers.answers[0].prediction,
        answers.answers[1].prediction,
    )
    shown = Page(f"<article{articles[0]}").text
    plain = re.sub(r" \((made up|missed)\) ", "", shown)
    assert "Human reference" in plain and all(text in plain for text in texts)


def test_what_a_summary_made_up_is_marked_and_said(page_text: str):
    marks = re.findall(
        r'<mark class="invented">([^<]*)<span class="spoken"> \(made up\)', page_text
    )
    invented = {
        mention.text
        for answers in starter_report().answers
        for of in answers.marks
        for mention in (of.invented if of else ())
    }
    assert set(marks) <= invented


def test_mixture_is_shown_by_tokens(page: Page):
    mixture = section(page, "What it was trained on", "A long example weighs more")
    # (4 + place) of 4 + 5 + … + 9 tokens, and a sixth of the examples each.
    for name, share in (("shop_chats", 4 / 39), ("order_notes", 9 / 39)):
        assert f"{name} {share:.1%} {1 / 6:.1%}" in " ".join(mixture.split())


def test_each_mixture_has_the_bars_of_its_model():
    text = render_report(starter_report("mixed", "alone"))
    mixture = text.split('id="mixture"')[1].split("</section>")[0]
    first, second = mixture.split("<h3>")[1:]
    assert 'class="bar model-0"' in first and "bar model-1" not in first
    assert 'class="bar model-1"' in second and "bar model-0" not in second


def test_page_says_how_it_was_measured(page: Page):
    measured = page.words.split("How it was measured")[-1]
    for fact in (
        "300 resamples, seed 0",
        "greedy, at most 64 tokens",
        "0.10.2",
        "ROUGE-1",
        "MODEL_DIR = 'out/mixed'",
        "shop_chats01",
        "Holm",
        "ROUGE-1 as rouge-score has it, stemmed.",
    ):
        assert fact in measured


def test_page_loads_nothing_from_anywhere(page: Page, page_text: str):
    assert not page.attributes("src")
    links = [*page.attributes("xlink:href"), *page.attributes("href")]
    assert links and all((link or "").startswith("#") for link in links)
    assert "@import" not in page_text
    # Names of SVG's own vocabulary are not fetched; nothing else looks like an address.
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", page_text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    found = re.findall(r"url\(([^)]*)\)", page_text)
    assert all(url.startswith("#") for url in found)


def test_hostile_text_becomes_text_and_nothing_else(hostile_text: str, page: Page):
    hostile = Page(hostile_text)
    assert hostile.unbalanced == [] and hostile.open == []
    assert sum(tag == "script" for tag, _ in hostile.tags) == 2  # The data and the script.
    own = Page(render_report(starter_report(spreads=hostile_report().spreads)))
    assert {tag for tag, _ in hostile.tags} <= {tag for tag, _ in own.tags}
    assert {n for _, a in hostile.tags for n in a} <= {n for _, a in own.tags for n in a}
    # Title, headings, texts, tables and lists all show it letter by letter.
    assert hostile.text.count(SHOWN) >= 20
    assert HOSTILE not in hostile.text


def test_hostile_text_stays_out_of_scripts_and_styles(hostile_text: str, page_text: str):
    for tag in ("script", "style"):
        blocks = re.findall(rf"<{tag}>.*?</{tag}>", hostile_text, flags=re.DOTALL)
        assert blocks == re.findall(rf"<{tag}>.*?</{tag}>", page_text, flags=re.DOTALL)


def test_data_in_the_page_cannot_end_their_block_and_come_back_whole(hostile_text: str):
    block = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', hostile_text)[0]
    assert not set(block) & set("<>&\u2028\u2029") and block.isascii()
    value = json.loads(block)
    assert value["tasks"][0]["name"] == SHOWN
    assert value["rows"][0][3] == SHOWN and value["rows"][0][5][1][0] == SHOWN + "!"


def test_page_with_halves_of_surrogate_pairs_can_be_written(hostile_text: str):
    hostile_text.encode("utf-8")


def test_only_the_pages_own_script_is_let_run(page: Page, page_text: str):
    script = re.findall(r"<script>(.*?)</script>", page_text, flags=re.DOTALL)
    digest = b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_own_scripts_never_parse_text_as_html():
    scripts = [path.read_text() for path in _TEMPLATES.glob("*.js")]
    assert len(scripts) == 2
    for script in scripts:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|createContextualFragment"
            r"|DOMParser|setTimeout\(['\"]|new Function",
            script,
        )


def test_ids_are_unique_and_labels_and_links_point_somewhere(page: Page, three: Page):
    for each in (page, three):
        ids = each.attributes("id")
        assert len(ids) == len(set(ids))
        links = {(link or "")[1:] for link in each.attributes("href")}
        places = {link for link in links if not link.startswith("task=")}
        assert set(each.attributes("aria-labelledby")) | set(each.attributes("for")) <= set(ids)
        assert places <= set(ids)


def test_same_data_give_the_same_page(page_text: str):
    assert render_report(starter_report()) == page_text


def test_report_without_answers_runs_or_facts_is_whole():
    page = Page(render_report(starter_report(answers=(), runs=(), evaluated_on={})))
    assert page.unbalanced == []
    for absent in ("Training", "What it was trained on", "Answers, side by side"):
        assert f" {absent} " not in section(page, "task by task", "What the scores mean")


def test_models_that_do_not_fit_their_comparisons_are_refused():
    data = starter_report()
    with pytest.raises(ValueError, match="3 models need 2 comparisons, not 1"):
        dataclasses.replace(data, models=[*data.models, data.models[0]])
    other = dataclasses.replace(data.comparisons[0], categories=data.comparisons[0].categories[:1])
    with pytest.raises(ValueError, match="of different tasks"):
        ReportData(
            "t", [*data.models, data.models[0]], [data.comparisons[0], other], answers_available=0
        )


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours(scheme: str) -> dict[str, str]:
    """The page's colours in its light or dark mode."""
    styles = (_TEMPLATES / "report.css").read_text()
    light, dark = styles.split("@media (prefers-color-scheme: dark)")[:2]
    block = light if scheme == "light" else dark[: dark.index("\n}")]
    return dict(re.findall(r"--([a-z-]+\d?): (#[0-9a-f]{6});", block))


MODEL_COLOURS = [f"model-{place}" for place in range(6)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_text_have_the_contrast_that_wcag_asks_for(scheme: str):
    of = colours(scheme)
    for name in ("ink", "quiet", "better", "worse", "held-out", "link"):
        for background in ("paper", "card"):
            assert contrast(of[name], of[background]) >= 4.5, (name, background)
    for background in ("reference", "invented", "missed"):
        assert contrast(of["ink"], of[background]) >= 4.5, background
    for name in MODEL_COLOURS:  # Their letters stand in these, or these in the paper.
        assert contrast(of[name], of["paper"]) >= 4.5, name
        assert contrast(of[name], of["track"]) >= 3, name


# Red and green light as they reach eyes without red or green cones, of Viénot, Brettel and Mollon
# 1999, on linear RGB; enough to tell whether two colours stay apart.
CONFUSIONS = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("eyes", list(CONFUSIONS))
def test_better_and_worse_differ_for_eyes_that_confuse_red_and_green(scheme: str, eyes: str):
    def seen(colour: str) -> list[float]:
        linear = [(int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)]
        rows = CONFUSIONS[eyes]
        return [max(sum(w * x for w, x in zip(row, linear, strict=True)), 0) for row in rows]

    better, worse = (seen(colours(scheme)[name]) for name in ("better", "worse"))
    distance = sum(
        (a ** (1 / 2.2) - b ** (1 / 2.2)) ** 2 for a, b in zip(better, worse, strict=True)
    )
    assert distance**0.5 > 0.15
