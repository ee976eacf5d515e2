"""FLAN 2022: blocks at their published shares, four forms of every task, what is missing said."""

import json
from collections import Counter

import pytest

from flan_mix.registry import (
    TaskError,
    get_mixture,
    get_task,
    holding_out,
    is_mixture,
    remove,
    resolve,
    variant_names,
)
from flan_mix.tasks import flan2021, flan2022
from flan_mix.tasks.dialogue import add_dialogue_task
from flan_mix.tasks.super_natural_instructions import register as register_instructions

# Which block a task of the mixture belongs to, told by its name.
BLOCKS = dict.fromkeys(flan2021.TASKS, "flan2021")
BLOCKS |= {spec.name: "flan2021" for spec in holding_out.collection_tasks("flan2022_added")}
BLOCKS |= {spec.name: "dialog" for spec in holding_out.collection_tasks("flan2022_dialog")}
BLOCKS |= {spec.name: "cot" for spec in holding_out.collection_tasks("flan2022_cot")}


@pytest.fixture
def instructions(tmp_path):
    """Two tasks of Super-NaturalInstructions, while the test runs."""
    (tmp_path / "tasks").mkdir()
    for number, rows in ((1, 60), (2, 240)):
        task = {
            "Definition": ["Add."],
            "Categories": ["Question Answering"],
            "Positive Examples": [{"input": "1 + 1", "output": "2", "explanation": "So it is."}],
            "Instances": [{"input": f"{i} + 9", "output": [str(i + 9)]} for i in range(rows)],
        }
        (tmp_path / "tasks" / f"task{number}_sums.json").write_text(json.dumps(task))
    done = register_instructions(tmp_path, index=tmp_path / "index.json")
    made = flan2022.register()
    yield made
    mixtures = [each.name for each in made if each not in flan2022.MIXTURES]
    for name in [*mixtures, *done.mixtures, *done.tasks]:
        remove(name)


def counted(name, split):
    """Every task has 50,000 rows, as if all data were there."""
    return 50_000


def shares(mixture):
    """Block -> its share of the mixture."""
    total = Counter()
    for part in resolve(mixture, counted):
        total[BLOCKS.get(part.task.partition(".")[0], "niv2")] += part.rate
    return {block: rate / total.total() for block, rate in total.items()}


def test_without_the_files_of_a_block_the_name_says_so():
    paper, code = flan2022.MIXTURES
    assert paper.name == "flan2022_without_niv2"
    assert code.name == "flan2022_code_without_niv2"
    assert paper.missing == code.missing == ("t0", "niv2")
    assert "missing: t0, niv2" in str(code)
    of_paper = shares(paper.name)
    assert of_paper.pop("cot") == pytest.approx(1.8 / 47.8)
    assert sum(of_paper.values()) == pytest.approx(46.0 / 47.8)
    published = {"flan2021": 40, "cot": 5, "dialog": 3}
    assert shares(code.name) == pytest.approx({name: of / 48 for name, of in published.items()})
    assert not is_mixture("flan2022")


def test_blocks_have_the_papers_shares_with_those_missing_made_up_for(instructions):
    paper, code = instructions
    assert (paper.name, code.name) == ("flan2022", "flan2022_code")
    published = {"flan2021_and_dialog": 46.0, "niv2": 24.2, "cot": 1.8}
    assert paper.missing == code.missing == ("t0",)
    assert paper.shares == pytest.approx({name: of / 72.0 for name, of in published.items()})
    of_paper = shares("flan2022")
    assert of_paper.pop("flan2021") + of_paper.pop("dialog") == pytest.approx(46.0 / 72.0)
    assert of_paper == pytest.approx({"niv2": 24.2 / 72.0, "cot": 1.8 / 72.0})
    published = {"flan2021": 40, "niv2": 20, "cot": 5, "dialog": 3}
    assert code.shares == pytest.approx({name: of / 68 for name, of in published.items()})
    assert shares("flan2022_code") == pytest.approx(code.shares)
    parts = {part.task: part.rate for part in resolve("flan2022", counted)}
    # 30 and 140 rows to train on, in proportion.
    assert parts["ni_task2_sums"] / parts["ni_task1_sums"] == pytest.approx(140 / 30)


def test_registering_again_changes_nothing():
    assert flan2022.register() == flan2022.MIXTURES


