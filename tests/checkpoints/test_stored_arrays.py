"""Views of stored arrays read what NumPy's own operations give, into whatever they are asked to."""

import jax
import ml_dtypes
import numpy as np

from flan_mix.checkpoints.arrays import cast, in_memory, layer_of, reshaped, stacked, transposed
from flan_mix.checkpoints.page_memory import page_array

VALUES = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
PART = (slice(1, 3), slice(2, 6))


def test_parts_are_those_of_the_whole() -> None:
    array, rounded = in_memory(VALUES), VALUES.astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(array.read(PART), VALUES[PART])
    np.testing.assert_array_equal(transposed(array).read(PART[::-1]), VALUES[PART].T)
    np.testing.assert_array_equal(cast(array, "bfloat16").read(PART), rounded[PART])
    np.testing.assert_array_equal(reshaped(array, (2, 12)).read(), VALUES.reshape(2, 12))
    part = (slice(0, 1), slice(3, 9))
    np.testing.assert_array_equal(reshaped(array, (2, 12)).read(part), VALUES.reshape(2, 12)[part])


def test_a_cast_rounds_whatever_it_is_read_into() -> None:
    rounded = VALUES.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert not np.array_equal(rounded, VALUES)
    np.testing.assert_array_equal(cast(in_memory(VALUES), "bfloat16").read(None, "f4"), rounded)


def test_layers_are_taken_apart_and_together_by_heads() -> None:
    apart = reshaped(in_memory(VALUES), (4, 3, 2))
    together = stacked([apart, apart], 1)
    want = np.stack([VALUES.reshape(4, 3, 2)] * 2, 1)
    np.testing.assert_array_equal(together.read(), want)
    part = (slice(1, 4), slice(1, 2), slice(0, 2), slice(1, 2))
    np.testing.assert_array_equal(together.read(part), want[part])
    one = reshaped(layer_of(together, 1, 1), (4, 6))
    np.testing.assert_array_equal(one.read(), VALUES)


def test_large_arrays_have_pages_that_jax_takes_over_on_cpu() -> None:
    array = page_array((300, 200), np.float32)
    array[...] = 1.5
    cpu = jax.sharding.SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    placed = jax.device_put(array, cpu)
    assert placed.unsafe_buffer_pointer() == array.ctypes.data
    # Given to a computation, the array is let go and nothing writes into its pages.
    added = jax.jit(lambda x: x + 1, donate_argnums=0)(placed)
    np.testing.assert_array_equal(added, np.full((300, 200), 2.5))
    np.testing.assert_array_equal(array, np.full((300, 200), 1.5))
