"""Few-shot variants on files: the pool, the guard, the budget, and independence of shards."""

import pytest

from flan_mix.data import build_cache
from flan_mix.data.cache_key import RenderSettings
from flan_mix.registry import add_task
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


def test_prompts_depend_neither_on_shards_nor_on_workers(make_task):
    make_task(most=4)
    task = seqio.TaskRegistry.get("toy.few_shot")

    def prompts(shards):
        rows = []
        for index in range(shards):
            info = seqio.ShardInfo(index=index, num_shards=shards)
            dataset = task.get_dataset(split="train", shuffle=False, seed=1, shard_info=info)
            rows += dataset.as_numpy_iterator()
        return {row["id"]: row["inputs_pretokenized"] for row in rows}

    assert prompts(1) == prompts(4)
    assert len(prompts(1)) == 60


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
