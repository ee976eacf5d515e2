"""Tasks that somebody else registered with SeqIO are read, counted and scored as they are."""

import functools

import numpy as np
import pytest

from flan_mix.registry import TaskError, num_input_examples, resolve, task_fingerprint
from flan_mix.vocabularies import train_sentencepiece

seqio = pytest.importorskip("seqio")
tf = pytest.importorskip("tensorflow")
from flan_mix.registry.rendering import render  # noqa: E402
from flan_mix.registry.seqio_scoring import metrics_of_seqio_task  # noqa: E402

VOCABULARY = seqio.ByteVocabulary()
FEATURES = {
    "inputs": seqio.Feature(VOCABULARY, add_eos=True),
    "targets": seqio.Feature(VOCABULARY, add_eos=True),
}
TOKENIZE = [seqio.preprocessors.tokenize, seqio.preprocessors.append_eos]


def dataset(split, shuffle_files=False, seed=None):
    del shuffle_files, seed
    letters = ["a", "b", "b", "c", "d"][: 5 if split == "train" else 3]
    return tf.data.Dataset.from_tensor_slices({"text": letters})


@seqio.map_over_dataset
def ask(row):
    return {"inputs": "say " + row["text"], "targets": row["text"], "answers": [row["text"], "x"]}


@seqio.map_over_dataset(num_seeds=1)
def ask_at_random(row, seed):
    number = tf.random.stateless_uniform([], seed, maxval=10**6, dtype=tf.int32)
    return {"inputs": tf.strings.as_string(number), "targets": row["text"]}


@pytest.fixture
def add_foreign():
    """Registers a task with SeqIO itself, for one test."""
    names = []

    def add(name="theirs", preprocessors=(ask,), **settings):
        source = settings.pop("source", None) or seqio.FunctionDataSource(
            dataset, splits=["train", "validation"]
        )
        names.append(name)
        return seqio.TaskRegistry.add(
            name,
            source=source,
            preprocessors=[*preprocessors, *TOKENIZE],
            output_features=settings.pop("output_features", FEATURES),
            **settings,
        )

    yield add
    for name in names:
        seqio.TaskRegistry.remove(name)


def test_a_foreign_task_keeps_the_tokens_it_produces(add_foreign):
    task = add_foreign()
    examples = list(render("theirs", "train"))
    rows = list(task.get_dataset(split="train", shuffle=False).as_numpy_iterator())
    assert len(examples) == len(rows) == num_input_examples("theirs", "train") == 5
    for example, row in zip(examples, rows, strict=True):
        np.testing.assert_array_equal(example.tokens["inputs"], row["inputs"])
        np.testing.assert_array_equal(example.tokens["targets"], row["targets"])
        assert example.tokens["targets"][-1] == VOCABULARY.eos_id
        assert (example.inputs, example.template) == ("say " + example.targets, -1)
    assert [example.targets for example in examples] == ["a", "b", "b", "c", "d"]


def test_a_foreign_task_resolves_to_itself(add_foreign):
    add_foreign()
    assert resolve("theirs") == (("theirs", 1.0),)


def test_ids_without_any_are_hashes_with_a_counter(add_foreign):
    add_foreign()
    first, second, third, *_ = (example.id for example in render("theirs", "train"))
    assert third == f"{second}~2"
    assert len(first) == len(second) == 16
    skipped = [example.id for example in render("theirs", "train", skip=2)]
    assert skipped[0] == third


def test_own_ids_are_kept(add_foreign):
    @seqio.map_over_dataset
    def with_id(row):
        return {"id": "no. " + row["text"], "inputs": row["text"], "targets": row["text"]}

    add_foreign(preprocessors=[with_id])
    found = [example.id for example in render("theirs", "train")]
    assert found == ["no. a", "no. b", "no. b~2", "no. c", "no. d"]


def test_random_preprocessors_draw_by_seed_and_pass(add_foreign):
    add_foreign(preprocessors=[ask_at_random])

    def texts(**draws):
        return [example.inputs for example in render("theirs", "train", **draws)]

    assert texts(seed=1, pass_index=1) == texts(seed=1, pass_index=1)
    assert len({tuple(texts(seed=s, pass_index=p)) for s in (0, 1) for p in (0, 1)}) == 4


