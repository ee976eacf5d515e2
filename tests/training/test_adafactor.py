"""Adafactor against the paper's algorithm written out in NumPy float64, and its state's layout."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from flan_mix.training import Adafactor
from flan_mix.training.adafactor import Moments

SHAPES = {"wide": (6, 4), "tall": (4, 6), "square": (5, 5), "cube": (2, 4, 6), "scale": (6,)}


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


class PaperAdafactor:
    """Algorithm 4 and sections 4 to 8 of Shazeer and Stern, one parameter, second moment whole.

    A factored second moment is made by averaging the whole one: means are linear, so keeping only
    the means and taking the means of all that was kept are the same.
    """

    def __init__(self, settings, shape):
        self.settings, self.v, self.m = settings, np.zeros(shape), np.zeros(shape)
        self.t = 0

    def second_moment(self):
        dimensions = self.settings.factored_dimensions(self.v.shape)
        if dimensions is None:
            return self.v
        second, largest = dimensions
        rows = self.v.mean(axis=largest, keepdims=True)
        columns = self.v.mean(axis=second, keepdims=True)
        return rows * columns / rows.mean(axis=second, keepdims=True)

    def step(self, param, gradient, learning_rate):
        settings = self.settings
        self.t += 1
        decay = 1.0 - (self.t - settings.step_offset) ** -settings.decay_rate
        self.v = decay * self.v + (1.0 - decay) * (gradient**2 + settings.epsilon1)
        update = gradient / np.sqrt(self.second_moment())
        update /= max(1.0, rms(update) / settings.clipping_threshold)
        update *= learning_rate * max(rms(param), settings.epsilon2)
        if settings.beta1 is not None:
            self.m = settings.beta1 * self.m + (1 - settings.beta1) * update
            update = self.m
        return param - update - (settings.weight_decay_rate or 0.0) * param


def random_tree(rng, scale=1.0):
    return {
        name: (scale * rng.normal(size=shape)).astype(np.float32) for name, shape in SHAPES.items()
    }


@pytest.mark.parametrize(
    "settings",
    [
        Adafactor(min_dim_size_to_factor=4),
        Adafactor(factored=False),
        Adafactor(min_dim_size_to_factor=4, beta1=0.9, weight_decay_rate=0.01),
        Adafactor(min_dim_size_to_factor=4, clipping_threshold=0.3, decay_rate=0.5),
    ],
)
def test_five_steps_are_those_of_the_paper(settings):
    rng = np.random.default_rng(0)
    optimizer, params = settings.build(), random_tree(rng, 0.1)
    state = optimizer.init(params)
    papers = {name: PaperAdafactor(settings, shape) for name, shape in SHAPES.items()}
    expected = {name: param.astype(np.float64) for name, param in params.items()}
    update = jax.jit(optimizer.update)
    for step in range(5):
        gradients = random_tree(rng)
        updates, state = update(gradients, state, params, step, 0.01)
        params = jax.tree.map(jnp.add, params, updates)
        for name, paper in papers.items():
            expected[name] = paper.step(expected[name], gradients[name].astype(np.float64), 0.01)
    for name in SHAPES:
        np.testing.assert_allclose(params[name], expected[name], rtol=1e-5, atol=1e-7)


def test_state_has_t5x_arrays_and_placeholders_of_shape_one():
    params = random_tree(np.random.default_rng(1))
    state = Adafactor(min_dim_size_to_factor=5).build().init(params)
    assert {name: array.shape for name, array in vars(state["square"]).items()} == {
        "m": (1,),
        "v": (1,),
        "v_row": (5,),
        "v_col": (5,),
    }
    assert state["wide"].v.shape == (6, 4)
    with_momentum = Adafactor(min_dim_size_to_factor=4, beta1=0.9).build().init(params)
    assert with_momentum["cube"].m.shape == (2, 4, 6)
    assert with_momentum["cube"].v_row.shape == (2, 4)
    assert with_momentum["cube"].v_col.shape == (2, 6)


def test_only_two_large_dimensions_are_factored_and_the_later_of_equals_is_the_column():
    settings = Adafactor()
    assert settings.factored_dimensions((512, 512)) == (0, 1)
    assert settings.factored_dimensions((1024, 512)) == (1, 0)
    assert settings.factored_dimensions((512, 127)) is None
    assert settings.factored_dimensions((4096,)) is None


def test_state_lies_on_the_mesh_as_the_parameters_do():
    params = {name: jax.ShapeDtypeStruct(shape, jnp.float32) for name, shape in SHAPES.items()}
    specs = {
        "wide": P("data", "model"),
        "tall": P("model", "data"),
        "square": P("data"),
        "cube": P(None, "model", "data"),
        "scale": P("data"),
    }
    found = Adafactor(min_dim_size_to_factor=4, beta1=0.9).build().state_specs(params, specs)
    # v_row loses the largest dimension, v_col the second largest.
    assert found["wide"] == Moments(P("data", "model"), P(), P("model"), P("data"))
    assert found["tall"] == Moments(P("model", "data"), P(), P("model"), P("data"))
    assert found["square"] == Moments(P("data"), P(), P("data"), P(None))
    assert found["cube"] == Moments(
        P(None, "model", "data"), P(), P(None, "model"), P(None, "data")
    )
    assert found["scale"] == Moments(P("data"), P("data"), P(), P())


def test_gradients_above_the_global_norm_are_scaled_down_to_it():
    params = {"scale": jnp.ones(4)}
    settings = Adafactor(global_norm_clip_threshold=1.0, multiply_by_parameter_scale=False)
    optimizer = settings.build()
    _, state = optimizer.update(
        {"scale": jnp.full(4, 10.0)}, optimizer.init(params), params, jnp.int32(0), jnp.float32(1)
    )
    np.testing.assert_allclose(state["scale"].v, 0.25, rtol=1e-6)
