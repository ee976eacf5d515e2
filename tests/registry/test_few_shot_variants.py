"""Few-shot variants on files: the pool, the guard, the budget, and independence of shards."""

import importlib
import re

import pytest

from flan_mix.data import build_cache
from flan_mix.data.cache_key import RenderSettings
from flan_mix.registry import (
    ExamplesProportional,
    add_mixture,
    add_task,
    num_input_examples,
    resolve,
)
from flan_mix.runs.task_preview import preview
from flan_mix.templates import FewShot, Template
from flan_mix.templates.draw import Draw
from flan_mix.vocabularies import ByteVocabulary

seqio = pytest.importorskip("seqio")
from flan_mix.registry.rendering import render  # noqa: E402

TEMPLATES = [Template("{q}?", "{a}"), Template("Say: {q}", "{a}!")]


@pytest.fixture
def make_task(make_spec, toy_rows):
    def make(rows=None, **few_shot):
        spec = make_spec(
            rows or toy_rows(60),
            validation=toy_rows(20, 500),
            templates=TEMPLATES,
            few_shot=FewShot(**few_shot),
            seed=4,
        )
        return add_task(spec)

    return make


def test_exemplars_come_from_the_pool_of_the_train_split(make_task):
    make_task(fewest=2, most=3, pool=10)
    ids = [f"row-{i}" for i in range(60)]
    pool = sorted(ids, key=Draw("pool", 4).rank)[:10]
    taken = {e for x in render("toy.few_shot", "validation") for e in x.exemplars}
    assert taken <= set(pool)
    assert len(taken) > 5


def test_on_a_dataset_of_doubles_no_query_ever_sees_itself(make_task):
    """Every question stands there four times, under other ids and with other answers."""
    rows = [{"id": f"r{i}", "q": f"question {i % 15}", "a": f"answer {i}"} for i in range(60)]
    make_task(rows, fewest=3, most=3)
    examples = list(render("toy.few_shot", "train"))
    questions = {row["id"]: row["q"] for row in rows}
    assert len(examples) == 60
    for example in examples:
        asked = [questions[i] for i in example.exemplars]
        assert len(asked) == 3 == len(set(asked))
        assert questions[example.id] not in asked
        assert example.inputs.count(questions[example.id] + "?") <= 1


@pytest.mark.parametrize("mixed", [False, True], ids=["same", "mixed"])
def test_near_duplicates_and_rows_that_a_wording_cannot_tell_apart_are_no_exemplars(
    make_task, make_spec, mixed
):
    """Five rows ask each question: under other ids, in capitals, with more spaces, of other
    answers, on another page, which only one of the wordings shows."""
    rows = []
    for i in range(12):
        forms = [f"what is {i} then", f"WHAT is {i} then", f" what  is\n{i} then "] * 2
        rows += [
            {"id": f"{i}-{j}", "q": form, "a": f"answer {j % 4}", "page": f"page {j // 3}"}
            for j, form in enumerate(forms)
        ]
    add_task(
        make_spec(
            rows,
            fields={name: name for name in ("id", "q", "a", "page")},
            templates=[Template("{page}: {q}?", "{a}"), Template("Say: {q}", "{a}!")],
            few_shot=FewShot(3, 3, mixed_templates=mixed),
        )
    )
    examples = list(render("toy.few_shot", "train"))
    assert len(examples) == len(rows) == 72
    for example in examples:
        number, form = example.id.split("-")
        assert len(example.exemplars) == 3
        for exemplar in example.exemplars:
            other, other_form = exemplar.split("-")
            on_another_page = int(form) // 3 != int(other_form) // 3
            # Where all that is shown tells them apart, it is another question.
            assert other != number or (example.template == 0 and on_another_page)
    told = [example for example in examples if example.template == 1]
    assert len(told) > 20
    for example in told:
        question = f"is {example.id.split('-')[0]} then"
        shown = " ".join(example.inputs.lower().split())
        assert shown.count(question) == 1


