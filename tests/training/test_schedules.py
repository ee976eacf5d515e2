"""T5X's learning rate factors against their formulas worked out here with plain floats."""

import math

import jax
import numpy as np
import pytest

from flan_mix.training import create_learning_rate_scheduler

STEPS = [0, 1, 10, 99, 100, 101, 250, 1000, 5000]


def rates(factors, **settings):
    schedule = create_learning_rate_scheduler(factors, **settings)
    return np.array([schedule(step) for step in STEPS])


def expected(formula):
    return np.maximum([formula(float(step)) for step in STEPS], 1e-8)


def test_constant_is_the_base_rate():
    assert rates("constant", base_learning_rate=1e-3) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("factor", "formula"),
    [
        ("linear_warmup", lambda s: min(1.0, s / 100)),
        ("rsqrt_decay", lambda s: 1 / math.sqrt(max(s, 100))),
        ("rsqrt_normalized_decay", lambda s: 10 / math.sqrt(max(s, 100))),
        ("decay_every", lambda s: 0.5 ** (s // 400)),
        ("linear_decay", lambda s: 2.0 * min(s / 100, 1 + 0.5 * (100 - s))),
        ("cosine_decay", lambda s: 0.5 * (1 + math.cos(math.pi * (max(0, s - 100) / 700 % 1)))),
    ],
)
def test_each_factor_is_t5x_formula(factor, formula):
    found = rates(
        factor, base_learning_rate=2.0, warmup_steps=100, steps_per_decay=400, steps_per_cycle=700
    )
    np.testing.assert_allclose(found, expected(formula), rtol=1e-5)


def test_the_default_is_t5_pretraining_schedule():
    schedule = create_learning_rate_scheduler()
    assert schedule(500) == pytest.approx(0.5 * 0.5 / math.sqrt(1000))
    assert schedule(4000) == pytest.approx(0.5 / math.sqrt(4000))


def test_the_offset_delays_the_schedule():
    late = create_learning_rate_scheduler("linear_warmup", warmup_steps=100, step_offset=1000)
    assert late(1050) == pytest.approx(0.5)
    assert late(900) == pytest.approx(1e-8)


def test_a_traced_step_gives_the_same_rate_as_a_number():
    schedule = create_learning_rate_scheduler("constant * linear_warmup * rsqrt_decay")
    np.testing.assert_allclose(jax.jit(schedule)(123), schedule(123), rtol=1e-6)


def test_an_unknown_factor_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="nearest is 'linear_warmup'"):
        create_learning_rate_scheduler("constant * linear_warm_up")
