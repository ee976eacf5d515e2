"""Types of the columns of plain rows, merged row by row."""

import math

import pytest

from flan_mix.registry.bad_rows import RowFault
from flan_mix.registry.column_types import ListOf, Record, column_value, merged, type_of


def merged_types(*values):
    kind = type_of(values[0])
    for value in values[1:]:
        kind = merged(kind, type_of(value))
    return kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", None, b"b"], "text"),
        ([None, "a"], "text"),
        ([1, 2], "integer"),
        ([1, 2.5, None], "number"),
        ([True, False], "truth"),
        ([[], ["a"], []], ListOf("text")),
        ([["a"], None], ListOf("text")),
        ([[[1], []], [], [[2, 3]]], ListOf(ListOf("integer"))),
        ([{"a": 1}, {"a": 2.0}], Record({"a": "number"})),
        ([{"a": "x"}, {"b": "y"}], Record({"a": "text", "b": "text"})),
        # A list of records is a record of lists, however deep.
        ([[{"a": 1}, {"a": 2}], []], Record({"a": ListOf("integer")})),
        ([[], [{"a": 1}]], Record({"a": ListOf("integer")})),
        ([[[{"a": "x"}]]], Record({"a": ListOf(ListOf("text"))})),
    ],
)
def test_the_type_that_holds_all_rows(values, kind):
    assert merged_types(*values) == kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], "It is text here and integer in earlier rows"),
        (["a", ["a"]], "It is a list of text here and text in earlier rows"),
        ([1, None], "It is null here and integer"),
        ([True, 1], "It is integer here and truth"),
        ([{"a": 1}, [1]], "It is a list of integer here and a record"),
    ],
)
def test_columns_of_two_types_are_refused(values, message):
    with pytest.raises(RowFault) as caught:
        merged_types(*({"column": value} for value in values))
    assert message in caught.value.hint
    assert caught.value.field == "/column"


def test_what_no_tensor_holds_is_refused():
    with pytest.raises(RowFault) as caught:
        type_of({"when": object()})
    assert "A object becomes no tensor" in caught.value.hint


def test_values_become_those_of_their_columns():
    rows = [
        {"t": None, "n": 1, "l": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]},
        {"t": "é", "n": 1.5},
    ]
    kind = merged_types(*rows)
    first, second = (column_value(row, kind) for row in rows)
    assert first == {"t": b"", "n": 1.0, "l": {"a": [b"x", b"y"], "b": [1, 2]}}
    assert second == {"t": "é".encode(), "n": 1.5, "l": {"a": [], "b": []}}
    assert math.isnan(column_value(None, "number"))
