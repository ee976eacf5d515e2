"""The report in a real Chromium: what a reader can do with it, and what data cannot."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flan_mix.reports import ReportData, write_report
from tests.reports.browser import Tab, browser_path, open_browser
from tests.reports.hostile_texts import SHOWN, hostile_report
from tests.reports.starter_models import TASKS, starter_comparisons, starter_report

pytestmark = pytest.mark.slow

MODELS = ("start", "alone", "mixed")


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> Iterator[Tab]:
    browser_path()
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.screen(1280, 900)
        yield opened


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    return write_report(tmp_path_factory.mktemp("three") / "report.html", starter_report(*MODELS))


def count_shown(tab: Tab) -> int:
    """How many examples the page says fit."""
    text = tab.run("document.getElementById('answers-shown').textContent")
    return 0 if text.startswith("No") else int(text.split(" of ")[1].split()[0].replace(",", ""))


def choose(tab: Tab, control: str, value: str) -> None:
    tab.run(
        f"(function () {{ var c = document.getElementById({control!r}); c.value = {value!r};"
        "c.dispatchEvent(new Event('change', { bubbles: true })); })()"
    )


def search(tab: Tab, words: str) -> None:
    tab.run("document.getElementById('answers-shown').textContent = 'waiting'")
    tab.run(
        "(function () { var c = document.getElementById('search');"
        f"c.value = {json.dumps(words)}; c.dispatchEvent(new Event('input')); }})()"
    )
    tab.wait_for("document.getElementById('answers-shown').textContent !== 'waiting'")


def shown_tasks(tab: Tab) -> list[str]:
    return tab.run("[...document.querySelectorAll('#answers-list h4 bdi')].map(e => e.textContent)")


def fitting(data: ReportData, test) -> int:
    return sum(bool(test(answers)) for answers in data.answers)


def test_page_opens_without_a_request_or_an_error(tab: Tab, three: Path):
    tab.open(three.as_uri())
    assert tab.requests() == [] and tab.complaints() == []
    assert count_shown(tab) == len(starter_report(*MODELS).answers)
    assert tab.run("document.getElementById('sample').hidden")
    assert len(shown_tasks(tab)) == 20


def test_filters_keep_what_fits_and_combine(tab: Tab, three: Path):
    data = starter_report(*MODELS)
    tab.open(three.as_uri())
    choose(tab, "kind", "Dialogue summarization")
    assert count_shown(tab) == fitting(data, lambda a: a.category == "dialogue_summarization")
    assert set(shown_tasks(tab)) == {"shop_chats"}
    choose(tab, "show", "worse")

    def is_worse(answers, model: int) -> bool:
        return answers.task == "shop_chats" and answers.scores[model] < answers.scores[0]

    assert count_shown(tab) == fitting(data, lambda a: is_worse(a, 2))
    choose(tab, "model", "1")
    assert count_shown(tab) == fitting(data, lambda a: is_worse(a, 1))
    tab.run("document.getElementById('clear').click()")
    assert count_shown(tab) == len(data.answers)


def test_only_answers_with_inventions_can_be_shown_and_these_are_marked(tab: Tab, three: Path):
    data = starter_report(*MODELS)
    tab.open(three.as_uri())
    tab.run("document.getElementById('invented').click()")
    with_any = [a for a in data.answers if a.marks[2] and a.marks[2].invented]
    assert count_shown(tab) == len(with_any) > 0
    marks = tab.run(
        "[...document.querySelectorAll('#answers-list .of-model.model-2 mark.invented')]"
        ".map(e => e.firstChild.textContent)"
    )
    invented = [m.text for a in with_any[:20] for m in (a.marks[2].invented if a.marks[2] else ())]
    assert sorted(marks) == sorted(invented)
    # Said in words too, for those who see no colours or no page at all.
    assert tab.run("document.querySelector('#answers-list mark .spoken').textContent").strip()
    assert tab.run("document.querySelectorAll('#answers-list .made-up').length") > 0


def test_search_finds_words_in_inputs_references_and_every_models_answer(tab: Tab, three: Path):
    data = starter_report(*MODELS)
    tab.open(three.as_uri())

    def holds(answers, *words: str) -> bool:
        texts = [answers.example.id, answers.example.inputs, *answers.example.references]
        texts += [answer.prediction for answer in answers.answers]
        whole = "\n".join(texts).lower()
        return all(word.lower() in whole for word in words)

    for words in ("hilton", "blue fan", "Javascript TOTAL"):
        search(tab, words)
        assert count_shown(tab) == fitting(data, lambda a, w=words: holds(a, *w.split())) > 0
    search(tab, "nobody-wrote-this")
    assert count_shown(tab) == 0 and shown_tasks(tab) == []


def test_every_models_answer_stands_beside_the_reference(tab: Tab, three: Path):
    tab.open(three.as_uri())
    answers = starter_report(*MODELS).answers[0]
    columns = tab.run(
        """[...document.querySelectorAll('#answers-list article:first-child .answers > div')]
        .map(e => { var text = e.querySelector('.text').cloneNode(true);
          text.querySelectorAll('.spoken').forEach(s => s.remove());
          var box = e.getBoundingClientRect();
          return { text: text.textContent, left: box.left, top: box.top }; })"""
    )
    assert [column["text"] for column in columns] == [
        answers.example.references[0],
        *(answer.prediction for answer in answers.answers),
    ]
    # Side by side on a desk.
    assert len({column["top"] for column in columns}) == 1
    assert len({column["left"] for column in columns}) == 4


def test_answers_are_ordered_by_what_was_gained_or_lost(tab: Tab, three: Path):
    data = starter_report(*MODELS)
    tab.open(three.as_uri())
    changes = [a.scores[2] - a.scores[0] for a in data.answers]
    for order, extreme in (("gain", max(changes)), ("loss", min(changes))):
        choose(tab, "order", order)
        first = tab.run("document.querySelector('#answers-list .where bdi').textContent")
        answers = next(a for a in data.answers if a.example.id == first)
        assert answers.scores[2] - answers.scores[0] == extreme


def test_pages_of_answers_are_turned_with_the_keyboard(tab: Tab, three: Path):
    tab.open(three.as_uri())
    first = shown_tasks(tab)
    tab.run("document.getElementById('next').focus()")
    tab.press("Enter", 13, "\r")
    text = tab.run("document.getElementById('answers-shown').textContent")
    assert text.startswith("21–40 of")
    assert len(shown_tasks(tab)) == 20 and len(first) == 20
    assert tab.run("document.activeElement.id") == "answers-list"
    assert tab.run("!document.getElementById('previous').disabled")


def column(tab: Tab, place: int) -> list[str]:
    return tab.run(
        "[...document.querySelectorAll('table.changes tbody tr')]"
        f".map(r => r.cells[{place}].dataset.sort || r.cells[{place}].textContent.trim())"
    )


def test_tables_sort_by_number_and_by_name_with_mouse_and_keyboard(tab: Tab, three: Path):
    tab.open(three.as_uri())
    tab.run("document.querySelectorAll('table.changes thead button')[7].click()")
    changes = [float(value) for value in column(tab, 7)]
    assert changes == sorted(changes) and changes[0] < 0 < changes[-1]
    tab.run("document.querySelectorAll('table.changes thead button')[7].focus()")
    tab.press("Enter", 13, "\r")
    assert [float(value) for value in column(tab, 7)] == changes[::-1]
    heading = "document.querySelectorAll('table.changes thead th')[7].getAttribute('aria-sort')"
    assert tab.run(heading) == "descending"
    tab.run("document.querySelectorAll('table.changes thead button')[0].click()")
    assert column(tab, 0)[0].startswith("follows")


def test_a_tasks_link_and_address_open_its_figures_and_answers(tab: Tab, three: Path):
    tab.open(three.as_uri() + "#task=stars")
    assert set(shown_tasks(tab)) == {"stars"}
    figures = tab.run("document.getElementById('task-figures').innerText")
    assert "Accuracy" in figures and "Loss (lower is better)" in figures
    tab.run("[...document.querySelectorAll('table.changes a')].at(-1).click()")
    tab.wait_for("document.querySelector('#answers-list h4 bdi').textContent !== 'stars'")
    assert len(set(shown_tasks(tab))) == 1


def test_the_forgetting_table_of_three_models_fits_a_desk(tab: Tab, tmp_path: Path):
    from dataclasses import replace

    # Every change "perhaps", which is the longest that a cell says, and names as long as real ones.
    def unsure(task):
        return replace(task, name=f"commonsenseqa.{task.name}", firm=False)

    comparisons = [
        replace(
            comparison,
            categories=tuple(
                replace(category, tasks=tuple(map(unsure, category.tasks)))
                for category in comparison.categories
            ),
        )
        for comparison in starter_comparisons(*MODELS)
    ]
    data = starter_report(*MODELS, comparisons=comparisons, answers=())
    tab.open(write_report(tmp_path / "report.html", data).as_uri())
    cut = "(e => e.scrollWidth - e.clientWidth)(document.querySelector('table.changes').parentNode)"
    assert tab.run(cut) <= 0


def test_page_fits_a_phone(tab: Tab, three: Path):
    tab.screen(390, 844, phone=True)
    try:
        tab.open(three.as_uri())
        assert tab.run("document.documentElement.scrollWidth") <= 390
        tops = tab.run(
            "[...document.querySelectorAll('#answers-list article:first-child .answers > div')]"
            ".map(e => e.getBoundingClientRect().top)"
        )
        assert len(set(tops)) == 4  # One below the other.
        # Wide enough for a finger.
        heights = tab.run(
            "[...document.querySelectorAll('.controls select, .controls button')]"
            ".filter(e => e.offsetParent).map(e => e.getBoundingClientRect().height)"
        )
        assert min(heights) >= 32
    finally:
        tab.screen(1280, 900)


def test_long_names_do_not_widen_a_phones_page(tab: Tab, tmp_path: Path):
    path = write_report(tmp_path / "report.html", hostile_report())
    tab.screen(390, 844, phone=True)
    try:
        tab.open(path.as_uri())
        choose(tab, "task", "0")
        assert tab.run("document.getElementById('task-figures').offsetHeight") > 0
        assert tab.run("document.documentElement.scrollWidth") <= 390
    finally:
        tab.screen(1280, 900)


def test_dark_mode_follows_the_reader(tab: Tab, three: Path):
    background = "getComputedStyle(document.body).backgroundColor"
    tab.open(three.as_uri())
    light = tab.run(background)
    tab.screen(1280, 900, dark=True)
    dark = tab.run(background)
    tab.screen(1280, 900)
    assert light == "rgb(255, 255, 255)" and dark == "rgb(16, 21, 26)"


def test_on_paper_everything_folded_is_open_and_nothing_is_left_to_click(tab: Tab, three: Path):
    tab.open(three.as_uri())
    tab.run("window.dispatchEvent(new Event('beforeprint'))")
    assert tab.run("document.querySelectorAll('details:not([open])').length") == 0
    tab.call("Emulation.setEmulatedMedia", media="print")
    controls = tab.run("getComputedStyle(document.querySelector('.controls')).display")
    tab.call("Emulation.setEmulatedMedia", media="")
    tab.run("window.dispatchEvent(new Event('afterprint'))")
    assert controls == "none"
    assert tab.run("document.querySelectorAll('details:not([open])').length") > 0
    assert len(tab.call("Page.printToPDF")["data"]) > 10_000


def test_without_scripts_the_page_still_has_summary_tables_and_a_sample(tab: Tab, three: Path):
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.call("Page.navigate", url=three.as_uri())
        tab.wait_for("document.readyState === 'complete' && document.querySelector('article')")
        assert tab.run("document.querySelectorAll('#sample article').length") == 2 * len(TASKS)
        assert tab.run("document.getElementById('sample').offsetHeight") > 0
        assert tab.run("document.getElementById('answers').offsetHeight") == 0
        assert tab.run("document.querySelectorAll('table.changes tbody tr').length") == len(TASKS)
        assert tab.run("document.querySelectorAll('thead button').length") == 0
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_nothing_that_hides_in_the_data_runs_or_loads(tab: Tab, tmp_path: Path):
    path = write_report(tmp_path / "report.html", hostile_report())
    tab.open(path.as_uri())
    assert tab.requests() == [] and tab.complaints() == []
    title = tab.run("document.title")
    assert title != "owned" and title.startswith("</p></option>")
    assert tab.run("document.querySelectorAll('img, [onclick], [onfocus]').length") == 0
    assert count_shown(tab) == 2
    asked = tab.run("document.querySelector('#answers-list .asked').textContent")
    assert asked == SHOWN
    # Chosen in a control, sorted, and opened by its address: still text.
    choose(tab, "task", "0")
    tab.run("document.querySelectorAll('thead button').forEach(b => b.click())")
    tab.run("document.querySelector('table.changes a').click()")
    assert tab.run("document.getElementById('task').value") == "0"
    assert tab.run("document.querySelectorAll('img, script').length") == 2
    assert tab.requests() == [] and tab.complaints() == []


def test_a_script_that_got_into_the_page_would_be_refused(tab: Tab, three: Path, tmp_path: Path):
    path = tmp_path / "report.html"
    harmful = "<script>document.title = 'owned'</script><img src='https://example.org/x'>"
    path.write_text(three.read_text().replace("<main>", f"<main>{harmful}"))
    tab.open(path.as_uri())
    assert tab.run("document.title") != "owned"
    assert any("Content Security Policy" in text for text in tab.complaints())
    assert count_shown(tab) > 0  # The page's own script runs beside it.


def test_marks_stand_where_they_belong_also_after_characters_that_count_twice(
    tab: Tab, tmp_path: Path
):
    import dataclasses

    from flan_mix.evaluation.faithfulness import Marks
    from flan_mix.metrics.faithfulness import Mention

    data = starter_report()
    answers = data.answers[0]
    text = "\U0001f600\U0001f600 \r\n met Bo in שלום Oslo"
    start = text.index("Bo")
    changed = dataclasses.replace(
        answers,
        answers=(answers.answers[0], dataclasses.replace(answers.answers[1], prediction=text)),
        marks=(None, Marks((Mention(start, start + 2, "Bo", "name"),), ())),
    )
    path = write_report(
        tmp_path / "report.html", dataclasses.replace(data, answers=[changed], answers_available=1)
    )
    tab.open(path.as_uri())
    mark = "document.querySelector('#answers-list mark.invented')"
    assert tab.run(f"{mark}.firstChild.textContent") == "Bo"
    assert tab.run(f"{mark}.nextSibling.textContent") == " in שלום Oslo"


def test_ten_thousand_examples_stay_usable(tab: Tab, tmp_path: Path):
    import dataclasses

    data = starter_report(*MODELS)
    many = []
    for number in range(10_000):
        answers = data.answers[number % len(data.answers)]
        named = [dataclasses.replace(a, id=f"{a.id}-{number}") for a in answers.answers]
        many.append(dataclasses.replace(answers, answers=tuple(named)))
    path = write_report(
        tmp_path / "report.html",
        dataclasses.replace(data, answers=many, answers_available=len(many)),
    )
    tab.open(path.as_uri())
    nodes = "document.querySelectorAll('*').length"
    whole = tab.run(nodes)
    assert count_shown(tab) == 10_000
    assert whole < 6000 and tab.run("document.querySelectorAll('#answers-list *').length") < 1500
    search(tab, "hilton")
    found = count_shown(tab)
    assert 0 < found < 10_000
    for place in range(3):
        tab.run("document.getElementById('next').click()")
        assert tab.run(nodes) < whole + 1000, place
    search(tab, "")
    choose(tab, "order", "gain")
    assert count_shown(tab) == 10_000
