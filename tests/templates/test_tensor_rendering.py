"""Tensors render what plain Python renders."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.templates import OPTION_GRAMMAR, OPTION_STYLES, Template
from flan_mix.templates.draw import Draw
from flan_mix.templates.tensor_draws import TensorDraw
from flan_mix.templates.tensor_rendering import TensorRenderer, drawable

tf = pytest.importorskip("tensorflow")

TEMPLATES = (
    Template("{{{x}}} {options} {y}", "{y}"),
    Template("{x}", "nothing else", inverted=True),
    Template("{options}\n{options}", "{x}{y}{y}"),
    Template("no field at all", "{x}"),
    Template("{y}", "{x}", inverted=True),
)
# Any text that UTF-8 can hold: newlines, braces, NUL, other planes, the empty text.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROW = st.tuples(TEXT, TEXT, TEXT, st.lists(TEXT, max_size=5), st.booleans())
SEEDS = st.integers(-(2**40), 2**40)


def render_by_tensors(renderer, rows, **seeds):
    columns = list(zip(*rows, strict=True))
    batch = {
        "id": tf.constant(columns[0]),
        "texts": tf.stack([tf.constant(columns[1]), tf.constant(columns[2])], axis=1),
        "options": tf.ragged.constant([list(o) for o in columns[3]], dtype=tf.string),
        "training": tf.constant(columns[4]),
    }
    return {name: value.numpy().tolist() for name, value in renderer(batch, **seeds).items()}


@settings(max_examples=40)
@given(rows=st.lists(ROW, min_size=1, max_size=4), registered=SEEDS, seed=SEEDS)
def test_tensors_and_python_render_the_same_text(rows, registered, seed):
    renderer = TensorRenderer(TEMPLATES, ("x", "y"), OPTION_STYLES, registered)
    rendered = render_by_tensors(renderer, rows, seed=seed, pass_index=2)
    for number, (row_id, x, y, options, training) in enumerate(rows):
        choices = drawable(TEMPLATES, training=training)
        drawn = choices[Draw("template", registered, seed, 2).turn(row_id, len(choices))]
        style = Draw("options", registered, seed, 2).index(row_id, len(OPTION_STYLES))
        shown = OPTION_STYLES[style].render(options)
        expected = TEMPLATES[drawn].render({"x": x, "y": y, "options": shown})
        assert rendered["template"][number] == drawn
        assert rendered["inputs"][number] == expected.inputs.encode()
        assert rendered["targets"][number] == expected.targets.encode()
        uses_options = TEMPLATES[drawn].uses_options
        assert rendered["option_style"][number] == (style if uses_options else -1)


@given(ids=st.lists(TEXT, min_size=1, max_size=5), count=st.integers(1, 1000))
def test_tensors_draw_what_python_draws(ids, count):
    draw = Draw("cap", 7, -3, 1)
    drawn = TensorDraw(draw).index(tf.constant(ids), count).numpy().tolist()
    assert drawn == [draw.index(each, count) for each in ids]


def test_inverted_templates_are_drawn_in_training_only():
    renderer = TensorRenderer(TEMPLATES, ("x", "y"), OPTION_STYLES)
    rows = [(f"id {i}", "x", "y", ["a"], i < 400) for i in range(800)]
    drawn = render_by_tensors(renderer, rows)["template"]
    assert set(drawn[:400]) == {0, 1, 2, 3, 4}
    assert set(drawn[400:]) == {0, 2, 3}


def test_a_task_of_inverted_templates_alone_renders_everywhere():
    inverted = [template for template in TEMPLATES if template.inverted]
    assert drawable(inverted, training=False) == [0, 1]


def test_long_lists_of_options_are_lettered_past_z():
    renderer = TensorRenderer((Template("{options}", "{x}"),), ("x", "y"), OPTION_STYLES[1:])
    options = [f"option {i}" for i in range(60)]
    rendered = render_by_tensors(renderer, [("id", "x", "y", options, True)])
    assert rendered["inputs"][0].decode() == OPTION_STYLES[1].render(options)
    assert b"(BH) option 59" in rendered["inputs"][0]


@settings(max_examples=40)
@given(
    options=st.lists(TEXT, max_size=6),
    right=st.integers(0, 6),
    ids=st.lists(TEXT, min_size=1, max_size=8),
)
def test_every_style_of_the_grammar_is_laid_out_and_answered_as_in_python(options, right, ids):
    answer = options[right] if right < len(options) else "none of them"
    templates = (Template("{options}", "It is {answer}."), Template("?", "{answer}"))
    renderer = TensorRenderer(templates, ("answer",), OPTION_GRAMMAR)
    rendered = renderer(
        {
            "id": tf.constant(ids),
            "texts": tf.constant([[answer]] * len(ids)),
            "answer": tf.constant([answer] * len(ids)),
            "options": tf.ragged.constant([options] * len(ids), dtype=tf.string, ragged_rank=1),
            "training": tf.constant([True] * len(ids)),
        }
    )
    for number, row_id in enumerate(ids):
        style = OPTION_GRAMMAR[Draw("options").index(row_id, len(OPTION_GRAMMAR))]
        if rendered["template"][number] == 1:
            expected = ("?", answer)
        else:
            expected = (style.render(options), f"It is {style.answer(options, answer)}.")
        assert rendered["inputs"][number].numpy() == expected[0].encode()
        assert rendered["targets"][number].numpy() == expected[1].encode()
        names = style.answer_by_name and rendered["template"][number] == 0
        assert bool(rendered["is_answer"][number]) == (not names)


@settings(max_examples=30)
@given(rows=st.lists(st.lists(TEXT, min_size=1, max_size=4), min_size=1, max_size=4))
def test_ranked_rows_ask_for_every_option_in_one_wording(rows):
    templates = (Template("a {options}", "{answer}!"), Template("b {x}", "so {answer}"))
    renderer = TensorRenderer(templates, ("answer", "x"), OPTION_GRAMMAR)
    batch = {
        "id": tf.constant([f"row {i}" for i in range(len(rows))]),
        "texts": tf.constant([[options[-1], "x"] for options in rows]),
        "answer": tf.constant([options[-1] for options in rows]),
        "options": tf.ragged.constant(rows, dtype=tf.string, ragged_rank=1),
        "references": tf.ragged.constant([[o[0]] for o in rows], dtype=tf.string, ragged_rank=1),
        "training": tf.constant([True] * len(rows)),
    }
    plain = {name: value.numpy() for name, value in renderer(batch).items()}
    ranked = {name: value.numpy() for name, value in renderer.rank(batch).items()}
    place = 0
    for number, options in enumerate(rows):
        style = OPTION_GRAMMAR[Draw("options").index(f"row {number}", len(OPTION_GRAMMAR))]
        for index, option in enumerate(options):
            assert (ranked["row"][place], ranked["option"][place]) == (number, index)
            assert ranked["inputs"][place] == plain["inputs"][number]
            is_shown = plain["template"][number] == 0
            name = style.answer(options, option) if is_shown else option
            target = f"{name}!" if is_shown else f"so {name}"
            assert ranked["targets"][place] == target.encode()
            assert bool(ranked["is_correct"][place]) == (option in (options[-1], options[0]))
            place += 1
    assert place == len(ranked["row"])
