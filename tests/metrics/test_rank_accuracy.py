"""Rank accuracy: the likeliest option of a row decides."""

import pytest

from flan_mix.metrics.ranking import rank_accuracy


def test_the_likeliest_option_of_each_row_decides():
    targets = [("a", True), ("a", False), ("b", False), ("b", True), ("c", False), ("c", False)]
    assert rank_accuracy(targets, [-1, -2, -5, -3, -1, -2]) == {"rank_accuracy": 200 / 3}
    assert rank_accuracy(targets, [-2, -1, -3, -5, -1, -2]) == {"rank_accuracy": 0.0}


def test_of_equally_likely_options_the_first_is_taken():
    assert rank_accuracy([("a", True), ("a", False)], [-1, -1]) == {"rank_accuracy": 100.0}
    assert rank_accuracy([("a", False), ("a", True)], [-1, -1]) == {"rank_accuracy": 0.0}


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(ValueError, match="2 scores for 1 options"):
        rank_accuracy([("a", True)], [-1, -2])
    with pytest.raises(ValueError, match="no options"):
        rank_accuracy([], [])
    with pytest.raises(ValueError, match="an option of 'b' has the score NaN"):
        rank_accuracy([("a", True), ("b", True), ("b", False)], [-1, float("nan"), -2])
