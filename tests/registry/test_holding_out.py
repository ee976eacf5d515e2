"""Held-out mixtures: what is trained on, what is tested on, and what is left out and why."""

import pytest

from flan_mix.registry import (
    ExamplesProportional,
    TaskError,
    TaskSpec,
    TfdsSource,
    add_mixture,
    add_task,
    get_mixture,
    hold_out,
    hold_out_tasks,
    holding_out,
    relate_categories,
    within_categories,
)
from flan_mix.templates import Template

# Name -> category and text sources.
TASKS = {
    "rte": ("nli", ()),
    "qnli": ("nli", ("squad",)),
    "wnli": ("nli", ("winograd",)),
    "mrpc": ("paraphrase", ("news",)),
    "qqp": ("paraphrase", ()),
    "squad_1": ("reading", ("squad",)),
    "squad_2": ("reading", ("squad",)),
    "drop": ("reading", ()),
    "wsc": ("coreference", ("winograd",)),
    "winogrande": ("coreference", ()),
    "sst2": ("sentiment", ()),
}


@pytest.fixture(autouse=True)
def _collection(monkeypatch):
    monkeypatch.setattr(holding_out, "_related", {})
    for name, (category, sources) in TASKS.items():
        add(name, category, sources)
    add("wsc273", "coreference", ("winograd",), splits={"test": "test"})
    add("ted", "sentiment", collections=())
    relate_categories("flan", [("paraphrase", "nli")])


def add(name, category, sources=(), splits=None, collections=("flan",)):
    splits = splits or {"train": "train", "validation": "validation"}
    add_task(
        TaskSpec(
            name,
            category=category,
            source=TfdsSource(f"{name}:1.0.0", splits),
            fields={"a": "a", "b": "b"},
            templates=[Template("{a}", "{b}")],
            text_sources=sources,
            collections=collections,
        )
    )


def parts(mixture):
    return {task for task, _ in get_mixture(mixture).parts}


def test_a_category_is_held_out_with_its_relatives_and_all_that_share_its_text():
    held = hold_out("flan", category="nli")
    assert held.train == "flan_without_nli_train"
    assert held.evaluation == "flan_nli_eval"
    assert parts("flan_nli_eval") == {"rte", "qnli", "wnli"}
    assert parts("flan_without_nli_train") == {"drop", "winogrande", "sst2"}
    assert dict(held.left_out) == {
        "mrpc": "category paraphrase is too near to nli",
        "qqp": "category paraphrase is too near to nli",
        "squad_1": "shares the text of squad with qnli",
        "squad_2": "shares the text of squad with qnli",
        "wsc": "shares the text of winograd with wnli",
    }
    assert "left out: wsc (shares the text of winograd with wnli)" in str(held)
    assert get_mixture("flan_without_nli_train").parts[0][1] == ExamplesProportional(cap=3000)


def test_relations_hold_both_ways_and_only_in_their_collection():
    assert hold_out("flan", category="paraphrase").train_tasks == (
        *("squad_1", "squad_2", "drop", "wsc", "winogrande", "sst2"),
    )
    add_mixture("mine", ["rte", "mrpc", "wsc"], rate=1.0)
    assert hold_out("mine", category="paraphrase").train_tasks == ("rte", "wsc")


def test_a_task_without_a_train_split_is_tested_on_but_never_trained_on():
    held = hold_out("flan", category="coreference")
    assert set(held.evaluation_tasks) == {"wsc", "winogrande", "wsc273"}
    assert dict(held.left_out) == {"wnli": "shares the text of winograd with wsc"}
    assert "wsc273" not in hold_out("flan", category="sentiment").train_tasks


def test_several_categories_are_held_out_together():
    held = hold_out("flan", category=["nli", "coreference"])
    assert held.train == "flan_without_nli_and_coreference_train"
    assert held.evaluation == "flan_nli_and_coreference_eval"
    assert held.train_tasks == ("drop", "sst2")


def test_training_on_some_categories_only_leaves_out_what_those_would_give_away():
    held = hold_out("flan", "nli", train_categories=["reading", "sentiment"], name="flan_2")
    assert held.train == "flan_2_train"
    assert held.train_tasks == ("drop", "sst2")
    assert {task for task, _ in held.left_out} == {"squad_1", "squad_2"}


def test_holding_out_again_gives_the_same_mixtures_and_another_rate_needs_another_name():
    assert hold_out("flan", "sentiment") == hold_out("flan", "sentiment")
    with pytest.raises(TaskError, match="already registered with other tasks or rates"):
        hold_out("flan", "sentiment", rate=1.0)


def test_single_tasks_are_held_out_with_those_of_the_same_text():
    held = hold_out_tasks("flan", ["squad_1"], "flan_without_squad")
    assert held.evaluation_tasks == ("squad_1",)
    assert {task for task, _ in held.left_out} == {"qnli", "squad_2"}
    assert len(held.train_tasks) == len(TASKS) - 3


def test_splits_within_categories_hold_out_every_task_in_turn_and_shared_texts_together():
    tested = [set(within_categories("flan", number).evaluation_tasks) for number in range(6)]
    for held in tested:
        categories = [TASKS.get(task, ("coreference",))[0] for task in held]
        # Sentiment is one task and stays in training.
        assert set(categories) == {"nli", "paraphrase", "reading", "coreference"}
        assert ("squad_1" in held) == ("squad_2" in held)
        assert ("wsc" in held) == ("wsc273" in held)
    assert set().union(*tested) == {*TASKS, "wsc273"} - {"sst2"}
    assert {"rte", "qnli", "wnli"} <= tested[0] | tested[1] | tested[2]
    assert get_mixture("flan_within_3_train")


def test_nothing_trained_on_shares_text_with_what_is_tested():
    for number in range(4):
        held = within_categories("flan", number)
        texts = {text for task in held.evaluation_tasks for text in TASKS.get(task, ("", ()))[1]}
        assert not texts & {text for task in held.train_tasks for text in TASKS[task][1]}
        assert not set(held.train_tasks) & set(held.evaluation_tasks)


@pytest.mark.parametrize(
    ("collection", "category", "message"),
    [
        ("flam", "nli", "no task lists the collection 'flam'.*Did you mean 'flan'"),
        ("flan", "nlp", "'flan' has no category 'nlp'.*Did you mean 'nli'"),
        ("flan", "x", "There are: coreference, nli"),
        ("pair", "nli", "'pair_without_nli_train': no task is left to train on"),
        ("blind", "nli", "'blind_nli_eval': no task is left to test on"),
    ],
)
def test_what_cannot_be_held_out_is_told(collection, category, message):
    add("only_train", "nli", splits={"train": "train"})
    add_mixture("pair", ["rte", "mrpc"], rate=1.0)
    add_mixture("blind", ["only_train", "sst2"], rate=1.0)
    relate_categories("pair", [("nli", "paraphrase")])
    with pytest.raises(TaskError, match=message):
        hold_out(collection, category)


def test_a_held_out_task_that_cannot_be_tested_on_is_left_out_and_told():
    add("only_train", "nli", splits={"train": "train"})
    held = hold_out("flan", "nli")
    assert ("only_train", "held out, and has no split to be tested on") in held.left_out
    assert "only_train" not in held.train_tasks + held.evaluation_tasks
