"""The chosen option is the likeliest, by sum or per token, and the first among equals."""

import numpy as np
import pytest

from flan_mix.inference import choose, normalized_scores


def test_raw_scores_choose_the_likeliest_and_normalised_ones_the_likeliest_per_token():
    scores, lengths = [-3.0, -4.0, -10.0], [1, 2, 8]
    assert choose(scores, lengths, normalize=False) == 0
    assert choose(scores, lengths, normalize=True) == 2
    np.testing.assert_allclose(normalized_scores(scores, lengths), [-3.0, -2.0, -1.25])


def test_ties_go_to_the_first():
    assert choose([-2.5, -1.5, -1.5], [1, 1, 1], normalize=False) == 1
    assert choose([-2.0, -4.0], [1, 2], normalize=True) == 0


def test_scores_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="no options"):
        choose([], [], normalize=False)
    with pytest.raises(ValueError, match="option 1 has the score NaN"):
        choose([-1.0, float("nan")], [1, 1], normalize=False)
    with pytest.raises(ValueError, match="2 scores and 1 lengths"):
        choose([-1.0, -2.0], [1], normalize=True)
    with pytest.raises(ValueError, match="option 0 has length 0"):
        choose([-1.0], [0], normalize=True)


def test_impossible_options_lose_to_any_other():
    assert choose([-np.inf, -5000.0], [1, 1], normalize=False) == 1