@pytest.mark.parametrize("mixed", [False, True], ids=["same", "mixed"])
def test_other_options_make_no_row_an_exemplar_that_has_the_querys_answer(make_spec, mixed):
    rows = [
        {"id": f"r{i}", "q": f"question {i % 9}", "a": f"a {i % 9}", "other": f"other {i}"}
        for i in range(90)
    ]

    def fields(row):
        return {**row, "answer": row["a"], "options": [row["a"], row["other"]]}

    templates = [Template("{q}?\n{options}", "{answer}"), Template("{options}\n{q}:", "{answer}")]
    few_shot = FewShot(3, 3, mixed_templates=mixed)
    add_task(make_spec(rows, fields=fields, templates=templates, few_shot=few_shot))
    questions = {row["id"]: row["q"] for row in rows}
    for example in render("toy.few_shot", "train"):
        assert len(example.exemplars) == 3
        assert questions[example.id] not in [questions[i] for i in example.exemplars]


def rows_of(task, shards=1, **settings):
    """All rows of a plain SeqIO task, as SeqIO's readers share them out."""
    rows = []
    for index in range(shards):
        info = seqio.ShardInfo(index=index, num_shards=shards)
        dataset = task.get_dataset(split="train", shard_info=info, **settings)
        rows += dataset.as_numpy_iterator()
    return rows


@pytest.mark.parametrize("shuffle", [False, True], ids=["in order", "shuffled"])
def test_prompts_depend_neither_on_shards_nor_on_order(make_task, shuffle):
    make_task(most=4)
    task = seqio.TaskRegistry.get("toy.few_shot")

    def prompts(shards, **settings):
        rows = rows_of(task, shards, **settings)
        return {row["id"]: row["inputs_pretokenized"] for row in rows}

    whole = prompts(1, shuffle=False, seed=1)
    assert len(whole) == 60
    assert prompts(4, shuffle=shuffle, seed=1) == whole


def test_under_bare_seqio_too_no_query_ever_sees_itself(make_task):
    rows = [{"id": f"r{i}", "q": f"question {i % 15}", "a": f"answer {i}"} for i in range(60)]
    make_task(rows, fewest=2, most=3)
    questions = {row["id"].encode(): row["q"] for row in rows}
    task = seqio.TaskRegistry.get("toy.few_shot")
    lengths = {"inputs": 80, "targets": 20}
    for row in rows_of(task, 4, shuffle=True, seed=5, sequence_length=lengths):
        shown = [questions[exemplar] for exemplar in row["exemplars"] if exemplar]
        assert len(shown) == row["shots"]
        assert questions[row["id"]] not in shown
        text = row["inputs_pretokenized"].decode()
        asked = sorted([*shown, questions[row["id"]]])
        assert sorted(re.findall(r"question \d+", text)) == asked
        assert len(row["inputs"]) <= 80


def test_the_source_is_read_once_a_pass_and_once_for_the_pool(make_task, monkeypatch):
    module = importlib.import_module("flan_mix.registry.field_rows")
    reads, read_rows = [], module.read_rows

    def counted(*where):
        reads.append(where)
        return read_rows(*where)

    monkeypatch.setattr(module, "read_rows", counted)
    make_task()
    for pass_index in range(3):
        assert len(list(render("toy.few_shot", "train", pass_index=pass_index))) == 60
    # The pool is that of all variants and passes.
    assert len(list(render("toy.few_shot_no_options", "train"))) == 60
    assert len(reads) == 4 + 1


def test_few_shot_variants_count_their_examples(make_task):
    make_task()
    rate = ExamplesProportional(cap=50)
    add_mixture("shots", ["toy.few_shot", "toy.few_shot_no_options"], rate=rate)
    assert num_input_examples("toy.few_shot", "train") == 60
    assert [part.rate for part in resolve("shots")] == [50.0, 50.0]
    mixture = seqio.MixtureRegistry.get("shots")
    assert [mixture.get_rate(task) for task in mixture.tasks] == [50.0, 50.0]


def test_passes_draw_other_exemplars(make_task):
    make_task()
    one, other = (
        [x.exemplars for x in render("toy.few_shot", "train", pass_index=i)] for i in (0, 1)
    )
    assert sum(a != b for a, b in zip(one, other, strict=True)) > 50


