"""Layers in one array and layers apart are the same model, in T5X's scanned form and in ours."""

import numpy as np
import pytest

from flan_mix.checkpoints import open_checkpoint
from flan_mix.checkpoints.arrays import in_memory
from flan_mix.checkpoints.scanned_layers import is_scanned, scanned, unrolled
from tests.checkpoints.t5x_files import write_legacy
from tests.models.small_models import random_flat_params, small_config

CONFIG = small_config(num_encoder_layers=3, num_decoder_layers=2)


def params() -> dict[str, np.ndarray]:
    return random_flat_params(CONFIG, 0)


def stored(arrays) -> dict:
    return {path: in_memory(array) for path, array in arrays.items()}


@pytest.mark.parametrize("shared_bias", [True, False])
def test_scanned_and_unrolled_again_nothing_has_changed(shared_bias) -> None:
    together = scanned(stored(params()), CONFIG.num_heads, shared_bias=shared_bias)
    assert is_scanned(together)
    apart = unrolled(together, "here")
    assert apart.keys() == params().keys()
    for path, array in params().items():
        np.testing.assert_array_equal(apart[path].read(), array, err_msg=path)


def test_the_scanned_form_is_t5xs() -> None:
    """Names, shapes and contents of scalable_t5: layers along dimension 1, heads apart."""
    apart = params()
    together = scanned(stored(apart), CONFIG.num_heads, shared_bias=False)
    shapes = {path: array.shape for path, array in together.items()}
    assert shapes == {
        "token_embedder/embedding": (40, 16),
        "encoder/encoder/relpos_bias/rel_embedding": (2, 3, 32),
        "encoder/encoder/pre_attention_layer_norm/scale": (16, 3),
        "encoder/encoder/attention/query/kernel": (16, 3, 2, 6),
        "encoder/encoder/attention/key/kernel": (16, 3, 2, 6),
        "encoder/encoder/attention/value/kernel": (16, 3, 2, 6),
        "encoder/encoder/attention/out/kernel": (2, 3, 6, 16),
        "encoder/encoder/pre_mlp_layer_norm/scale": (16, 3),
        "encoder/encoder/mlp/wi_0/kernel": (16, 3, 20),
        "encoder/encoder/mlp/wi_1/kernel": (16, 3, 20),
        "encoder/encoder/mlp/wo/kernel": (20, 3, 16),
        "encoder/encoder_norm/scale": (16,),
        "decoder/decoder/relpos_bias/rel_embedding": (2, 2, 32),
        "decoder/decoder/pre_self_attention_layer_norm/scale": (16, 2),
        "decoder/decoder/pre_cross_attention_layer_norm/scale": (16, 2),
        "decoder/decoder/pre_mlp_layer_norm/scale": (16, 2),
        **{
            f"decoder/decoder/{attention}/{part}/kernel": (16, 2, 2, 6)
            for attention in ("self_attention", "encoder_decoder_attention")
            for part in ("query", "key", "value")
        },
        "decoder/decoder/self_attention/out/kernel": (2, 2, 6, 16),
        "decoder/decoder/encoder_decoder_attention/out/kernel": (2, 2, 6, 16),
        "decoder/decoder/mlp/wi_0/kernel": (16, 2, 20),
        "decoder/decoder/mlp/wi_1/kernel": (16, 2, 20),
        "decoder/decoder/mlp/wo/kernel": (20, 2, 16),
        "decoder/decoder_norm/scale": (16,),
        "decoder/logits_dense/kernel": (16, 40),
    }
    query = together["encoder/encoder/attention/query/kernel"].read()
    np.testing.assert_array_equal(
        query[:, 2, 1, :], apart["encoder/layers_2/attention/query/kernel"][:, 6:12]
    )
    out = together["decoder/decoder/self_attention/out/kernel"].read()
    np.testing.assert_array_equal(
        out[1, 1], apart["decoder/layers_1/self_attention/out/kernel"][6:12]
    )


def test_with_a_shared_bias_the_table_is_kept_once() -> None:
    together = scanned(stored(params()), CONFIG.num_heads, shared_bias=True)
    assert together["encoder/relpos_bias/rel_embedding"].shape == (2, 32)
    assert not any("encoder/encoder/relpos" in path for path in together)


def test_parts_of_scanned_arrays_are_those_parts() -> None:
    together = scanned(stored(params()), CONFIG.num_heads, shared_bias=False)
    array = together["encoder/encoder/attention/query/kernel"]
    part = array.read((slice(2, 9), slice(1, 3), slice(0, 1), slice(None)))
    np.testing.assert_array_equal(part, array.read()[2:9, 1:3, 0:1])


@pytest.mark.parametrize("shared_bias", [True, False])
def test_a_scanned_checkpoint_opens_as_an_unrolled_one(tmp_path, shared_bias) -> None:
    together = scanned(stored(params()), CONFIG.num_heads, shared_bias=shared_bias)
    arrays = {f"target/{path}": array.read() for path, array in together.items()}
    write_legacy(tmp_path / "checkpoint_7", {**arrays, "state/step": np.asarray(7, np.int32)})
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.parameters.keys() == params().keys()
    for path, array in params().items():
        np.testing.assert_array_equal(checkpoint.parameters[path].read(), array, err_msg=path)


def test_biases_of_each_layers_own_are_refused(tmp_path) -> None:
    together = scanned(stored(params()), CONFIG.num_heads, shared_bias=False)
    arrays = {f"target/{path}": array.read() for path, array in together.items()}
    arrays["target/encoder/encoder/relpos_bias/rel_embedding"][0, 1, 0] += 1
    write_legacy(tmp_path / "checkpoint_7", arrays)
    with pytest.raises(ValueError, match="every layer of the encoder has position biases"):
        open_checkpoint(tmp_path)
