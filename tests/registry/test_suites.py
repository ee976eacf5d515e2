"""A suite says which tasks are tested how, in which of their templates."""

from collections.abc import Iterator

import pytest

from flan_mix.metrics import accuracy
from flan_mix.registry import (
    FileSource,
    SuiteTask,
    TaskError,
    TaskSpec,
    add_mixture,
    add_suite,
    add_task,
    get_suite,
    is_suite,
    remove,
    remove_suite,
    suite_forms,
    suite_names,
)
from flan_mix.templates import Template

TEMPLATES = (
    Template("Is {text} good?\n{options}", "{answer}"),
    Template("{text}\n{options}", "The answer is {answer}."),
    Template("Say something {answer}.", "{text}", inverted=True),
    Template("{text} Yes or no?", "{answer}"),
    Template("{text}\n{options}\nWhy?", "{answer}, for {reason}"),
)


def spec(name: str, *splits: str) -> TaskSpec:
    return TaskSpec(
        name=name,
        category="judging",
        source=FileSource({split: f"{split}.jsonl" for split in splits}),
        fields={"text": "t", "options": "o", "answer": "a", "reason": "r"},
        templates=TEMPLATES,
        metrics=[accuracy],
    )


@pytest.fixture(autouse=True)
def tasks() -> Iterator[None]:
    names = {
        "judged": ("train", "validation", "test"),
        "unseen": ("validation",),
        "learned": ("train",),
    }
    for name, splits in names.items():
        add_task(spec(name, *splits))
    before = suite_names()
    yield
    for name in set(suite_names()) - set(before):
        remove_suite(name)
    for name in names:
        remove(name)


def forms(*tasks: SuiteTask | str) -> list[tuple[str, str]]:
    """(registered task, name of the results) of all that a suite evaluates."""
    add_suite("tried", tasks)
    found = [(form.task, form.name) for form in suite_forms("tried")]
    remove_suite("tried")
    return found


def test_all_templates_are_those_that_the_mode_can_use():
    # Where some show options the others are left out, as in the zero-shot variant.
    assert forms(SuiteTask("judged", templates="all")) == [
        (f"judged.template_{i}", f"judged.template_{i}") for i in (0, 1, 4)
    ]
    # Only a target that is the answer alone can be put into words for each option.
    assert forms(SuiteTask("judged", mode="rank", templates="all")) == [
        (f"judged.template_{i}", f"judged.template_{i}.rank") for i in (0, 1, 3)
    ]


def test_the_first_few_templates_or_single_ones_are_taken():
    assert [task for task, _ in forms(SuiteTask("judged", templates=2))] == [
        "judged.template_0",
        "judged.template_1",
    ]
    assert forms(SuiteTask("judged", templates=(4,))) == [("judged.template_4",) * 2]


def test_drawn_templates_are_one_evaluation():
    assert forms("judged") == [("judged", "judged")]
    assert forms(SuiteTask("judged", mode="rank")) == [("judged.rank", "judged.rank")]
    assert forms("judged.few_shot") == [("judged.few_shot", "judged.few_shot")]


def test_the_best_template_is_chosen_on_validation_and_tested_on_test():
    add_suite("both", [SuiteTask("judged", templates="all"), SuiteTask("unseen", templates="all")])
    splits = {(form.label, form.split, form.choosing_split) for form in suite_forms("both")}
    assert splits == {("judged", "test", "validation"), ("unseen", "validation", None)}
    add_suite("one", [SuiteTask("judged", templates=1)])
    assert [form.choosing_split for form in suite_forms("one")] == [None]


def test_one_task_may_be_tested_in_both_modes_and_in_another_category():
    add_suite("modes", ["judged", SuiteTask("judged", mode="rank", category="ranked")])
    assert [(f.label, f.category) for f in suite_forms("modes")] == [
        ("judged", "judging"),
        ("judged.rank", "ranked"),
    ]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (SuiteTask("jugded"), "Did you mean 'judged'"),
        (SuiteTask("learned"), "no split to be tested on"),
        (SuiteTask("unseen", split="test"), "no split 'test'"),
        (SuiteTask("judged", templates=9), "has 3 templates to generate with, not 9"),
        (SuiteTask("judged", templates=(2,)), "no template 2 to generate with"),
        (SuiteTask("judged", mode="rank", templates=(4,)), "no template 4 to rank with"),
        (SuiteTask("judged.few_shot", templates="all"), "whose templates are chosen already"),
        (SuiteTask("judged.few_shot", mode="rank"), "cannot be ranked"),
        (SuiteTask("judged", mode="score"), "mode is one of generate, rank"),  # type: ignore
    ],
)
def test_what_cannot_be_tested_is_refused_when_the_suite_is_registered(task, message: str):
    with pytest.raises(TaskError, match=f"suite 'wrong': .*{message}"):
        add_suite("wrong", [task])
    assert not is_suite("wrong")


def test_names_are_distinct_and_unknown_ones_get_a_hint():
    add_mixture("mixed", ["learned"], rate=1.0)
    try:
        for taken in ("judged", "mixed"):
            with pytest.raises(TaskError, match="already the name"):
                add_suite(taken, ["judged"])
        with pytest.raises(TaskError, match="lists 'judged' twice"):
            add_suite("twice", ["judged", SuiteTask("judged", templates="all")])
        add_suite("judgements", ["judged"])
        with pytest.raises(TaskError, match="Did you mean 'judgements'"):
            get_suite("judgement")
    finally:
        remove("mixed")
