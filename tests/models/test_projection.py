"""Products and their gradients against plain autodiff, and what is kept between the passes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.models.attention import MASKED, Mask, attend
from flan_mix.models.platform import assume
from flan_mix.models.position_bias import lay_out_diagonals
from flan_mix.models.projection import project, project_prepared, summed_rows


def random_array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def assert_same_gradients(ours, plain, *arrays):
    cotangent = random_array(*jax.eval_shape(plain, *arrays).shape, seed=9)
    found, pull_back = jax.vjp(ours, *arrays)
    wanted, plain_pull_back = jax.vjp(plain, *arrays)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    for ours_of, plain_of in zip(pull_back(cotangent), plain_pull_back(cotangent), strict=True):
        np.testing.assert_allclose(ours_of, plain_of, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("batch", [(5,), (2, 5), (2, 3, 4)])
def test_a_projection_is_a_product(batch):
    assert_same_gradients(project, jnp.dot, random_array(*batch, 6), random_array(6, 7, seed=1))


def gated(first, second, kept):
    return jax.nn.gelu(first) * second * kept


def test_a_prepared_projection_is_the_product_of_what_was_prepared():
    arrays = (random_array(2, 5, 6), random_array(2, 5, 6, seed=1), random_array(2, 1, 6, seed=2))
    assert_same_gradients(
        lambda *a: project_prepared(gated, a[:3], a[3]),
        lambda *a: jnp.dot(gated(*a[:3]), a[3]),
        *arrays,
        random_array(6, 7, seed=3),
    )


def test_what_was_prepared_is_not_kept():
    """Eight layers whose prepared activations are the largest arrays."""
    layers = [random_array(8, 256, seed=n) for n in range(8)]
    backs = [random_array(256, 8, seed=n) for n in range(8)]
    inputs = random_array(512, 8)

    def net(use, layers):
        hidden = inputs
        for layer, back in zip(layers, backs, strict=True):
            branch = jnp.dot(hidden, layer)
            hidden = hidden + use((branch, branch, jnp.float32(1)), back)
        return jnp.sum(hidden**2)

    def memory(use):
        compiled = jax.jit(jax.grad(lambda layers: net(use, layers))).lower(layers).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    kept = memory(lambda sources, kernel: jnp.dot(gated(*sources), kernel))
    anew = memory(lambda sources, kernel: project_prepared(gated, sources, kernel))
    assert anew < 0.75 * kept


def test_summed_rows_are_a_sum():
    assert_same_gradients(summed_rows, lambda x: jnp.sum(x, axis=0), random_array(4, 3, 5))


def plain_attention(query, key, value, bias, mask):
    logits = jnp.einsum("bhqd,bhkd->bhqk", query, key) + lay_out_diagonals(
        bias, query.shape[2], key.shape[2]
    )
    weights = jax.nn.softmax(jnp.where(mask[:, None], logits, MASKED), axis=-1)
    return jnp.einsum("bhqk,bhkd->bhqd", weights, value)


@pytest.mark.parametrize("name", ["cpu", "gpu"])
@pytest.mark.parametrize("masked_rows", [False, True])
def test_attention_has_the_gradients_of_its_formula(masked_rows, name):
    """Of queries, keys, values and bias, as each platform has it; also of queries without keys."""
    query, key, value = (random_array(2, 3, 5, 4, seed=n) for n in range(3))
    bias = random_array(3, 5 + 5 - 1, seed=3)
    mask = np.random.default_rng(4).random((2, 5, 5)) < 0.7
    mask[:, :, 0] = True
    if masked_rows:
        mask[:, 2] = False
    with assume(name):
        assert_same_gradients(
            lambda q, k, v, b: attend(q, k, v, bias=b, mask=Mask(given=mask)),
            lambda q, k, v, b: plain_attention(q, k, v, b, mask),
            query,
            key,
            value,
            bias,
        )
