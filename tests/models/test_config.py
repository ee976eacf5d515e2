"""A model configuration is checked when it is written, not when the run has started."""

import jax.numpy as jnp
import pytest

from flan_mix.models import T5Config


def test_float16_is_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"float16.*overflow.*bfloat16"):
        T5Config(vocab_size=32, dtype="float16")


@pytest.mark.parametrize("dtype", ["bfloat16", jnp.bfloat16, jnp.dtype("bfloat16")])
def test_dtype_is_taken_as_name_or_object(dtype):
    assert T5Config(vocab_size=32, dtype=dtype).dtype == "bfloat16"


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match="'float32' or 'bfloat16'"):
        T5Config(vocab_size=32, dtype=dtype)


def test_lists_from_gin_become_hashable():
    config = T5Config(vocab_size=32, mlp_activations=["gelu", "linear"])
    assert config.mlp_activations == ("gelu", "linear")
    assert hash(config) == hash(T5Config(vocab_size=32, mlp_activations=("gelu", "linear")))


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("num_heads", 0, "num_heads is 0"),
        ("vocab_size", -1, "vocab_size is -1"),
        ("dropout_rate", 1.0, "dropout_rate is 1.0"),
        ("mlp_activations", ("gelu", "sine"), "must be one of"),
        ("mlp_activations", (), "must be one of"),
    ],
)
def test_impossible_values_name_their_field(field, value, message):
    with pytest.raises(ValueError, match=message):
        T5Config(**{"vocab_size": 32, field: value})
