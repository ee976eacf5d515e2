"""The packs of a few rows, and AQuA's own files: what rows become, and that all are read."""

import json

import pytest

from flan_mix.registry import BadRowError, RowCounts, TaskError, field_rows, get_task, variant_names
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    algebra_word_problems,
    few_shot_packs,
)
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path
from tests.tasks.wording_checks import check_options, check_wording

PACKS = {
    "fewglue_copa": ("fewglue/COPA.train.jsonl", 32),
    "fewglue_wic": ("fewglue/WiC.train.jsonl", 32),
    "fewglue_cb": ("fewglue/CB.train.jsonl", 32),
    "fewglue_rte": ("fewglue/RTE.train.jsonl", 32),
    "few_shot_winogrande": ("fewshot_tfew/winogrande.50_shot.0_seed.jsonl", 250),
    "few_shot_hellaswag": ("fewshot_tfew/h-swag.20_shot.0_seed.jsonl", 100),
}
# The tasks of FLAN 2021 whose templates and texts a pack shares.
TWINS = {
    "fewglue_copa": "flan_copa",
    "fewglue_wic": "flan_wic",
    "fewglue_cb": "flan_cb",
    "fewglue_rte": "flan_rte",
    "few_shot_winogrande": "flan_winogrande",
    "few_shot_hellaswag": "flan_hellaswag",
}


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Rows of a task whose only file holds the given rows, as (fields, row)."""
    monkeypatch.setenv(NAME, str(tmp_path))

    def read(task, *rows, file=None, split="train"):
        path = tmp_path / (file or PACKS[task][0])
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        spec = get_task(task)
        made = list(field_rows(spec, split))
        return [dict(zip(spec.text_fields, row.texts, strict=True)) for row in made], made

    return read


@pytest.mark.parametrize("task", [*PACKS, "aqua", "aqua_direct"])
def test_templates_are_enough_well_formed_and_different(task):
    check_wording(task)
    check_options(task)


@pytest.mark.parametrize("task", PACKS)
def test_a_pack_is_of_its_datasets_category_and_texts(task):
    spec, twin = get_task(task), get_task(TWINS[task])
    assert spec.category == twin.category
    assert set(spec.text_sources) == set(twin.text_sources)
    assert set(spec.templates) <= set(twin.templates)
    assert spec.licence == twin.licence or task == "few_shot_hellaswag"
    assert "https://" in spec.citation


def test_copa_of_superglue_counts_its_choices_from_zero(read):
    row = {"premise": "It fell. ", "choice1": "A", "choice2": "B", "question": "cause"}
    (fields,), (made,) = read("fewglue_copa", row | {"label": 1, "idx": 7})
    assert (made.id, made.options, made.answer) == ("7", ("A", "B"), "B")
    assert (fields["premise"], fields["asks"]) == ("It fell.", "cause")


def test_a_true_label_says_that_the_senses_are_the_same(read):
    row = {"word": "bank", "sentence1": "By the bank.", "sentence2": "At a bank.", "idx": 1}
    (differ, same), rows = read("fewglue_wic", row | {"label": False}, row | {"label": True})
    assert [made.answer for made in rows] == ["no", "yes"]
    assert (differ["sense"], same["sense"]) == ("a different meaning", "the same meaning")


def test_a_sentence_with_a_blank_loses_the_question_below_it(read):
    asked = "Bo or Al met Ed, as _ was near.\nWho or what is _ here? Al or Ed?"
    row = {"input": asked, "answer_choices": ["1", "2"], "target": "2"}
    (fields,), (made,) = read("few_shot_winogrande", row)
    assert fields["text"] == "Bo or Al met Ed, as _ was near."
    assert (made.options, made.answer) == (("Al", "Ed"), "Ed")
    with pytest.raises(BadRowError, match="no sentence with a blank"):
        read("few_shot_winogrande", row | {"input": "Nothing is missing.\nWho? Al or Ed?"})


def test_a_text_to_go_on_with_loses_the_list_of_endings_and_marks_of_layout(read):
    asked = "Go on:\nFirst, [header] How to rest [title] Sit. [step] Now. Then,  ...\n(a) x\n(b) y"
    row = {"input": asked, "answer_choices": ["x", "[title] y"], "target": "[title] y"}
    (fields,), (made,) = read("few_shot_hellaswag", row)
    assert fields["context"] == "How to rest. Sit. Now."
    assert (made.options, made.answer) == (("x", "y"), "y")
    with pytest.raises(BadRowError, match="no text to go on with"):
        read("few_shot_hellaswag", row | {"target": "z"})


def aqua_row(**changes):
    row = {"question": "Half of 8\nis?", "options": ["A)3", "B) 4 ", "C)5"], "correct": "B"}
    return row | {"rationale": "8/2\n= 4\nAnswer - B"} | changes


@pytest.mark.parametrize(
    "last",
    ["Answer - B", "Answer is B.", "The correct answer is (B)", "ANSWER:B", "option B", "Ans: B"],
)
def test_reasoning_ends_before_the_letter_that_only_our_lists_give_a_meaning(last, read):
    row = aqua_row(rationale=f"8/2\n= 4\n{last}")
    (fields,), (made,) = read("aqua", row, file="aqua/dev.json", split="validation")
    assert fields["question"] == "Half of 8 is?"
    assert fields["reasoning"] == "8/2. = 4."
    assert (made.options, made.answer) == (("3", "4", "5"), "4")


def test_problems_without_reasoning_or_choice_are_left_out_and_broken_ones_told(read):
    kept, _ = read(
        "aqua",
        aqua_row(rationale="Answer is B"),
        aqua_row(options=["A)4", "B)4"]),
        aqua_row(correct="E"),
        aqua_row(),
        file="aqua/test.json",
        split="test",
    )
    assert len(kept) == 1
    with pytest.raises(BadRowError, match="an option without its letter"):
        read("aqua", aqua_row(options=["3", "4"]), file="aqua/test.json", split="test")


def test_aqua_is_for_testing_and_its_twin_asks_for_the_answer_alone():
    assert get_task("aqua").splits == ("validation", "test")
    assert "few_shot" not in variant_names(get_task("aqua"))
    with pytest.raises(TaskError, match="no variant 'few_shot'"):
        get_task("aqua.few_shot")
    assert not any("reasoning" in t.fields for t in get_task("aqua_direct").templates)
    assert get_task("aqua").text_sources == get_task("cot_aqua").text_sources


@pytest.mark.parametrize("task", PACKS)
def test_every_row_of_the_published_packs_is_read(task, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    counts = RowCounts()
    rows = list(field_rows(get_task(task), "train", counts))
    assert len({row.id for row in rows}) == counts.read == counts.kept == PACKS[task][1]
    assert all(row.answer in row.options for row in rows)
    assert len({row.answer for row in rows}) > 1


@pytest.mark.parametrize("split", ["validation", "test"])
def test_every_problem_of_aqua_is_read_and_scores_full_marks(split, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    spec, counts = get_task("aqua"), RowCounts()
    rows = list(field_rows(spec, split, counts))
    assert (counts.read, counts.kept) == (254, 254)
    assert [row.id for row in field_rows(get_task("aqua_direct"), split)] == [r.id for r in rows]
    assert spec.postprocess is not None
    for row in rows:
        fields = dict(zip(spec.text_fields, row.texts, strict=True)) | {"options": ""}
        target = spec.templates[0].render(fields).targets
        assert spec.postprocess(target) == spec.postprocess(row.answer)
        assert len({spec.postprocess(option) for option in row.options}) == len(row.options)
