"""BIG-Bench Hard and MMLU from their public layouts; the suites that come with Flan Mix."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import flan_mix.tasks.flan2021_held_out
import flan_mix.tasks.real_suite
from flan_mix.registry import (
    BadRowError,
    field_rows,
    get_suite,
    get_task,
    is_suite,
    remove,
    remove_suite,
    suite_forms,
    suite_names,
    task_fingerprint,
)
from flan_mix.registry.linting import lint_tasks
from flan_mix.tasks import big_bench_hard, mmlu
from flan_mix.tasks.answer_extraction import extract_choice
from tests.shared_data import shared_path

ROWS = {"causal_judgement": 187, "penguins_in_a_table": 146, "snarks": 178}


@pytest.fixture
def registered() -> Iterator[list[str]]:
    """Names to forget when the test ends, with the suites that were added."""
    suites, names = set(suite_names()), []
    yield names
    for suite in set(suite_names()) - suites:
        remove_suite(suite)
    for name in names:
        remove(name)


def rendered(name: str, count: int, split: str = "test") -> list:
    from itertools import islice

    from flan_mix.registry.rendering import render

    return list(islice(render(name, split), count))


PROMPT = """CANARY
-----
Say whether the number is even.

Q: Is 4 even?
Options:
- Yes
- No
A: Slowly now. 4 is 2 times 2. So the answer is Yes.

Q: Is 7 even?
A: Slowly now.
7 is odd. So the answer is No.

Q: Is 8 even?
A: Slowly now. 8 is 2 times 4. So the answer is Yes.
"""


def write_bbh(folder: Path, name: str, prompt: str = PROMPT) -> None:
    """One task as the benchmark's repository has it: prompts beside the folder of tasks."""
    (folder / "bbh").mkdir(parents=True)
    (folder / "cot-prompts").mkdir()
    examples = [{"input": "Is 3 even?\nOptions:\n- Yes\n- No", "target": "No"}]
    (folder / "bbh" / f"{name}.json").write_text(json.dumps({"examples": examples}))
    (folder / "cot-prompts" / f"{name}.txt").write_text(prompt)


def test_bbh_prompts_show_three_examples_with_or_without_their_reasoning(tmp_path, registered):
    write_bbh(tmp_path, "navigate")
    registered += big_bench_hard.register(tmp_path)
    (direct,) = rendered("bbh_navigate.template_0", 1)
    assert direct.inputs == (
        "Say whether the number is even.\n\n"
        "Q: Is 4 even?\nOptions:\n- Yes\n- No\nA: Yes\n\nQ: Is 7 even?\nA: No\n\n"
        "Q: Is 8 even?\nA: Yes\n\nQ: Is 3 even?\nOptions:\n- Yes\n- No\nA:"
    )
    assert (direct.targets, direct.options, direct.answer) == ("No", ("Yes", "No"), "No")
    (reasoned,) = rendered("bbh_navigate_cot.template_0", 1)
    assert "\nA: Slowly now.\n7 is odd. So the answer is No.\n\n" in reasoned.inputs
    assert reasoned.inputs.endswith("\n- No\nA: Slowly now.")
    assert "CANARY" not in direct.inputs + reasoned.inputs
    (ours,) = rendered("bbh_navigate.template_1", 1)
    assert "Is 4 even?" not in ours.inputs and "Is 3 even?" in ours.inputs


def test_a_changed_prompt_file_is_another_task(tmp_path, registered):
    write_bbh(tmp_path, "navigate")
    registered += big_bench_hard.register(tmp_path)
    before = task_fingerprint("bbh_navigate", "test")
    path = tmp_path / "cot-prompts" / "navigate.txt"
    path.write_text(PROMPT.replace("Is 8", "Is 6"))
    assert task_fingerprint("bbh_navigate", "test") != before


def test_a_prompt_of_another_layout_is_refused_by_name(tmp_path, registered):
    write_bbh(tmp_path, "navigate", PROMPT.rpartition("\n\nQ:")[0])
    registered += big_bench_hard.register(tmp_path)
    with pytest.raises(BadRowError, match=r"navigate\.txt"):
        list(field_rows(get_task("bbh_navigate"), "test"))


@pytest.mark.parametrize(
    ("task", "reply", "target"),
    [
        ("navigate", "We end where we began. So the answer is Yes.", "Yes"),
        ("date_understanding", "It is a week later. The answer is (B).", "(B)"),
        ("date_understanding", "(B)", "(B)"),
        ("date_understanding", "(B) 01/02/2003", "(B)"),
        ("formal_fallacies", "so the answer is invalid", "invalid"),
        ("object_counting", "1 + 2 is 3, and 2 more are 5. So the answer is 5.", "5"),
        ("multistep_arithmetic_two", "A - B = 3 - 53 = -50. So the answer is -50.", "-50"),
        ("word_sorting", "… So the answer is bee cow emu.", "bee cow emu"),
        ("dyck_languages", "We need to pop them. So the answer is ] ) ].", "] ) ]"),
    ],
)
def test_answers_are_found_in_replies(task, reply, target, registered):
    registered += big_bench_hard.register("nowhere")
    for kind in ("", "_cot"):
        extract = get_task(f"bbh_{task}{kind}").postprocess
        assert extract is not None
        assert extract(reply) == extract(target)


