"""The starter tasks are registered, say one thing in many ways, and fit their vocabulary."""

import functools
import re
import subprocess
import sys

import pytest

from flan_mix.registry import field_rows, get_mixture, get_task
from flan_mix.tasks import starter
from flan_mix.tasks.starter.chain_of_thought import final_answer
from flan_mix.vocabularies import SentencePieceVocabulary
from tools.generators import starter_vocabulary
from tools.generators.datasets import HELD_BACK

SPLITS = ("train", "validation", "test")
TASKS = starter.HELD_IN + starter.HELD_OUT


@pytest.fixture(scope="module")
def vocabulary() -> SentencePieceVocabulary:
    return SentencePieceVocabulary(starter.STARTER_VOCABULARY)


@functools.cache
def inputs_and_targets(name: str) -> tuple[list[str], list[str]]:
    spec = get_task(name)
    pairs = [pair for split in SPLITS for pair in starter_vocabulary.rendered_texts(spec, split)]
    return [pair.inputs for pair in pairs], [pair.targets for pair in pairs]


@pytest.mark.parametrize("name", TASKS)
def test_task_has_ten_templates_that_ask_in_ten_ways(name):
    templates = get_task(name).templates
    wordings = {re.sub(r"\{\w+\}|\W+", " ", t.inputs).strip() for t in templates}
    assert len(wordings) == len(templates) == 10


@pytest.mark.parametrize("name", TASKS)
def test_templates_show_all_that_the_answer_needs(name):
    needed = {"starter_nli": {"premise", "hypothesis"}, "starter_entities": {"text", "kind"}}
    needed["starter_questions"] = {"dialogue", "question"}
    needed["starter_answers"] = {"text", "question"}
    for template in get_task(name).templates:
        assert needed.get(name, set()) <= template.input_fields
        assert not template.input_fields & {"answer", "summary", "entities", "result", "reply"}


def test_held_out_categories_are_not_trained_on():
    trained = {get_task(name).category for name, _ in get_mixture("starter").parts}
    held_out = {get_task(name).category for name, _ in get_mixture("starter_held_out").parts}
    assert len(trained) == 9 and len(held_out) == 2
    assert not trained & held_out


@pytest.mark.parametrize("name", TASKS)
def test_data_are_found_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sizes = {split: sum(1 for _ in field_rows(get_task(name), split)) for split in SPLITS}
    assert sizes == {"train": 4000 if name == "starter_chats" else 3000} | HELD_BACK


@pytest.mark.parametrize("name", TASKS)
def test_text_has_no_unknown_token_and_few_tokens(name, vocabulary):
    inputs, targets = map(vocabulary.encode_batch, inputs_and_targets(name))
    assert sum(map(vocabulary.count_unknown, inputs + targets)) == 0
    assert max(map(len, inputs)) < 160
    assert max(map(len, targets)) < 40


@pytest.mark.parametrize("name", TASKS)
def test_targets_come_back_from_their_tokens(name, vocabulary):
    _, targets = inputs_and_targets(name)
    assert [vocabulary.decode(vocabulary.encode(text)) for text in targets[:500]] == targets[:500]


@pytest.mark.parametrize("name", TASKS)
def test_right_answers_get_full_marks(name):
    spec = get_task(name)
    postprocess = spec.postprocess or str
    inputs, targets = (texts[:50] for texts in inputs_and_targets(name))
    answers = [postprocess(target) for target in targets]
    for metric in spec.metrics:
        if metric.score_with_source is None:
            assert set(metric(answers, answers).values()) == {100.0}
        else:
            scores = map(metric.score, answers, [(answer,) for answer in answers], inputs)
            assert {value for of_answer in scores for value in of_answer.values()} == {100.0}


def test_no_piece_joins_digits_to_anything_else(vocabulary):
    text = 'order 417. Order 417, for $54. by May 14. (15) total = 20;" 3/4 "12"'
    for token in vocabulary.encode(text):
        piece = vocabulary.decode([token])
        assert piece.isdigit() or not any(map(str.isdigit, piece)), piece


def test_every_character_of_a_keyboard_can_be_typed(vocabulary):
    typed = "".join(map(chr, range(32, 127)))
    assert vocabulary.count_unknown(vocabulary.encode(typed)) == 0


def test_vocabulary_is_what_the_generator_trains(tmp_path, vocabulary):
    again = tmp_path / "again.model"
    starter_vocabulary.train_vocabulary(str(again))
    trained = SentencePieceVocabulary(again)
    for name in TASKS:
        for text in inputs_and_targets(name)[0][:50]:
            assert trained.encode(text) == vocabulary.encode(text)


def test_arithmetic_is_scored_by_its_last_answer():
    assert final_answer("4 + 3 = 7. The answer is 7.") == "7"
    assert final_answer("The answer is 3. No. The answer is 12") == "12"
    assert final_answer("4 + 3 = 7.") == "4 + 3 = 7."


def test_importing_the_collection_loads_neither_tensorflow_nor_seqio():
    code = (
        "import sys, flan_mix.tasks.starter;"
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'seqio', 'tensorflow_datasets')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
