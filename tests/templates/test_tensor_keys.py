"""Keys of few-shot prompts: rows that ask the same in a template's words have the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.templates import Template
from flan_mix.templates.tensor_keys import template_keys

tf = pytest.importorskip("tensorflow")

TEMPLATES = (
    Template("{a} and {b}", "{c}"),
    Template("{a}", "{c}"),
    Template("{options}", "{c}"),
    Template("{turns_before}", "{c}"),
    Template("nothing", "{c}"),
)
ROW = ("one", "two", ["x", "y"], ["hi", "ho"])


def keys(*rows):
    """int64 [rows, 2 * templates]; the target's field is another in every row."""
    return template_keys(
        TEMPLATES,
        {
            "id": tf.constant([str(i) for i in range(len(rows))]),
            "texts": tf.constant([[row[0], row[1], str(i)] for i, row in enumerate(rows)]),
            "options": tf.ragged.constant([row[2] for row in rows], dtype=tf.string),
            "turns": tf.ragged.constant([row[3] for row in rows], dtype=tf.string),
            "answer": tf.constant([row[4] if len(row) > 4 else "" for row in rows]),
        },
        {"a": 0, "b": 1, "c": 2},
    ).numpy()


@pytest.mark.parametrize(
    ("row", "same"),
    [
        (ROW, (True, True, True, True, True)),
        # Case, spaces and the order of options make no question another.
        ((" ONE\n", "two", ["Y ", "x"], ["Hi", "ho"]), (True, True, True, True, True)),
        (("one\u00a0\u3000", "two", ["x", "y"], ["hi", "ho"]), (True, True, True, True, True)),
        (("Óne", "two", ["x", "y"], ["hi", "ho"]), (False, False, True, True, True)),
        (("one", "three", ["x", "y"], ["hi", "ho"]), (False, True, True, True, True)),
        # Fields do not stand in for each other.
        (("two", "one", ["x", "y"], ["hi", "ho"]), (False, False, True, True, True)),
        (("one", "two", ["x", "z"], ["hi", "ho"]), (True, True, False, True, True)),
        (("one", "two", ["x", "y", "y"], ["hi", "ho"]), (True, True, False, True, True)),
        (("one", "two", ["x", "y"], ["ho", "hi"]), (True, True, True, False, True)),
        (("one", "two", ["x", "y"], ["hi", "ho", "hum"]), (True, True, True, False, True)),
    ],
)
def test_a_key_tells_what_its_template_shows(row, same):
    one, other = keys(ROW, row)
    assert tuple(one == other) == same * 2


def test_of_other_options_the_answer_tells_whether_one_gives_the_other_away():
    templates = (Template("{a}\n{options}", "{answer}"), Template("{options}", "{answer}"))
    rows = [("x", ["p", "q"], "p"), ("x", ["r", "p"], "p"), ("x", ["r", "q"], "q")]
    found = template_keys(
        templates,
        {
            "id": tf.constant(["1", "2", "3"]),
            "texts": tf.constant([[row[0]] for row in rows]),
            "options": tf.ragged.constant([row[1] for row in rows], dtype=tf.string),
            "answer": tf.constant([row[2] for row in rows]),
        },
        {"a": 0},
    ).numpy()
    assert (found[0] == found[1]).tolist() == [False, False, True, False]
    assert (found[0] == found[2]).tolist() == [False] * 4


def test_a_conversation_is_known_at_any_length_by_its_first_four_turns():
    first = ["who sings it", "Kesha", "since when", "2009"]
    conversations = [first, [*first, "and now", "still"], [*first[:3], "2010"]]
    one, longer, other = keys(*(("one", "two", ["x"], turns) for turns in conversations))
    assert one[3] == longer[3] != other[3]


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.text("aB \n", max_size=3), st.text("aB ", max_size=2)), min_size=2, max_size=6
    )
)
def test_keys_are_equal_where_texts_are_but_for_case_and_spaces(rows):
    plain = [tuple(" ".join(text.lower().split()) for text in row) for row in rows]
    found = keys(*((*row, ["x"], ["t"]) for row in rows))
    for i, one in enumerate(plain):
        for j, other in enumerate(plain):
            assert (found[i, 0] == found[j, 0]) == (one == other)
            assert (found[i, 1] == found[j, 1]) == (one[0] == other[0])