@pytest.mark.parametrize("reply", ["B", "b", "(B)", "B. 4", "B) 4", "The answer is B.", "(B) 4"])
def test_a_letter_is_found_with_or_without_its_choice(reply):
    assert extract_choice(reply) == extract_choice("B") == "b"


def test_words_are_no_letters():
    assert extract_choice("A cat sat.") == "a cat sat"
    assert extract_choice("Be quick") == "be quick"


def test_all_of_bbh_is_read(registered):
    registered += big_bench_hard.register(shared_path("data/bbh"))
    assert len(registered) == 54
    found = lint_tasks([get_task(name) for name in registered], rows=10)
    assert [finding for finding in found if finding.severity == "finding"] == []
    for name in big_bench_hard.TASKS:
        spec = get_task(f"bbh_{name}")
        rows = list(field_rows(spec, "test"))
        assert len(rows) == ROWS.get(name, 250)
        extract = spec.postprocess
        assert extract is not None
        # What the targets of the two kinds say is the same answer.
        reasoning = get_task(f"bbh_{name}_cot")
        place = reasoning.text_fields.index("conclusion")
        for direct, reasoned in zip(rows, field_rows(reasoning, "test"), strict=True):
            assert extract(reasoned.texts[place]) == extract(direct.answer)
        without = sum(not row.options for row in rows)
        open_ended = ("dyck_languages", "multistep_arithmetic_two", "object_counting")
        assert without == (len(rows) if name in (*open_ended, "word_sorting") else without)
        assert without in (0, 1, 2, len(rows))
    forms = suite_forms("bbh_direct")
    assert [form.task for form in forms][:1] == ["bbh_boolean_expressions.template_0"]
    assert len(forms) == len(suite_forms("bbh_cot")) == 27


QUESTIONS = [
    ["What is 2 + 2?", "3", "4", "5", "6", "B"],
    ['Which word means "big", if any?', "small", "large, say", "red", "none", "B"],
    ["Two lines\nof text?", "yes", "no", "maybe", "no idea", "A"],
]


def write_mmlu(folder: Path, subject: str, rows=QUESTIONS) -> None:
    """One subject as the published archive has it: quoted cells, no header."""
    for split in ("dev", "val", "test"):
        (folder / split).mkdir(parents=True, exist_ok=True)
        with open(folder / split / f"{subject}_{split}.csv", "w", newline="") as file:
            examples = [[f"Dev {n}?", "a", "b", "c", "d", "ABCDA"[n]] for n in range(5)]
            csv.writer(file).writerows(examples if split == "dev" else rows)


def test_mmlu_shows_the_five_dev_questions_with_their_keys(tmp_path, registered):
    write_mmlu(tmp_path / "data", "virology")
    registered += mmlu.register(tmp_path)
    first, second, third = rendered("mmlu_virology.template_0", 3)
    assert first.inputs.count("Letter of the right choice:") == 6
    assert "Dev 1?\nA. a\nB. b\nC. c\nD. d\nLetter of the right choice: B\n\n" in first.inputs
    assert first.inputs.endswith(
        "What is 2 + 2?\nA. 3\nB. 4\nC. 5\nD. 6\nLetter of the right choice:"
    )
    assert [each.targets for each in (first, second, third)] == ["B", "B", "A"]
    assert second.options[1] == "large, say"
    (bare,) = rendered("mmlu_virology.template_1", 1, "validation")
    assert "Dev" not in bare.inputs


def test_mmlu_has_57_subjects_in_four_categories_and_four_suites(registered):
    registered += mmlu.register("nowhere")
    assert len(set(registered)) == 57
    assert {get_task(name).category for name in registered} == {
        "mmlu_stem",
        "mmlu_humanities",
        "mmlu_social_sciences",
        "mmlu_other",
    }
    assert len(suite_forms("mmlu_5_shot")) == 57
    ranked = suite_forms("mmlu_0_shot_rank")
    assert len(ranked) == 57 * 9
    assert {form.mode for form in ranked} == {"rank"}
    assert {(form.split, form.choosing_split) for form in ranked} == {("test", "validation")}


def test_a_row_that_is_no_question_is_refused_with_its_line(tmp_path, registered):
    write_mmlu(tmp_path, "virology", [QUESTIONS[0], ["What?", "a", "b", "E"]])
    registered += mmlu.register(tmp_path)
    with pytest.raises(BadRowError, match=r"virology_test\.csv, line 2"):
        list(field_rows(get_task("mmlu_virology"), "test"))


def test_each_cluster_of_flan_is_a_suite_of_its_held_out_tasks():
    held_out = flan_mix.tasks.flan2021_held_out.HELD_OUT
    assert len(held_out) == 17
    for category, held in held_out.items():
        suite = get_suite(f"flan2021_{category}_held_out")
        assert [task.task for task in suite.tasks] == list(held.evaluation_tasks)
    modes = {task.task: task.mode for task in get_suite("flan2021_nli_held_out").tasks}
    assert set(modes.values()) == {"rank"}
    assert {t.mode for t in get_suite("flan2021_translation_held_out").tasks} == {"generate"}
    rte = [f for f in suite_forms("flan2021_nli_held_out") if f.label == "flan_rte.rank"]
    assert len(rte) >= 9


def test_the_suite_of_real_tasks_has_at_least_20_of_10_categories():
    forms = suite_forms("real_suite")
    assert len(forms) >= 20
    assert len({form.category for form in forms}) >= 10
    assert is_suite("real_suite")