def test_texts_that_were_not_kept_are_decoded():
    bare = functools.partial(seqio.preprocessors.tokenize, copy_pretokenized=False)
    seqio.TaskRegistry.add(
        "bare",
        source=seqio.FunctionDataSource(dataset, splits=["train"]),
        preprocessors=[ask, bare],
        output_features=FEATURES,
    )
    try:
        example = next(render("bare", "train"))
        assert (example.inputs, example.targets) == ("say a", "a")
    finally:
        seqio.TaskRegistry.remove("bare")


def test_an_unknown_name_is_answered_with_the_nearest(add_foreign):
    add_foreign()
    with pytest.raises(TaskError, match=r"no task or mixture 'thiers'. Did you mean 'theirs'"):
        render("thiers", "train")


def test_the_fingerprint_follows_source_preprocessors_and_tag(add_foreign, tmp_path):
    (tmp_path / "a.txt").write_text("a\nb\n")

    def lines(**settings):
        return seqio.TextLineDataSource({"train": str(tmp_path / "a.txt")}, **settings)

    def suffixed(suffix):
        return seqio.map_over_dataset(lambda x: {"inputs": x, "targets": x + suffix})

    add_foreign("one", [suffixed("!")], source=lines())
    add_foreign("same", [suffixed("!")], source=lines())
    add_foreign("other_suffix", [suffixed("?")], source=lines())
    add_foreign("other_source", [suffixed("!")], source=lines(skip_header_lines=1))

    def fingerprint(name, **settings):
        return task_fingerprint(name, "train", **settings)

    one = fingerprint("one")
    assert fingerprint("same") == one
    assert fingerprint("other_suffix") != one
    assert fingerprint("other_source") != one
    assert fingerprint("one", tag="v2") != one
    (tmp_path / "a.txt").write_text("a\nb\nc\n")
    assert fingerprint("one") != one


def test_reading_a_foreign_task_leaves_its_fingerprint(add_foreign, tmp_path):
    """SeqIO's vocabularies and sources load themselves when they are first used."""
    train_sentencepiece(["say a", "say b c d", "d c b a"], tmp_path / "model", 12)
    feature = seqio.Feature(seqio.SentencePieceVocabulary(str(tmp_path / "model")))
    add_foreign(output_features={"inputs": feature, "targets": feature})
    before = task_fingerprint("theirs", "train")
    assert len(list(render("theirs", "train"))) == 5
    assert task_fingerprint("theirs", "train") == before


def accuracy(targets, predictions):
    right = [target == made for target, made in zip(targets, predictions, strict=True)]
    return {"accuracy": 100 * float(np.mean(right)), "note": seqio.metrics.Text("so")}


def any_answer(targets, predictions):
    assert all(isinstance(target, list) for target in targets)
    right = [made in target for target, made in zip(targets, predictions, strict=True)]
    return {"any": 100 * float(np.mean(right))}


def likelihood(targets, scores):
    return {"likelihood": float(np.mean(scores))}


def lower(text, example=None, is_target=False):
    return text.lower()


def number(text, example=None, is_target=False):
    return {"a": 0, "b": 1}.get(text, -1)


def answers(text, example=None, is_target=False):
    return [answer.decode() for answer in example["answers"]] if is_target else text


def scores_of(name, prediction, example):
    """As evaluation scores it: references where there are some, else the target."""
    references = example.references or (example.targets,)
    found = {}
    for metric in metrics_of_seqio_task(name):
        scores = metric.score_example(prediction, references)
        assert tuple(scores) == metric.keys
        found.update(scores)
    return found


@pytest.mark.parametrize(
    ("postprocess", "metric", "right", "wrong"),
    [
        (None, accuracy, "a", "A"),
        (lower, accuracy, "A", "b"),
        (number, accuracy, "a", "b"),
        (answers, any_answer, "x", "b"),
    ],
)
def test_foreign_metrics_score_what_seqios_evaluator_would(
    add_foreign, postprocess, metric, right, wrong
):
    if metric is any_answer:
        # Its keys cannot be learnt from text alone; a list is what its postprocessing gives.
        postprocess_fn = lambda text, example=None, is_target=False: (  # noqa: E731
            answers(text, example, is_target) if example else [text] if is_target else text
        )
    else:
        postprocess_fn = postprocess
    add_foreign(postprocess_fn=postprocess_fn, metric_fns=[metric, likelihood])
    example = next(render("theirs", "validation"))
    assert set(scores_of("theirs", right, example).values()) == {100.0}
    assert set(scores_of("theirs", wrong, example).values()) == {0.0}


def test_training_examples_carry_no_references(add_foreign):
    add_foreign(postprocess_fn=lower)
    assert next(render("theirs", "train")).references == ()
