"""Our tasks are plain SeqIO tasks: who knows only SeqIO can read, shard, pack and score them."""

import dataclasses

import pytest

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskError, add_mixture, add_task, num_input_examples
from flan_mix.templates import Template

seqio = pytest.importorskip("seqio")

TEMPLATES = [
    Template("{q}? {options}", "{a}"),
    Template("Tell me: {q}", "It is {a}."),
    Template("{a}", "{q}", inverted=True),
]


@pytest.fixture
def task(make_spec, toy_rows):
    spec = make_spec(
        toy_rows(40),
        validation=toy_rows(9, start=100),
        templates=TEMPLATES,
        fields=lambda row: {**row, "options": [row["a"], "none"], "answer": row["a"]},
        metrics=[accuracy],
    )
    add_task(spec)
    return seqio.TaskRegistry.get("toy")


def texts(dataset):
    return {
        row["id"].decode(): (row["inputs_pretokenized"].decode(), row["targets_pretokenized"])
        for row in dataset.as_numpy_iterator()
    }


def test_a_task_is_exactly_a_seqio_task(task):
    assert type(task) is seqio.Task
    assert seqio.get_mixture_or_task("toy") is task
    assert tuple(task.splits) == ("train", "validation")
    assert task.num_input_examples("train") == num_input_examples("toy", "train") == 40


def test_tokens_are_the_text_with_eos(task):
    row = next(iter(task.get_dataset(split="validation", shuffle=False).as_numpy_iterator()))
    vocabulary = task.output_features["inputs"].vocabulary
    assert vocabulary.decode(row["inputs"].tolist()) == row["inputs_pretokenized"].decode()
    assert row["inputs"][-1] == row["targets"][-1] == vocabulary.eos_id


def test_shards_and_shuffling_change_no_text(task):
    whole = texts(task.get_dataset(split="train", shuffle=False, seed=1))
    assert len(whole) == 40
    joined = {}
    for index in range(3):
        info = seqio.ShardInfo(index, 3)
        part = texts(task.get_dataset(split="train", shuffle=True, seed=1, shard_info=info))
        assert not joined.keys() & part.keys()
        joined |= part
    assert joined == whole


def test_the_map_seed_is_the_pass(task):
    def drawn(seed):
        return texts(task.get_dataset(split="train", shuffle=False, seed=seed))

    first, second = drawn(0), drawn(1)
    assert drawn(1) == second
    assert drawn(None) == first
    assert all(first[each] != second[each] for each in first)  # The next template of three.


def test_shuffling_shuffles(task):
    orders = [
        [row["id"] for row in task.get_dataset(shuffle=True, seed=s).as_numpy_iterator()]
        for s in (1, 2)
    ]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_inverted_templates_stay_out_of_validation(task):
    rows = task.get_dataset(split="validation", shuffle=False).as_numpy_iterator()
    assert {int(row["template"]) for row in rows} <= {0, 1}


def test_seqios_own_packing_and_batching_take_it(task):
    dataset = seqio.get_dataset(
        "toy",
        {"inputs": 128, "targets": 64},
        seqio.EncDecFeatureConverter(pack=True),
        dataset_split="train",
        shuffle=True,
        seed=3,
        num_epochs=2,
    )
    batch = next(iter(dataset.batch(2).as_numpy_iterator()))
    assert batch["encoder_input_tokens"].shape == (2, 128)
    assert batch["decoder_segment_ids"].max() > 1


def test_a_mixture_is_exactly_a_seqio_mixture_and_mixes(make_spec, toy_rows, task):
    add_task(make_spec(toy_rows(30, start=200), name="other"))
    add_mixture("both", ["toy", "other"], rate=1.0)
    mixture = seqio.get_mixture_or_task("both")
    assert type(mixture) is seqio.Mixture
    dataset = mixture.get_dataset(
        {"inputs": 64, "targets": 64}, split="train", seed=1, shuffle=True, num_epochs=1
    )
    assert set(dataset.element_spec) == {"inputs", "targets"}
    assert sum(1 for _ in dataset) > 30


def test_seqios_evaluator_scores_it(task):
    evaluator = seqio.Evaluator(
        "toy",
        feature_converter=seqio.EncDecFeatureConverter(pack=False),
        eval_split="validation",
    )

    def predict(dataset):
        answers = [bytes(row["targets_pretokenized"]).decode() for row in reference]
        tokens = [[*vocabulary.encode(answer), 1] for answer in ["wrong", *answers[1:]]]
        return [(index, ids + [0] * (40 - len(ids))) for index, ids in enumerate(tokens)]

    vocabulary = task.output_features["targets"].vocabulary
    # 42 is the seed with which the evaluator reads the split.
    rows = task.get_dataset(split="validation", shuffle=False, seed=42)
    reference = list(rows.as_numpy_iterator())
    results, _ = evaluator.evaluate(compute_metrics=True, step=0, predict_fn=predict, score_fn=None)
    assert results.result()["toy"]["accuracy"] == pytest.approx(100 * 8 / 9)


def test_postprocessing_reaches_predictions_and_every_reference(make_spec):
    add_task(make_spec([], postprocess=str.upper))
    task = seqio.TaskRegistry.get("toy")
    assert task.postprocess_fn("so", example={}, is_target=False) == "SO"
    example = {"references": [b"a", "ŷ".encode()]}
    assert task.postprocess_fn("so", example=example, is_target=True) == ["A", "Ŷ"]
    assert task.postprocess_fn("so", example={"references": []}, is_target=True) == ["SO"]


def test_a_name_that_seqio_holds_is_refused(make_spec, task):
    seqio.TaskRegistry.add("theirs", source=task.source, output_features=task.output_features)
    seqio.MixtureRegistry.add("their_mixture", [("theirs", 1.0)])
    try:
        for name in ("theirs", "their_mixture"):
            with pytest.raises(TaskError, match=f"'{name}' is already registered with SeqIO"):
                add_task(make_spec([], name=name))
        with pytest.raises(TaskError, match="already registered with SeqIO"):
            add_mixture("theirs", ["toy"], rate=1.0)
    finally:
        seqio.MixtureRegistry.remove("their_mixture")
        seqio.TaskRegistry.remove("theirs")


def test_a_cap_counts_the_same_everywhere(make_spec, toy_rows):
    spec = make_spec(toy_rows(50), cap=20, fields=lambda r: None if "1" in r["id"] else r)
    add_task(spec)
    task = seqio.TaskRegistry.get("toy")
    read = sum(1 for _ in task.get_dataset(split="train", shuffle=False))
    assert read == task.num_input_examples("train") == num_input_examples("toy", "train") == 20
    larger = dataclasses.replace(spec, name="larger", cap=1000)
    add_task(larger)
    assert num_input_examples("larger", "train") == 50 - 14


def test_a_bad_row_reaches_a_seqio_user_with_its_place(make_spec, toy_rows):
    add_task(make_spec([*toy_rows(2), {"id": "x", "q": "no answer"}]))
    task = seqio.TaskRegistry.get("toy")
    with pytest.raises(Exception, match=r"toy\.train\.jsonl, line 3, field 'a': missing column"):
        list(task.get_dataset(split="train", shuffle=False))
