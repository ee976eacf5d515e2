"""Intervals of means over several tasks."""

import numpy as np
import pytest

from flan_mix.evaluation.bootstrap import BootstrapSettings, weighted_mean_interval


def test_interval_of_a_weighted_mean_agrees_with_the_normal_one():
    random = np.random.default_rng(1)
    samples = [random.normal(30, 8, size=400), random.normal(70, 20, size=100)]
    weights = [0.25, 0.75]
    interval = weighted_mean_interval(samples, weights, BootstrapSettings(resamples=4000))
    spread = np.sqrt(
        sum((w * s.std()) ** 2 / len(s) for w, s in zip(weights, samples, strict=True))
    )
    assert interval.mean == pytest.approx(
        sum(w * s.mean() for w, s in zip(weights, samples, strict=True))
    )
    assert interval.low == pytest.approx(interval.mean - 1.96 * spread, abs=0.15 * spread)
    assert interval.high == pytest.approx(interval.mean + 1.96 * spread, abs=0.15 * spread)


def test_an_interval_is_the_same_each_time_and_another_for_another_seed():
    sample = np.random.default_rng(2).normal(50, 10, size=30)
    first, again, other = (
        weighted_mean_interval([sample], [1.0], BootstrapSettings(seed=seed)) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_samples_and_weights_of_different_number_are_refused():
    with pytest.raises(ValueError):
        weighted_mean_interval([np.ones(2)], [0.5, 0.5], BootstrapSettings())
