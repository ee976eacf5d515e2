"""Variants of a task: which there are, what they draw from; all are plain SeqIO tasks."""

import dataclasses

import pytest

from flan_mix.registry import (
    TaskError,
    add_mixture,
    add_task,
    get_task,
    is_task,
    remove,
    resolve,
    task_fingerprint,
    task_names,
    variant_names,
)
from flan_mix.templates import Template

TEMPLATES = [
    Template("{q}? {options}", "{answer}"),
    Template("Tell me: {q}", "{answer}"),
    Template("{answer}", "{q}", inverted=True),
    Template("Say {q} or else {options}", "{answer}!"),
]
ALL = (
    "zero_shot",
    "no_options",
    "few_shot",
    "few_shot_no_options",
    "template_0",
    "template_1",
    "template_2",
    "template_3",
    "rank",
    "inverted",
)


def fields(row):
    return {**row, "options": [row["a"], "none"], "answer": row["a"]}


@pytest.fixture
def spec(make_spec, toy_rows):
    rows = toy_rows(40)
    return add_task(
        make_spec(rows, validation=toy_rows(9, 100), templates=TEMPLATES, fields=fields)
    )


def test_a_task_has_the_variants_that_its_templates_make(spec, make_spec, toy_rows):
    assert variant_names(spec) == ALL
    plain = make_spec(toy_rows(3), name="plain", templates=[Template("{q}", "{a}")])
    assert variant_names(plain) == (
        "zero_shot",
        "no_options",
        "few_shot",
        "few_shot_no_options",
        "template_0",
    )


def test_variants_draw_from_the_templates_they_are_named_for(spec):
    drawn = {name: get_task(f"toy.{name}").drawn for name in ALL}
    assert drawn["zero_shot"] == drawn["few_shot"] == (0, 3)
    assert drawn["no_options"] == drawn["few_shot_no_options"] == (1,)
    assert drawn["rank"] == (0, 1, 3)
    assert drawn["inverted"] == drawn["template_2"] == (2,)


def test_variants_are_found_by_name_and_never_listed(spec):
    assert all(is_task(f"toy.{name}") for name in ALL)
    assert task_names() == ("toy",)
    assert not is_task("toy.template_9")
    with pytest.raises(TaskError, match=r"no variant 'few_shots'.*Did you mean 'few_shot'"):
        get_task("toy.few_shots")


def test_a_mixture_may_have_variants_as_parts(spec):
    add_mixture("halves", ["toy.zero_shot", "toy.few_shot"], rate=1.0)
    assert [part.task for part in resolve("halves")] == ["toy.few_shot", "toy.zero_shot"]
    with pytest.raises(TaskError, match="part of mixture 'halves'"):
        remove("toy")
    with pytest.raises(TaskError, match="no variant 'twelve_shot'"):
        add_mixture("wrong", ["toy.twelve_shot"], rate=1.0)


def test_a_variants_name_is_taken(spec):
    with pytest.raises(TaskError, match="already the name of a task"):
        add_mixture("toy.rank", ["toy"], rate=1.0)


def test_every_variant_has_a_fingerprint_of_its_own(spec):
    prints = {task_fingerprint(name, "train") for name in ["toy", *(f"toy.{v}" for v in ALL)]}
    assert len(prints) == 1 + len(ALL)


@pytest.mark.slow
def test_every_variant_is_a_plain_seqio_task_that_gives_what_rendering_gives(spec):
    seqio = pytest.importorskip("seqio")
    from flan_mix.registry.rendering import render

    for name in ["toy", *(f"toy.{variant}" for variant in ALL)]:
        task = seqio.TaskRegistry.get(name)
        assert type(task) is seqio.Task
        dataset = task.get_dataset(split="validation", shuffle=False, seed=0)
        rows = list(dataset.as_numpy_iterator())
        ours = list(render(name, "validation"))
        assert [row["id"].decode() for row in rows] == [example.id for example in ours]
        assert [row["inputs_pretokenized"].decode() for row in rows] == [e.inputs for e in ours]
        assert [row["targets_pretokenized"].decode() for row in rows] == [e.targets for e in ours]
    remove("toy")
    assert "toy.few_shot" not in seqio.TaskRegistry.names()


def test_a_ranked_row_is_an_example_for_each_option(spec):
    pytest.importorskip("seqio")
    from flan_mix.registry.rendering import render

    examples = list(render("toy.rank", "validation"))
    assert len(examples) == 2 * 9
    for right, wrong in zip(examples[::2], examples[1::2], strict=True):
        assert right.id.removesuffix("#0") == wrong.id.removesuffix("#1")
        assert (right.inputs, right.template) == (wrong.inputs, wrong.template)
        assert (right.option, wrong.option) == (right.answer, "none")
    assert list(render("toy.rank", "validation", skip=7)) == examples[7:]


def test_seqio_scores_a_ranked_task_by_its_likeliest_options(spec):
    seqio = pytest.importorskip("seqio")

    task = seqio.TaskRegistry.get("toy.rank")
    dataset = task.get_dataset(split="validation", shuffle=False, seed=0)
    targets = [
        task.postprocess_fn(row["targets_pretokenized"], example=row, is_target=True)
        for row in dataset.as_numpy_iterator()
    ]
    (metric,) = task.score_metric_fns
    first_likelier = [-1.0, -2.0] * 6 + [-2.0, -1.0] * 3
    assert metric(targets, first_likelier) == {"rank_accuracy": pytest.approx(100 * 6 / 9)}


def test_a_variant_differs_from_its_task_in_name_and_templates_alone(spec):
    made = get_task("toy.few_shot")
    expected = dataclasses.replace(spec, name="toy.few_shot", variant="few_shot", drawn=(0, 3))
    assert made == expected
    assert made.text_fields == spec.text_fields
    assert (spec.name, spec.variant, spec.drawn) == ("toy", "", None)
