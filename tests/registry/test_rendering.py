"""Rendering gives what the plain SeqIO task gives, faster, with all that evaluation needs."""

import itertools

import pytest

from flan_mix.registry import BadRowError, TaskError, add_task
from flan_mix.templates import Template
from flan_mix.templates.draw import Draw

seqio = pytest.importorskip("seqio")
from flan_mix.registry.rendering import RenderedExample, render  # noqa: E402

TEMPLATES = [
    Template("{q}? {options}", "{a}", name="list"),
    Template("Tell me: {q}", "It is {a}."),
    Template("{a}", "{q}", inverted=True),
]


def fields(row):
    extra = [f"extra {i}" for i in range(int(row["id"].removeprefix("row-")) % 3)]
    options = [row["a"], "none", *extra]
    return {**row, "options": options, "answer": row["a"], "references": [row["a"], "ŷ"]}


@pytest.fixture
def make_task(make_spec, toy_rows):
    return lambda examples: add_task(
        make_spec(
            toy_rows(examples),
            validation=toy_rows(30),
            templates=TEMPLATES,
            fields=fields,
            metrics=[],
            seed=5,
        )
    )


@pytest.fixture
def spec(make_task):
    return make_task(60)


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize("pass_index", [0, 1])
def test_rendering_is_what_seqio_gives(spec, split, pass_index):
    ours = list(render("toy", split, pass_index=pass_index))
    task = seqio.TaskRegistry.get("toy")
    dataset = task.get_dataset(split=split, shuffle=False, seed=pass_index)
    for example, row in zip(ours, dataset.as_numpy_iterator(), strict=True):
        assert example.id == row["id"].decode()
        assert example.template == row["template"]
        assert example.inputs == row["inputs_pretokenized"].decode()
        assert example.targets == row["targets_pretokenized"].decode()
        assert example.options == tuple(text.decode() for text in row["options"])


def test_every_part_of_an_example_is_there(spec):
    examples = {example.id: example for example in render("toy", "train", seed=3)}
    draws = {
        purpose: Draw(purpose, registered_seed=5, seed=3) for purpose in ("template", "options")
    }
    for number in range(60):
        row_id, question, answer = (f"{kind} {number}" for kind in ("row", "question", "answer"))
        row_id = row_id.replace(" ", "-")
        drawn = draws["template"].index(row_id, len(TEMPLATES))
        style = spec.option_styles[draws["options"].index(row_id, 2)]
        options = fields({"id": row_id, "a": answer})["options"]
        text = TEMPLATES[drawn].render(
            {"q": question, "a": answer, "options": style.render(options)}
        )
        assert examples[row_id] == RenderedExample(
            id=row_id,
            template=drawn,
            inputs=text.inputs,
            targets=text.targets,
            references=() if drawn == 2 else (answer, "ŷ"),
            options=tuple(options),
            answer=answer,
            option_style=style.name if drawn == 0 else None,
            tokens=None,
        )


def test_seeds_and_passes_draw_anew_and_the_same_ones_again(spec):
    def texts(**draws):
        return [example.inputs for example in render("toy", "train", **draws)]

    assert texts(seed=1, pass_index=2) == texts(seed=1, pass_index=2)
    for one, other in itertools.combinations(
        [texts(), texts(seed=1), texts(pass_index=1), texts(seed=1, pass_index=1)], 2
    ):
        assert one != other


def test_as_many_passes_as_templates_put_each_example_into_all_words(spec):
    passes = [list(render("toy", "train", pass_index=i)) for i in range(3)]
    for examples in zip(*passes, strict=True):
        assert len({example.id for example in examples}) == 1
        assert sorted(example.template for example in examples) == [0, 1, 2]
        assert len({example.inputs for example in examples}) == 3


def test_skipping_leaves_out_the_first_examples(make_task):
    make_task(600)
    whole = list(render("toy", "train"))
    assert len(whole) == 600
    for skip in (1, 511, 512, 599, 600, 5000):
        assert list(render("toy", "train", skip=skip)) == whole[skip:]


def test_counts_say_what_became_of_every_row(make_spec, toy_rows):
    rows = [*toy_rows(50), {"id": "bad"}, {"id": "worse", "q": 1.5, "a": ""}]
    add_task(make_spec(rows, source={"on_bad_row": "skip"}, cap=20))
    rendering = render("toy", "train")
    assert len(list(rendering)) == 20
    counts = rendering.counts
    assert (counts.read, counts.kept, counts.capped) == (52, 20, 30)
    assert counts.skipped == {"missing column": 1, "wrong type": 1}


def test_a_bad_row_stops_as_itself(make_spec, toy_rows):
    add_task(make_spec([*toy_rows(2), {"id": "x", "q": "no answer"}]))
    with pytest.raises(BadRowError) as caught:
        list(render("toy", "train"))
    assert (caught.value.line, caught.value.field) == (3, "a")


def test_a_missing_file_stops_as_itself(make_spec, tmp_path):
    add_task(make_spec([]))
    (tmp_path / "toy.train.jsonl").unlink()
    with pytest.raises(FileNotFoundError, match=r"toy\.train\.jsonl"):
        list(render("toy", "train"))


def test_an_unknown_task_is_answered_with_the_nearest(spec):
    with pytest.raises(TaskError, match="'toyy'"):
        render("toyy", "train")


def test_an_empty_split_renders_nothing(make_spec):
    add_task(make_spec([]))
    assert list(render("toy", "train")) == []


def test_templates_without_fields_render(make_spec, toy_rows):
    add_task(make_spec(toy_rows(3), templates=[Template("say it", "it")]))
    assert [(e.inputs, e.targets) for e in render("toy", "train")] == [("say it", "it")] * 3


def test_seqios_offline_cache_serves_as_the_source(spec, tmp_path):
    """Written as SeqIO's own cache job writes it, and drawn from anew in each pass."""
    write_seqio_cache(seqio.TaskRegistry.get("toy"), tmp_path / "cache")
    seqio.add_global_cache_dirs([str(tmp_path / "cache")])
    try:
        for pass_index in (0, 1):
            direct = list(render("toy", "train", pass_index=pass_index))
            assert list(render("toy", "train", pass_index=pass_index, use_cached=True)) == direct
    finally:
        seqio.set_global_cache_dirs([])


def write_seqio_cache(task, folder):
    import json

    import tensorflow as tf

    directory = folder / seqio.utils.get_task_dir_from_name(task.name)
    directory.mkdir(parents=True)
    rows = list(task.source.get_dataset("train", shuffle=False).as_numpy_iterator())
    with tf.io.TFRecordWriter(str(directory / "train.tfrecord-00000-of-00001")) as writer:
        for row in rows:
            writer.write(seqio.utils.dict_to_tfexample(row).SerializeToString())
    spec = task.source.get_dataset("train", shuffle=False).element_spec
    features = {
        name: {"shape": list(tensor.shape), "dtype": tensor.dtype.name}
        for name, tensor in spec.items()
    }
    (directory / "info.train.json").write_text(
        json.dumps({"num_shards": 1, "features": features, "seqio_version": "0"})
    )
    (directory / "stats.train.json").write_text(json.dumps({"examples": len(rows)}))
    (directory / "COMPLETED").write_text("")
