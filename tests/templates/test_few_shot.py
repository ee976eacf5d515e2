"""Few-shot prompts: what is drawn, how it is set out, and that tensors do it as Python would."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.templates import (
    OPTION_STYLES,
    SHOT_STYLES,
    FewShot,
    RenderedText,
    ShotStyle,
    Template,
)
from flan_mix.templates.draw import Draw
from flan_mix.templates.tensor_few_shot import ExemplarPool
from flan_mix.templates.tensor_rendering import TensorRenderer

tf = pytest.importorskip("tensorflow")

TEMPLATES = (Template("{q}?", "{a}"), Template("Now {q}", "it is {a}"), Template("{a}", "{q}"))
DRAWN = (0, 1)
FEW_SHOT = FewShot(fewest=1, most=3)


def batch(rows):
    return {
        "id": tf.constant([row[0] for row in rows]),
        "texts": tf.constant([[row[2], row[1]] for row in rows]),
        "answer": tf.constant([row[2] for row in rows]),
        "options": tf.ragged.constant([[]] * len(rows), dtype=tf.string, ragged_rank=1),
        "training": tf.ones(len(rows), tf.int32),
    }


def renderer(few_shot=FEW_SHOT):
    return TensorRenderer(TEMPLATES, ("a", "q"), OPTION_STYLES, drawn=DRAWN, few_shot=few_shot)


def pool_of(rows, with_renderer):
    """A pool; rows of one answer have to stand together."""
    answers = [row[2] for row in rows]
    labels = sorted(set(answers), key=answers.index)
    return ExemplarPool(
        rows=batch(rows),
        keys=with_renderer.keys(batch(rows)),
        label_starts=tf.constant([answers.index(label) for label in labels], tf.int64),
        label_sizes=tf.constant([answers.count(label) for label in labels], tf.int64),
        size=len(rows),
    )


def candidates_in_python(few_shot, pool, query):
    """Pool rows to choose from, in order: those of a small pool once each."""
    ranks = [Draw(f"exemplar_{j}").rank(query[0]) for j in range(few_shot.candidates)]
    labels = [row[2] for row in pool]
    distinct = sorted(set(labels), key=labels.index)
    first = Draw("exemplar_label").rank(query[0])
    if len(pool) <= few_shot.candidates:
        ranked = sorted(zip(ranks, pool, strict=False), key=lambda pair: pair[0])
        if few_shot.balance_labels:
            by_label = {label: [r for _, r in ranked if r[2] == label] for label in distinct}
            turns = [distinct[(first + j) % len(distinct)] for j in range(len(distinct))]
            rounds = itertools.zip_longest(*(by_label[label] for label in turns))
            return [row for each in rounds for row in each if row is not None]
        return [row for _, row in ranked]
    if not few_shot.balance_labels:
        return [pool[rank % len(pool)] for rank in ranks]
    by_turn = [distinct[(first + j) % len(distinct)] for j in range(few_shot.candidates)]
    of_label = [[row for row in pool if row[2] == label] for label in by_turn]
    return [rows[rank % len(rows)] for rows, rank in zip(of_label, ranks, strict=True)]


def picked_in_python(few_shot, pool, query):
    """Pool rows for a query by the draws alone, with their templates; the nearest first."""
    drawn = {
        j: DRAWN[Draw(f"exemplar_template_{j}").index(query[0], 2)]
        for j in range(few_shot.candidates)
    }
    chosen = []
    for j, row in enumerate(candidates_in_python(few_shot, pool, query)):
        asked = [query[1], *(other[1] for other, _ in chosen)]
        if row[0] != query[0] and row[1] not in asked:
            chosen.append((row, drawn[j]))
    wanted = few_shot.fewest + Draw("shots").index(query[0], few_shot.most - few_shot.fewest + 1)
    return chosen[:wanted]


ROWS = st.lists(
    st.tuples(st.text("abc", max_size=3), st.text("xyz", max_size=2), st.sampled_from("01")),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40)
@given(pool=ROWS, queries=ROWS, balanced=st.booleans(), mixed=st.booleans())
def test_tensors_make_the_prompts_that_python_makes(pool, queries, balanced, mixed):
    pool = sorted(pool, key=lambda row: row[2])
    few_shot = FewShot(1, 3, balance_labels=balanced, mixed_templates=mixed)
    of_task = renderer(few_shot)
    rendered = of_task(batch(queries), pool=pool_of(pool, of_task))
    for number, query in enumerate(queries):
        chosen = picked_in_python(few_shot, pool, query)
        template = DRAWN[Draw("template").index(query[0], 2)]
        texts = []
        for (_, question, answer), own in chosen:
            shown = TEMPLATES[own if mixed else template]
            texts.append(shown.render({"q": question, "a": answer}))
        style = SHOT_STYLES[Draw("shot_style").index(query[0], len(SHOT_STYLES))]
        asked = TEMPLATES[template].render({"q": query[1], "a": query[2]})
        assert rendered["shots"][number].numpy() == len(chosen)
        ids = rendered["exemplars"][number].numpy()[: len(chosen)]
        assert [i.decode() for i in ids] == [row[0] for row, _ in chosen]
        assert set(rendered["exemplars"][number].numpy()[len(chosen) :]) <= {b""}
        for shots in range(len(chosen) + 1):
            prompt = style.render(texts[:shots][::-1], asked.inputs)
            assert rendered["inputs_by_shots"][number, shots].numpy().decode() == prompt
        assert rendered["inputs"][number].numpy().decode() == prompt
        assert rendered["targets"][number].numpy().decode() == asked.targets


def test_a_query_never_sees_itself_nor_its_double():
    rows = [(f"id {i}", f"question {i % 7}", f"{i % 3}") for i in range(60)]
    of_task = renderer(FewShot(3, 3))
    rendered = of_task(batch(rows), pool=pool_of(sorted(rows, key=lambda r: r[2]), of_task))
    questions = {row[0]: row[1] for row in rows}
    for number, (row_id, question, _) in enumerate(rows):
        shots = int(rendered["shots"][number])
        theirs = [questions[i.decode()] for i in rendered["exemplars"][number].numpy()[:shots]]
        assert shots == 3
        assert question not in theirs
        assert len(set(theirs)) == len(theirs)
        assert row_id.encode() not in rendered["exemplars"][number].numpy()[:shots]


def test_balanced_exemplars_next_to_each_other_have_different_answers():
    rows = [(f"id {i}", f"question {i}", "yes" if i < 90 else "no") for i in range(100)]
    queries = [(f"query {i}", f"other question {i}", "yes") for i in range(100)]
    of_task = renderer(FewShot(2, 2, balance_labels=True))
    rendered = of_task(batch(queries), pool=pool_of(rows, of_task))
    answers = {row[0]: row[2] for row in rows}
    for exemplars in rendered["exemplars"].numpy():
        assert {answers[i.decode()] for i in exemplars} == {"yes", "no"}


@pytest.mark.parametrize("balanced", [False, True])
def test_a_small_pool_gives_all_the_exemplars_that_are_wanted(balanced):
    rows = [(f"id {i}", f"question {i}", str(int(i > 3))) for i in range(6)]
    of_task = renderer(FewShot(5, 5, balance_labels=balanced))
    rendered = of_task(batch(rows), pool=pool_of(rows, of_task))
    assert rendered["shots"].numpy().tolist() == [5] * 6
    for number, exemplars in enumerate(rendered["exemplars"].numpy().tolist()):
        assert {*exemplars, f"id {number}".encode()} == {row[0].encode() for row in rows}


def test_a_pool_of_the_query_alone_leaves_it_zero_shot():
    of_task = renderer()
    rendered = of_task(batch([("a", "q", "1")]), pool=pool_of([("a", "q", "1")], of_task))
    assert rendered["shots"].numpy().tolist() == [0]
    assert rendered["inputs"].numpy()[0] in (b"q?", b"Now q")


def test_a_style_sets_exemplars_apart_and_ends_where_the_answer_begins():
    style = ShotStyle("x", "Q: ", "\nA: ", "\n\n", "Look.\n")
    texts = [RenderedText("1+1", "2"), RenderedText("1+2", "3")]
    assert style.render(texts, "2+2") == "Look.\nQ: 1+1\nA: 2\n\nQ: 1+2\nA: 3\n\nQ: 2+2\nA:"
    assert style.render([], "2+2") == "2+2"


@pytest.mark.parametrize(
    "wrong", [{"fewest": 0}, {"fewest": 3, "most": 2}, {"pool": 0}, {"pool": 10_001}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="FewShot"):
        FewShot(**wrong)
