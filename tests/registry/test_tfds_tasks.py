"""TFDS tasks on TFDS's own mock data: real schemas, offline."""

import pytest

from flan_mix.registry import (
    SourceError,
    TaskError,
    TaskSpec,
    TfdsSource,
    add_task,
    num_input_examples,
    task_fingerprint,
)
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary

seqio = pytest.importorskip("seqio")
tfds = pytest.importorskip("tensorflow_datasets")
tf = pytest.importorskip("tensorflow")
from flan_mix.registry.rendering import render  # noqa: E402

SPLITS = {"train": "train[:30]", "validation": "validation"}


@pytest.fixture(autouse=True)
def _mocked(monkeypatch):
    """TFDS invents 20 rows of every dataset; SeqIO forgets the builders of other tests."""
    monkeypatch.setattr(seqio.LazyTfdsLoader, "_MEMOIZED_BUILDERS", {})
    with tfds.testing.mock_data(num_examples=20):
        yield


def make_spec(name="toy", **changes):
    settings = {
        "category": "toys",
        "source": TfdsSource("super_glue/rte:1.0.2", SPLITS),
        "fields": {"premise": "premise", "hypothesis": "hypothesis"},
        "templates": [
            Template("{premise}", "{hypothesis}"),
            Template("{hypothesis}!", "{premise}"),
        ],
        "vocabulary": ByteVocabulary(),
    }
    return TaskSpec(name, **(settings | changes))


def with_labels(row):
    options = tf.constant(["entailment", "not_entailment"])
    return {**row, "options": options, "answer": tf.gather(options, row["label"] % 2)}


def test_a_mapping_renders_with_tfds_ids():
    add_task(make_spec())
    examples = list(render("toy", "train"))
    assert len({example.id for example in examples}) == len(examples) == 20
    assert all(example.id.startswith("super_glue-") for example in examples)
    task = seqio.TaskRegistry.get("toy")
    assert type(task) is seqio.Task
    assert isinstance(task.source, seqio.TfdsDataSource)
    rows = task.get_dataset(split="train", shuffle=False, seed=0).as_numpy_iterator()
    assert [row["inputs_pretokenized"].decode() for row in rows] == [e.inputs for e in examples]


@pytest.mark.parametrize(
    ("given", "template", "fault"),
    [
        ({"options": []}, "{premise}\n{options}", "shows options, and a row has fewer than 1"),
        ({"turns": ["hi"]}, "{turns_before} {premise}", "shows turns, and a row has fewer than 2"),
    ],
)
def test_a_row_without_what_a_template_shows_stops_the_reading(given, template, fault):
    def fields(row):
        lists = {name: tf.constant(items, tf.string) for name, items in given.items()}
        return {**row, **lists, "answer": "x"}

    add_task(make_spec(fields=fields, templates=[Template(template, "{answer}")]))
    for name in ("toy", "toy.few_shot"):
        with pytest.raises(
            TaskError, match=f"task toy: a template {fault}.* The row is super_glue-"
        ):
            list(render(name, "train"))


def test_a_function_on_tensors_gives_options_answer_and_references():
    templates = [Template("{premise} {options}", "{answer}")]
    add_task(make_spec(fields=with_labels, templates=templates))
    for example in render("toy", "validation"):
        assert example.options == ("entailment", "not_entailment")
        assert example.targets == example.answer
        assert example.answer in example.options
        assert "entailment" in example.inputs


def test_numbers_become_digits_and_own_ids_are_kept():
    add_task(make_spec(fields={"id": "idx", "label": "label"}, templates=[Template("{label}", "")]))
    for example in render("toy", "train"):
        assert int(example.id) >= 0
        assert example.inputs in ("0", "1")


def test_sharding_and_shuffling_change_no_text():
    add_task(make_spec())
    task = seqio.TaskRegistry.get("toy")
    joined = {}
    for index in range(2):
        info = seqio.ShardInfo(index, 2)
        dataset = task.get_dataset(split="train", shuffle=True, seed=0, shard_info=info)
        for row in dataset.as_numpy_iterator():
            assert row["id"].decode() not in joined
            joined[row["id"].decode()] = row["inputs_pretokenized"].decode()
    assert joined == {example.id: example.inputs for example in render("toy", "train")}


def test_a_cap_keeps_the_same_rows_and_is_counted():
    add_task(make_spec(cap=7))
    add_task(make_spec(name="whole"))
    kept = [example.id for example in render("toy", "train")]
    assert len(kept) == num_input_examples("toy", "train") == 7
    whole = [example.id for example in render("whole", "train")]
    assert kept == [each for each in whole if each in set(kept)]
    assert kept != whole[:7]
    assert len(list(render("toy", "validation"))) == 20


def test_a_filter_is_applied_before_the_cap_and_counted():
    source = TfdsSource("super_glue/rte:1.0.2", SPLITS, keep=lambda row: row["label"] == 0)
    fields = {"label": "label", "premise": "premise"}
    templates = [Template("{label}", "{premise}")]
    add_task(make_spec(source=source, fields=fields, templates=templates))
    add_task(make_spec("capped", source=source, fields=fields, templates=templates, cap=3))
    kept = list(render("toy", "train"))
    assert 0 < len(kept) < 20
    assert {example.inputs for example in kept} == {"0"}
    assert num_input_examples("toy", "train") == len(kept)
    assert num_input_examples("capped", "train") == 3
    rendering = render("capped", "train")
    assert len(list(rendering)) == rendering.counts.kept == 3
    assert rendering.counts.capped == len(kept) - 3


def test_the_count_of_a_prepared_dataset_is_tfds_own():
    add_task(make_spec(cap=1000))
    builder = seqio.TaskRegistry.get("toy").source.tfds_dataset.builder
    info = tfds.core.SplitInfo(name="train", shard_lengths=[1200, 1290], num_bytes=0)
    builder.info.set_splits(tfds.core.splits.SplitDict([info]))
    assert num_input_examples("toy", "train") == 30


def test_an_unknown_split_is_told_with_those_there_are():
    add_task(make_spec())
    with pytest.raises(TaskError, match="no split 'test'; there are: train, validation"):
        render("toy", "test")
    with pytest.raises(SourceError, match="no split 'test'; there are: train, validation"):
        task_fingerprint("toy", "test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"fields": {"premise": "premis", "hypothesis": "hypothesis"}},
            r"field 'premise': super_glue/rte:1.0.2 has no column 'premis'; there are: .*"
            "Did you mean 'premise'",
        ),
        ({"fields": lambda row: {"premise": row["premise"]}}, r"shows \{hypothesis\}; the fields"),
        (
            {"fields": lambda row: {**row, "premise": row["premise"][tf.newaxis]}},
            "field 'premise' must be text, not a tensor of type string and shape",
        ),
        (
            {"fields": lambda row: {**row, "premise": tf.constant(0.5)}},
            "field 'premise' must be text, not a tensor of type float32",
        ),
        (
            {"fields": lambda row: row, "templates": [Template("{options}", "{premise}")]},
            r"shows \{options\}; no field gives them",
        ),
    ],
)
def test_fields_that_do_not_fit_are_told(changes, message):
    add_task(make_spec(**changes))
    with pytest.raises(TaskError, match=message):
        list(render("toy", "train"))