def test_the_cache_drops_the_farthest_exemplars_until_all_tokens_fit(make_task, tmp_path):
    make_task(fewest=4, most=4)
    whole = list(render("toy.few_shot", "validation"))
    limit = 60
    cache = build_cache(
        "toy.few_shot",
        "validation",
        ByteVocabulary(),
        tmp_path,
        settings=RenderSettings(sequence_length={"inputs": limit, "targets": 20}),
    )
    shots = []
    for number, example in enumerate(whole):
        record = cache.record(number)
        kept = len(record.get("exemplars", []))
        shots.append(kept)
        assert record["inputs"] == example.inputs_by_shots[kept]
        assert tuple(record.get("exemplars", ())) == example.exemplars[:kept]
        assert len(cache[number]["inputs"]) <= limit
        if kept < len(example.exemplars):
            assert len(example.inputs_by_shots[kept + 1].encode()) + 1 > limit
    assert 0 < sum(shots) < 80
    assert cache.manifest.shots == {str(n): shots.count(n) for n in sorted(set(shots))}


def test_where_no_exemplar_fits_the_prompt_is_zero_shot_and_counted(make_task, tmp_path):
    make_task(max_input_tokens=22)
    cache = build_cache("toy.few_shot", "validation", ByteVocabulary(), tmp_path)
    assert cache.manifest.shots == {"0": 20}
    assert {cache.record(i)["inputs"] for i in range(20)} <= {
        text for i in range(500, 520) for text in (f"question {i}?", f"Say: question {i}")
    }


def test_a_preview_shows_the_prompts_of_the_cache(make_task, tmp_path, capsys):
    make_task(fewest=4, most=4, max_input_tokens=80)
    for lengths, name in ((None, "a"), ({"inputs": 60, "targets": 20}, "b")):
        settings = RenderSettings(sequence_length=lengths)
        cache = build_cache(
            "toy.few_shot", "validation", ByteVocabulary(), tmp_path / name, settings=settings
        )
        preview(
            "toy.few_shot",
            split="validation",
            rows=20,
            vocabulary=ByteVocabulary(),
            lengths=lengths,
        )
        shown = capsys.readouterr().out
        for number in range(20):
            record = cache.record(number)
            assert f"\n{record['inputs']}\n→ {record['targets']}\n" in shown
            exemplars = " | ".join(record.get("exemplars", []))
            assert exemplars in shown
        assert set(cache.manifest.shots) > {"1"}


def test_seqio_counts_the_budget_with_the_tasks_own_vocabulary(make_task):
    make_task(fewest=4, most=4)
    task = seqio.TaskRegistry.get("toy.few_shot")
    whole = list(render("toy.few_shot", "validation"))
    rows = task.get_dataset({"inputs": 60, "targets": 20}, "validation", shuffle=False, seed=0)
    for example, row in zip(whole, rows.as_numpy_iterator(), strict=True):
        fitting = [p for p in example.inputs_by_shots if len(p.encode()) + 1 <= 60]
        assert row["inputs_pretokenized"].decode() == (fitting or [example.inputs_by_shots[0]])[-1]
        assert row["shots"] == max(len(fitting) - 1, 0)


def test_another_length_is_another_cache_for_few_shot_alone(make_task, tmp_path):
    make_task()
    settings = [RenderSettings(sequence_length={"inputs": n, "targets": 9}) for n in (90, 200)]
    for name, count in (("toy.few_shot", 2), ("toy.zero_shot", 1)):
        folders = {
            build_cache(name, "validation", ByteVocabulary(), tmp_path, settings=s).directory
            for s in settings
        }
        assert len(folders) == count


def test_the_text_of_training_examples_is_kept_on_request(make_task, tmp_path):
    make_task()
    settings = RenderSettings(keep_texts=True)
    cache = build_cache("toy.few_shot", "train", ByteVocabulary(), tmp_path, settings=settings)
    record = cache.record(0)
    assert record["inputs"] and record["exemplars"] and record["shot_style"]
    plain = build_cache("toy.few_shot", "train", ByteVocabulary(), tmp_path)
    assert not plain.has_records


def test_changed_train_rows_make_few_shot_caches_stale(make_spec, toy_rows, tmp_path):
    from flan_mix.registry import task_fingerprint

    add_task(make_spec(toy_rows(5), validation=toy_rows(5, 50)))
    names = ("toy.few_shot", "toy.zero_shot")
    before = [task_fingerprint(name, "validation") for name in names]
    with open(tmp_path / "toy.train.jsonl", "a") as file:
        file.write('{"id": "new", "q": "q", "a": "a"}\n')
    after = [task_fingerprint(name, "validation") for name in names]
    assert before[0] != after[0]
    assert before[1] == after[1]
