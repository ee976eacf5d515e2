"""Bootstrap intervals are seeded, agree with theory, and cover the truth as often as they say."""

import numpy as np
import pytest

from flan_mix.metrics import Interval, bootstrap_interval, paired_bootstrap

SCORES = np.random.default_rng(7).uniform(0, 100, 400)


def test_the_same_seed_gives_the_same_interval():
    assert bootstrap_interval(SCORES) == bootstrap_interval(list(SCORES), seed=0)
    assert bootstrap_interval(SCORES) != bootstrap_interval(SCORES, seed=1)


def test_the_mean_is_the_scores_own():
    interval = bootstrap_interval(SCORES)
    assert interval.mean == pytest.approx(SCORES.mean())
    assert interval.low < interval.mean < interval.high


@pytest.mark.parametrize(("confidence", "deviations"), [(0.95, 1.95996), (0.8, 1.28155)])
def test_the_interval_has_the_width_of_the_normal_theory(confidence, deviations):
    interval = bootstrap_interval(SCORES, resamples=20_000, confidence=confidence)
    standard_error = SCORES.std() / np.sqrt(len(SCORES))
    assert interval.high - interval.low == pytest.approx(2 * deviations * standard_error, rel=0.03)
    assert interval.high - interval.mean == pytest.approx(deviations * standard_error, rel=0.05)


def test_the_interval_holds_the_true_mean_as_often_as_it_says():
    draw = np.random.default_rng(3)
    samples = draw.normal(50, 10, (400, 60))
    intervals = [bootstrap_interval(sample, confidence=0.9) for sample in samples]
    share = np.mean([interval.low <= 50 <= interval.high for interval in intervals])
    assert 0.85 < share < 0.94


def test_many_examples_are_resampled_in_blocks_with_the_same_width():
    # 100,000 examples take 1,000 resamples in 25 blocks.
    scores = np.random.default_rng(1).uniform(0, 100, 100_000)
    interval = bootstrap_interval(scores, resamples=300)
    standard_error = scores.std() / np.sqrt(len(scores))
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * standard_error, rel=0.15)


def test_one_example_has_an_interval_without_width():
    assert bootstrap_interval([40.0]) == Interval(40.0, 40.0, 40.0)


def test_a_paired_difference_is_narrower_than_two_intervals():
    after = SCORES + np.random.default_rng(5).normal(2, 1, len(SCORES))
    gain = paired_bootstrap(SCORES, after)
    assert gain.low > 1.8 and gain.high < 2.2
    assert gain.mean == pytest.approx((after - SCORES).mean())
    assert bootstrap_interval(SCORES).high > bootstrap_interval(after).low
    loss = paired_bootstrap(after, SCORES)
    assert (loss.mean, loss.low) == (pytest.approx(-gain.mean), pytest.approx(-gain.high))


def test_equal_scores_have_no_difference():
    assert paired_bootstrap(SCORES, SCORES) == Interval(0.0, 0.0, 0.0)


def test_an_interval_prints_itself():
    assert str(Interval(41.236, 40.0, 42.5)) == "41.24 [40.00, 42.50]"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "one value per example, not of shape"),
        ([[1.0, 2.0]], "one value per example, not of shape"),
        ([1.0, float("nan")], "the score of example 1 is nan"),
        ([float("inf")], "the score of example 0 is inf"),
    ],
)
def test_scores_that_have_no_mean_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(values)
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(values, values)


def test_settings_without_meaning_are_refused():
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1, not 95"):
        bootstrap_interval([1.0], confidence=95)
    with pytest.raises(ValueError, match="resamples must be 1 or more, not 0"):
        bootstrap_interval([1.0], resamples=0)
    with pytest.raises(ValueError, match="before has 2 scores and after 3"):
        paired_bootstrap([1.0, 2.0], [1.0, 2.0, 3.0])
