"""Lint has nothing to say against the templates of any task that comes with Flan Mix."""

import pytest

from flan_mix.registry import get_task, is_task
from flan_mix.registry.linting import lint_tasks
from flan_mix.runs.task_selection import SHIPPED, select
from flan_mix.tasks.data_dir import NAME
from flan_mix.vocabularies import SentencePieceVocabulary
from tests.shared_data import shared_path

# Others share what they accept with a twin or with other languages, which do not all meet it.
ACCEPTING = ["aqua", "gsm8k", "cot_gsm8k", "cot_aqua", "cot_strategyqa", "java_to_cs", "wikigold"]


def test_no_task_of_ours_has_a_finding():
    specs = select([SHIPPED])
    names = {spec.name for spec in specs}
    assert {"starter_chats", "samsum", "rte"} <= names
    found = [finding for finding in lint_tasks(specs) if finding.severity == "finding"]
    assert found == []


def test_rank_variants_ask_for_the_answer_and_tell_nothing_of_it():
    # Options would be scored against prompts that do not ask for them, or beside reasoning that
    # leads to the right one.
    ranked = [spec for spec in select([SHIPPED]) if is_task(f"{spec.name}.rank")]
    assert len(ranked) > 40
    for spec in ranked:
        for number in get_task(f"{spec.name}.rank").drawn or ():
            template = spec.templates[number]
            assert not template.inverted
            assert template.target_fields == {"answer"}
            assert "answer" not in template.input_fields


@pytest.mark.slow
def test_no_task_with_real_rows_here_has_a_finding_at_t5s_vocabulary_and_lengths(monkeypatch):
    # What is the data's own is accepted by the tasks, with the reason, and so is a note here.
    vocabulary = SentencePieceVocabulary(shared_path("data/t5_vocab/spiece.model"))
    monkeypatch.setenv(NAME, str(shared_path("data")))
    specs = select([SHIPPED])
    found = lint_tasks(specs, rows=100, vocabulary=vocabulary, target_length=128)
    unread = {finding.task for finding in found if finding.kind == "not_read"}
    assert len({spec.name for spec in specs} - unread) > 50
    assert [finding for finding in found if finding.severity == "finding"] == []
    accepted = {(f.task, f.kind) for f in found if "Accepted: " in f.message}
    # One that meets nothing has gone stale.
    for spec in specs:
        if spec.name in ACCEPTING:
            assert {(spec.name, kind) for kind in spec.accepted} <= accepted, spec.name