def test_in_the_papers_mixture_a_dialogue_weighs_as_any_task_of_flan_2021():
    rates = Counter()
    for part in resolve("flan2022_flan2021_and_dialog", counted):
        task, _, form = part.task.partition(".")
        rates[task, form] += part.rate
    for form in (*flan2022.FORMS["flan2021_and_dialog"], "inverted"):
        weights = {rates[task, form] for task in ("flan_wiki_dialog", "flan_qrecc", "flan_coqa")}
        assert len({round(weight, 9) for weight in weights}) == 1
        assert min(weights) > 0


def test_dialogues_are_half_zero_shot_half_few_shot_and_inverted_as_often_as_in_flan():
    parts = dict(get_mixture("flan2022_dialog").parts)
    assert parts["flan2022_dialog_zero_shot"] == parts["flan2022_dialog_few_shot"]
    assert parts["flan2022_dialog_inverted"] / sum(parts.values()) == pytest.approx(0.3 / 1.3)
    (_, rate), *_ = get_mixture("flan2022_dialog_zero_shot").parts
    assert rate.cap == 200_000


def test_a_task_that_comes_too_late_to_be_mixed_is_told_so(tmp_path):
    (tmp_path / "talks.jsonl").write_text('{"turns": ["hi", "ho"]}')
    collections = (flan2022.DIALOGUE_COLLECTION,)
    add_dialogue_task("talks", {"train": "talks.jsonl"}, data_dir=tmp_path, collections=collections)
    try:
        with pytest.raises(TaskError, match=r"before flan_mix\.tasks\.flan2022 is imported"):
            flan2022.register()
    finally:
        remove("talks")


def test_a_task_of_flan_2021_comes_in_four_equal_forms_and_inverted():
    rates = Counter()
    for part in resolve("flan2022_flan2021", counted):
        task, _, form = part.task.partition(".")
        if task == "flan_rte":
            rates[form] += part.rate
    forms = ("zero_shot", "no_options", "few_shot", "few_shot_no_options")
    assert set(rates) == {*forms, "inverted"}
    assert len({round(rates[form], 9) for form in forms}) == 1
    block = dict(get_mixture("flan2022_flan2021").parts)
    assert block["flan2022_flan2021_inverted"] == pytest.approx(122 / 700)
    assert sum(block.values()) == pytest.approx(1)


def test_every_task_is_in_every_half_and_with_options_where_it_has_no_template_without():
    instead = {"no_options": "zero_shot", "few_shot_no_options": "few_shot"}
    added = [spec.name for spec in holding_out.collection_tasks("flan2022_added")]
    for form in flan2022.FORMS["flan2021"]:
        parts = [name for name, _ in get_mixture(f"flan2022_flan2021_{form}").parts]
        wanted = []
        for task in [*flan2021.TRAINED_ON, *added]:
            has_form = form in variant_names(get_task(task))
            wanted.append(f"{task}.{form}" if has_form else f"{task}.{instead[form]}")
        assert parts == wanted


def test_caps_are_the_papers_and_hold_the_data_too():
    (_, rate), *_ = get_mixture("flan2022_flan2021_few_shot").parts
    assert rate.cap == 30_000
    (_, rate), *_ = get_mixture("flan2022_cot_zero_shot").parts
    assert rate.cap == 100_000
    for name, block in BLOCKS.items():
        spec = get_task(name)
        if block == "cot" or "train" not in spec.splits:
            continue
        sliced = "[" in str(spec.source.splits["train"])
        assert sliced or spec.cap or name in SMALL, name


# Datasets whose whole train split has at most 30,000 rows; of QReCC's as many pass the filter.
SMALL = {"flan_aeslc", "flan_samsum", "flan_anli_r1", "flan_openbookqa", "flan_qrecc"} | {
    "flan_unified_qa_science_inst"
}


def test_all_nine_chain_of_thought_sets_take_part_and_their_twins_do_not():
    parts = [name.partition(".")[0] for name, _ in get_mixture("flan2022_cot_few_shot").parts]
    assert len(parts) == 9
    assert not any(name.endswith("_direct") for name in parts)


def test_chains_of_thought_are_inverted_as_often_as_in_flan():
    parts = dict(get_mixture("flan2022_cot").parts)
    inverted = parts["flan2022_cot_inverted"]
    assert inverted / sum(parts.values()) == pytest.approx(0.3 / 1.3)
    assert parts["flan2022_cot_zero_shot"] == parts["flan2022_cot_few_shot"]
