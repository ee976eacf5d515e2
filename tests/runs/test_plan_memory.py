"""The peak of small programs, counted by hand."""

import jax
import jax.numpy as jnp

from flan_mix.runs.plan_memory import peak_of
from flan_mix.runs.plan_program import program_of
from flan_mix.runs.plan_sharding import place, whole

N = 256
SQUARE = jax.ShapeDtypeStruct((N, N), jnp.float32)
BYTES = 4 * N * N


def peak(function, *arguments, specs=(), mesh=None):
    program = program_of(jax.make_jaxpr(function)(*arguments))
    for value in program.inputs:
        value.spec = whole(value)
    for value, spec in zip(program.inputs, specs, strict=False):
        value.spec = spec
    mesh = mesh or {}
    place(program, mesh)
    return peak_of(program, mesh).total_bytes


def test_single_elements_are_computed_where_they_are_read():
    assert peak(lambda x: jnp.sum(jnp.exp(x) * 2 + 1), SQUARE) == 0


def test_a_products_operands_lie_in_memory():
    # exp(x) and the product, which the sum then reads.
    assert peak(lambda x, w: jnp.sum(jnp.exp(x) @ w), SQUARE, SQUARE) == 2 * BYTES


def test_memory_is_free_after_the_last_reader():
    def chain(x, w):
        for _ in range(5):
            x = x @ w
        return jnp.sum(x)

    assert peak(chain, SQUARE, SQUARE) == 2 * BYTES


def test_backward_holds_what_forward_leaves_it():
    def layers(n):
        def loss(x, w):
            for _ in range(n):
                x = jnp.tanh(x @ w)
            return jnp.sum(x)

        return jax.grad(loss)

    # tanh's result is all that backward reads of a layer.
    assert peak(layers(9), SQUARE, SQUARE) - peak(layers(5), SQUARE, SQUARE) == 4 * BYTES


def test_checkpointed_layers_hold_their_inputs_alone():
    def layers(n, wrap):
        def layer(x, w):
            for _ in range(4):
                x = jnp.tanh(x @ w)
            return x

        def loss(x, w):
            for _ in range(n):
                x = wrap(layer)(x, w)
            return jnp.sum(x)

        return jax.grad(loss)

    def growth(wrap):
        return peak(layers(6, wrap), SQUARE, SQUARE) - peak(layers(5, wrap), SQUARE, SQUARE)

    assert growth(lambda f: f) == 4 * BYTES
    assert growth(jax.checkpoint) == BYTES


def test_a_loop_needs_its_carry_once_and_its_body_once():
    def repeated(x, w):
        x = jax.lax.scan(lambda x, _: (jnp.tanh(x @ w), None), x * 2, length=50)[0]
        return jnp.sum(x)

    assert peak(repeated, SQUARE, SQUARE) <= 3 * BYTES


def test_equal_work_is_done_once_unless_a_checkpoint_does_it_anew():
    def products(wrap):
        def loss(x, w):
            return jnp.sum(jnp.tanh(x @ w)) + jnp.sum(wrap(lambda x: jnp.tanh(x @ w) @ w)(x))

        program = program_of(jax.make_jaxpr(jax.grad(loss))(SQUARE, SQUARE))
        return sum(operation.name == "dot_general" for operation in program.operations)

    # Forwards x @ w for both and the second @ w, which nothing needs; backwards one for each.
    assert products(lambda f: f) == 1 + 3
    assert products(jax.checkpoint) == 2 + 3


def test_a_random_bit_is_made_of_two_words():
    def kept(x):
        return jnp.sum(jnp.where(jax.random.bernoulli(jax.random.key(0), 0.5, x.shape), x, 0))

    # And the key's two.
    assert peak(kept, SQUARE) == 2 * BYTES + 8


def test_rows_on_several_devices_take_their_part():
    mesh = {"data": 8, "model": 1}
    rows = (("data",), ())
    whole_peak = peak(lambda x, w: jnp.sum(jnp.exp(x) @ w), SQUARE, SQUARE)
    split = peak(lambda x, w: jnp.sum(jnp.exp(x) @ w), SQUARE, SQUARE, specs=(rows,), mesh=mesh)
    assert split == whole_peak // 8


def test_weights_split_over_the_batchs_axis_are_gathered_while_they_are_read():
    mesh = {"data": 8, "model": 1}
    specs = ((("data",), ()), (("data",), ()))
    split = peak(lambda x, w: jnp.sum(x @ w), SQUARE, SQUARE, specs=specs, mesh=mesh)
    assert split == BYTES + BYTES // 8
