"""Rows become fields with ids that last, filtered, and capped by hash."""

import dataclasses
import random

from flan_mix.registry import FieldRow, RowCounts, field_rows
from flan_mix.templates import Template


def ids(spec, split="train"):
    return [row.id for row in field_rows(spec, split)]


def test_a_mapping_and_a_row_function_give_the_same_rows(make_spec, toy_rows):
    by_mapping = make_spec(toy_rows(3), fields={"id": "id", "q": "q", "a": "a"})
    by_function = dataclasses.replace(by_mapping, fields=lambda row: dict(row))
    rows = list(field_rows(by_mapping, "train"))
    assert rows == list(field_rows(by_function, "train"))
    assert rows[1] == FieldRow("row-1", ("answer 1", "question 1"), (), "", ())


def test_reserved_fields_come_as_lists(make_spec):
    spec = make_spec(
        [{"q": "x", "labels": ["a", "b"], "right": 1, "all": ["b", "B"]}],
        fields=lambda row: {
            "q": row["q"],
            "options": row["labels"],
            "answer": row["labels"][row["right"]],
            "references": row["all"],
        },
        templates=[Template("{q} {options}", "{answer}")],
    )
    (row,) = field_rows(spec, "train")
    assert (row.options, row.answer, row.references) == (("a", "b"), "b", ("b", "B"))
    assert row.texts == ("b", "x")


def test_whole_numbers_are_text_in_digits(make_spec):
    spec = make_spec([{"id": 7, "q": 5, "a": -1}])
    assert list(field_rows(spec, "train")) == [FieldRow("7", ("-1", "5"), (), "", ())]


def test_empty_text_is_text(make_spec):
    spec = make_spec([{"id": "a", "q": "", "a": ""}])
    assert next(field_rows(spec, "train")).texts == ("", "")


def test_rows_without_an_id_of_their_own_get_one_that_neighbours_cannot_change(make_spec, toy_rows):
    fields = {"q": "q", "a": "a"}
    rows = toy_rows(20)
    shuffled = random.Random(0).sample(rows, len(rows))
    first = {r.texts: r.id for r in field_rows(make_spec(rows, fields=fields), "train")}
    second = {r.texts: r.id for r in field_rows(make_spec(shuffled[5:], fields=fields), "train")}
    assert len(set(first.values())) == 20
    assert second.items() <= first.items()


def test_the_order_of_columns_does_not_change_an_id(make_spec):
    fields = {"q": "q", "a": "a"}
    one = ids(make_spec([{"q": "x", "a": "y"}], fields=fields))
    other = ids(make_spec([{"a": "y", "q": "x"}], fields=fields))
    assert one == other


def test_duplicate_rows_are_told_apart_by_a_counter(make_spec):
    fields = {"q": "q", "a": "a"}
    row, other = {"q": "x", "a": "y"}, {"q": "x", "a": "z"}
    first, *rest = ids(make_spec([row, other, row, row], fields=fields))
    assert rest[1:] == [f"{first}~2", f"{first}~3"]
    own = [{"id": "i", "q": str(n), "a": ""} for n in range(3)]
    assert ids(make_spec(own, name="own")) == ["i", "i~2", "i~3"]


def test_rows_that_the_function_drops_are_filtered_and_counted(make_spec, toy_rows):
    spec = make_spec(toy_rows(10), fields=lambda row: None if "3" in row["q"] else row)
    counts = RowCounts()
    assert len(list(field_rows(spec, "train", counts))) == 9
    assert (counts.read, counts.kept, counts.filtered) == (10, 9, 1)


def test_a_cap_keeps_a_subset_of_the_filtered_rows_in_order(make_spec, toy_rows):
    spec = make_spec(
        toy_rows(100), fields=lambda row: None if row["id"].endswith("0") else row, cap=30
    )
    counts = RowCounts()
    kept = [row.id for row in field_rows(spec, "train", counts)]
    assert len(kept) == 30
    assert not any(each.endswith("0") for each in kept)
    assert kept == sorted(kept, key=lambda each: int(each.removeprefix("row-")))
    assert kept != [f"row-{i}" for i in range(1, 34) if i % 10][:30]
    assert (counts.read, counts.kept, counts.filtered, counts.capped) == (100, 30, 10, 60)


def test_a_cap_chooses_by_id_and_seed_and_not_by_order(make_spec, toy_rows):
    rows = toy_rows(100)
    spec = make_spec(rows, cap=30)
    kept = set(ids(spec))
    assert set(ids(make_spec(rows[::-1], cap=30))) == kept
    assert set(ids(make_spec(rows, cap=30, seed=1))) != kept
    assert kept < set(ids(make_spec(rows, cap=60)))


def test_a_cap_is_for_training_only_and_larger_ones_change_nothing(make_spec, toy_rows):
    spec = make_spec(toy_rows(5), validation=toy_rows(7), cap=3)
    assert len(ids(spec, "validation")) == 7
    assert len(ids(dataclasses.replace(spec, cap=50))) == 5
