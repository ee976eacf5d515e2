"""`flan-mix tasks …` and `flan-mix mixtures …` on the bundled collection, without TensorFlow."""

import sys

import pytest

from flan_mix import cli
from flan_mix.registry import FileSource, TaskSpec, add_task, remove
from flan_mix.registry.linting import Finding
from flan_mix.runs.task_lint import said_once
from flan_mix.runs.terminal_tables import plain, show
from flan_mix.templates import Template

STARTER = ("--module", "flan_mix.tasks.starter")


@pytest.fixture
def flan_mix(monkeypatch, capsys):
    """Runs the command with arguments: exit status, and what it printed with spaces made single."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["flan-mix", *arguments])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, " ".join((captured.out + captured.err).split())

    return run


@pytest.fixture
def hostile():
    """A task whose texts try to speak to the terminal."""
    spec = TaskSpec(
        "hostile",
        category="[red]toys[/red]",
        source=FileSource({"train": "nowhere.jsonl"}),
        fields={"q": "q", "a": "a"},
        templates=[Template("[bold]{q}[/bold]\x1b]0;owned\x07", "{a}")],
        licence="[link=https://example.org]mine[/link]",
    )
    yield add_task(spec)
    remove("hostile")


def test_list_tells_category_source_licence_and_counts(flan_mix):
    status, said = flan_mix("tasks", "list", "--category", "title_choice", *STARTER)
    assert status == 0
    assert "title_choice 1 task train 3,000" in said and "starter_titles" in said
    assert "train 3,000" in said and "Apache-2.0" in said and "titles-train.jsonl.gz" in said


def test_show_prints_templates_and_variants(flan_mix):
    status, said = flan_mix("tasks", "show", "starter_titles", *STARTER)
    assert status == 0
    assert "{story} Which title fits? {options} → {answer}" in said
    assert "few_shot" in said and "template_9" in said and "title_choice.py:" in said


def test_a_variant_shows_its_own_templates_only(flan_mix):
    _, said = flan_mix("tasks", "show", "starter_titles.template_3", *STARTER)
    assert "template 3 shows options" in said and "template 2 shows options" not in said


def test_an_unknown_category_is_told_with_the_nearest(flan_mix):
    status, said = flan_mix("tasks", "list", "--category", "title_choise", *STARTER)
    assert status == 2 and "Did you mean 'title_choice'?" in said


def test_a_module_that_is_not_there_is_told(flan_mix):
    status, said = flan_mix("tasks", "list", "--module", "no_such_module")
    assert status == 2 and "no_such_module" in said


def test_markup_and_control_characters_of_data_are_shown_as_they_are(flan_mix, hostile):
    _, said = flan_mix("tasks", "show", "hostile", *STARTER)
    assert "[bold]{q}[/bold]\\x1b]0;owned\\x07" in said and "\x1b" not in said
    _, said = flan_mix("tasks", "list", "--no_counts", "--category", hostile.category, *STARTER)
    assert "[red]toys[/red]" in said and "[link=https://example.org]mine[/link]" in said
    assert plain("a\x1b[31mb").plain == "a\\x1b[31mb"


def test_text_is_printed_as_it_is_however_long(capsys):
    """Line breaks of the terminal's making would look like the template's own."""
    show(plain("word " * 100 + "end"), "told " * 100 + "too")
    assert capsys.readouterr().out == "word " * 100 + "end\n" + "told " * 100 + "too\n"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--rows", "-1"), "a number from 0 on, not '-1'"),
        (("--pass", "-1"), "a number from 0 on, not '-1'"),
        (("--lengths", "512"), "two positive numbers as in 512,128, not '512'"),
        (("--lengths", "512,0"), "two positive numbers"),
    ],
)
def test_a_number_that_makes_no_sense_is_told(flan_mix, option, said):
    status, printed = flan_mix("tasks", "preview", "starter_nli", *STARTER, *option)
    assert status == 2 and said in printed


def test_lint_exits_with_one_where_there_is_something(flan_mix, hostile):
    status, said = flan_mix("tasks", "lint", "hostile", "--rows", "0")
    assert status == 1 and "too_few_templates" in said and "stray_character" in said
    # What is said of several templates is said once.
    _, said = flan_mix("tasks", "lint", "starter_nli", "--vocabulary", "bytes", "--lengths", "9,2")
    assert said.count("long_target") == 1 and "starter_nli 0-9 long_target" in said
    assert "1 task, 10 templates: 10 findings" in said
    status, said = flan_mix("tasks", "lint", "flan_mix.tasks.starter", "--rows", "0")
    assert (status, said) == (0, "11 tasks, 110 templates: 0 findings, 0 notes")


def test_mixtures_are_listed_with_rates_and_shown_with_shares(flan_mix):
    status, said = flan_mix("mixtures", "list", *STARTER)
    assert status == 0 and "starter_chats × 2" in said
    status, said = flan_mix("mixtures", "show", "starter", *STARTER)
    assert status == 0
    # Chats weigh 2 of 10.
    assert "starter_chats 4,000 20.0 %" in said and "starter_nli 3,000 10.0 %" in said
    assert "No token cache of" in said


def test_showing_a_mixture_downloads_nothing(flan_mix, monkeypatch):
    def refuse(*arguments):
        raise AssertionError("SeqIO is asked, and TFDS with it")

    monkeypatch.setattr("flan_mix.registry.counting.num_input_examples", refuse)
    monkeypatch.setattr("flan_mix.runs.mixture_listing.num_input_examples", refuse)
    monkeypatch.setattr("flan_mix.registry.tfds_on_disk.prepared_sizes", lambda source: None)
    status, said = flan_mix("mixtures", "show", "flan2021", "--module", "flan_mix.tasks.flan2021")
    assert status == 0
    # 69 tasks at their caps.
    assert "flan_snli – 1.45 %" in said and "All – 100.0 %" in said
    assert "and 63 more is not on this machine" in said


def test_what_several_templates_share_is_said_once():
    def finding(template, message="too long"):
        return Finding("t", "long_target", message, template)

    found = [*map(finding, (0, 1, 2, 4)), finding(5, "other"), finding(None, "of all")]
    shown = [(f.message, numbers) for f, numbers in said_once(found)]
    assert shown == [("too long", "0-2, 4"), ("other", "5"), ("of all", "")]
