"""`flan-mix compare` and `flan-mix report`: what they print, write, and exit with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flan_mix import cli
from tests.reports.starter_models import write_model

LABELS = ["--labels", "start", "alone", "mixed"]


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> list[str]:
    """MODEL_DIRs of the three models of the story."""
    base = tmp_path_factory.mktemp("models")
    return [str(write_model(base / name, name)) for name in ("start", "alone", "mixed")]


def run(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command."""
    monkeypatch.setattr(sys, "argv", ["flan-mix", *words])
    try:
        cli.main()
        status = 0
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_table_shows_what_was_gained_and_forgotten(models, monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "compare", models[0], models[1])
    assert status == 0
    assert "Gained: " in out and "shop_chats" in out.split("Gained: ")[1].split("Lost")[0]
    assert "order_entities" in out.split("Lost: ")[1]


def test_a_build_fails_when_a_task_is_significantly_worse(models, monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "compare", *models, *LABELS, "--fail-if-worse")
    assert status == 1
    assert "alone, order_entities" in out.split("Significantly worse:")[1]
    kept = ["--fail-if-worse", "--tasks", "order_notes", "--categories", "code_translation"]
    status, out, _ = run(monkeypatch, capsys, "compare", models[0], models[2], *kept)
    assert status == 0 and "Nothing is significantly worse." in out
    assert "order_entities" not in out
    tolerant = ["--fail-if-worse", "--margin", "90"]
    assert run(monkeypatch, capsys, "compare", *models, *tolerant)[0] == 0


def test_without_the_flag_worse_is_only_said(models, monkeypatch, capsys):
    assert run(monkeypatch, capsys, "compare", models[0], models[1])[0] == 0


def test_json_is_all_that_is_printed(models, monkeypatch, capsys):
    words = ["compare", *models, *LABELS, "--json", "--fail-if-worse"]
    status, out, _ = run(monkeypatch, capsys, *words)
    value = json.loads(out)
    assert status == 1 and set(value["models"]) == {"alone", "mixed"}
    assert {"model": "alone", "kind": "task", "name": "order_entities"} in value["worse"]
    # Of the three kinds that the run of `alone` lacks some are nobody's.
    held_out = {n for n, c in value["models"]["alone"]["categories"].items() if c["held_out"]}
    assert held_out == {"question_answering", "intent_classification"}
    elsewhere = {n for n, c in value["models"]["alone"]["categories"].items() if c["elsewhere"]}
    assert "entity_recognition" in elsewhere and "dialogue_summarization" not in elsewhere
    assert not any(c["elsewhere"] for c in value["models"]["mixed"]["categories"].values())


def test_markdown_is_a_table(models, monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "compare", *models, *LABELS, "--markdown")
    assert status == 0 and out.startswith("| Task | Score | Examples | start | alone | change |")


def test_markdown_of_a_build_says_what_made_it_fail(models, monkeypatch, capsys):
    words = ["compare", *models, *LABELS, "--markdown", "--fail-if-worse"]
    status, out, _ = run(monkeypatch, capsys, *words)
    verdict = out.split("- Significantly worse:")[1]
    assert status == 1 and "\n- alone, order&#95;entities: " in verdict


def test_another_baseline_turns_the_changes_round(models, monkeypatch, capsys):
    words = ["compare", models[0], models[2], "--labels", "start", "mixed", "--json"]
    forth = json.loads(run(monkeypatch, capsys, *words)[1])
    back = json.loads(run(monkeypatch, capsys, *words, "--baseline", "mixed")[1])
    scores = [v["models"][m]["held_in"] for v, m in ((forth, "mixed"), (back, "start"))]
    assert scores[0]["change"] == -scores[1]["change"] and back["baseline"] == "mixed"
    status, _, errors = run(monkeypatch, capsys, *words, "--baseline", "x")
    assert status == 2 and "no model is called 'x'" in errors


def test_html_is_the_report(models, monkeypatch, capsys, tmp_path: Path):
    page = tmp_path / "page.html"
    status, out, _ = run(monkeypatch, capsys, "compare", *models, *LABELS, "--html", str(page))
    assert status == 0 and f"Report: {page}" in out
    assert "alone and mixed against start" in page.read_text()


def test_report_of_several_models_holds_as_many_answers_as_asked(
    models, monkeypatch, capsys, tmp_path: Path
):
    page = tmp_path / "page.html"
    options = ["--output", str(page), "--title", "The story", "--answers", "40"]
    status, out, _ = run(monkeypatch, capsys, "report", *models, *LABELS, *options)
    assert status == 0 and f"Report: {page}" in out
    text = page.read_text()
    assert "<title>The story</title>" in text
    assert "40 of 480 examples are in this page" in text
    data = text.split('id="answers-data">')[1].split("</script>")[0]
    assert len(json.loads(data)["rows"]) == 40
    for fact in ("MODEL_DIR = &#39;out/mixed&#39;", "shop_chats01", "3.11.2", "5,"):
        assert fact in text


def test_checkpoints_without_an_evaluation_get_the_command_that_makes_one(
    models, monkeypatch, capsys, tmp_path: Path
):
    (tmp_path / "run" / "checkpoint_50").mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text('{"mixture": "our_mix"}')
    for word in (tmp_path / "run", tmp_path / "run" / "checkpoint_50", f"{tmp_path}/run@50"):
        status, out, errors = run(monkeypatch, capsys, "compare", models[0], str(word))
        assert status == 2 and out == ""
        assert "python -m flan_mix.eval" in errors and "'our_mix'" in errors
    status, _, errors = run(monkeypatch, capsys, "compare", models[0], f"{tmp_path}/run@60")
    assert status == 2 and "those of steps [50]" in errors
    status, _, errors = run(monkeypatch, capsys, "compare", models[0], "no/such/folder")
    assert status == 2 and "no/such/folder: no such folder" in errors


def test_one_evaluation_alone_is_refused(models, monkeypatch, capsys):
    status, _, errors = run(monkeypatch, capsys, "compare", models[0])
    assert status == 2 and "two evaluations or more, not 1" in errors
    status, _, errors = run(monkeypatch, capsys, "report", models[0])
    assert status == 2 and "holds 1 finished evaluations and a report compares two" in errors


def test_unknown_tasks_and_repeated_labels_are_refused(models, monkeypatch, capsys):
    status, _, errors = run(monkeypatch, capsys, "compare", *models[:2], "--tasks", "nope")
    assert status == 2 and "no task ['nope'] was evaluated" in errors
    status, _, errors = run(monkeypatch, capsys, "compare", *models[:2], "--labels", "a", "a")
    assert status == 2 and "'a' stands for two models" in errors


def test_comparing_loads_neither_jax_nor_tensorflow(models):
    code = (
        "import sys; from flan_mix.runs.compare import CompareRequest, compare;"
        f"compare(CompareRequest(words={models[:2]!r}, form='json'));"
        "print([m for m in ('jax', 'tensorflow', 'seqio') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "[]"
