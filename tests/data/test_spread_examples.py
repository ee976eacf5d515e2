"""A part of a split has what all of it has, whatever the order of the file."""

import pytest

from flan_mix.data import spread_examples


@pytest.mark.parametrize(("total", "limit"), [(10, 3), (1000, 7), (5, 5), (7, 1), (3, 9), (0, 4)])
def test_they_are_distinct_ascending_and_as_many_as_can_be(total, limit):
    found = spread_examples(total, limit)
    assert found == sorted(set(found))
    assert len(found) == min(total, limit)
    assert all(0 <= index < total for index in found)


def test_a_file_sorted_by_label_gives_each_label_its_share():
    labels = ["negative"] * 533 + ["positive"] * 533
    drawn = [labels[index] for index in spread_examples(len(labels), 200)]
    assert drawn.count("positive") == 100


def test_without_a_limit_all_come():
    assert spread_examples(4) == [0, 1, 2, 3]
