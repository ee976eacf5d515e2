"""The TPU's flash kernel gives the numbers and gradients of the plain formula.

No TPU is needed: the kernel runs in Pallas' own simulation of one, and is lowered for one.
"""

from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.pallas import tpu

from flan_mix.models import Transformer, apply
from flan_mix.models.attention import attend, attention_path, segment_mask
from flan_mix.models.flash_attention import flash_attend
from flan_mix.models.position_bias import RelativePositionBias
from tests.models.small_models import packed_batch, random_examples, random_params, small_config


def on_a_tpu():
    """What is traced inside takes this process for one on a TPU."""
    return mock.patch.object(jax, "default_backend", lambda: "tpu")


def segments_of(*rows: tuple[int, ...], length: int) -> np.ndarray:
    """Segment ids of rows whose examples have the given lengths, padding behind them."""
    ids = np.zeros((len(rows), length), np.int32)
    for row, lengths in enumerate(rows):
        of_row = np.repeat(np.arange(1, len(lengths) + 1), lengths)
        ids[row, : len(of_row)] = of_row
    return ids


CASES = {
    "encoder": (segments_of((100, 90, 30), (256,), length=256),) * 2,
    "decoder": (segments_of((60, 250), (10, 7, 300), length=384),) * 2,
    "cross": (
        segments_of((40, 50), (128,), length=128),
        segments_of((200, 100), (384,), length=384),
    ),
}
"""Segments of queries and keys; 256 is one block of the kernel and 384 three."""


@pytest.mark.parametrize("case", CASES)
def test_flash_kernel_has_values_and_gradients_of_the_formula(case):
    """Of queries, keys, values and the table that the bias is read from, keys dropped or not."""
    query_ids, key_ids = CASES[case]
    is_causal = case == "decoder"
    random = np.random.default_rng(0)
    heads, head_dim = 2, 16
    arrays = [
        random.normal(size=(2, heads, ids.shape[1], head_dim)).astype(np.float32)
        for ids in (query_ids, key_ids, key_ids)
    ]
    kept = (random.random((2, heads, key_ids.shape[1])) < 0.8).astype(np.float32) / 0.8
    counted = random.normal(size=arrays[0].shape) * (query_ids > 0)[:, None, :, None]
    table = random.normal(size=(heads, 32)).astype(np.float32)
    mask = segment_mask(query_ids, key_ids, is_causal=is_causal)
    module = RelativePositionBias(heads, bidirectional=not is_causal)

    def attended(kernel):
        def run(query, key, value, table):
            lengths = query.shape[2], key.shape[2]
            bias = None if case == "cross" else module.apply({"params": table}, *lengths)
            dropped = None if case == "encoder" else kept
            out = attend(
                query, key, value, bias=bias, mask=mask, key_dropout=dropped, kernel=kernel
            )
            return jnp.sum(out * counted), jnp.where((query_ids > 0)[:, None, :, None], out, 0)

        return jax.jit(jax.value_and_grad(run, argnums=(0, 1, 2, 3), has_aux=True))

    inputs = (*arrays, {"rel_embedding": table})
    (_, expected), expected_gradients = attended("xla")(*inputs)
    with on_a_tpu(), tpu.force_tpu_interpret_mode():
        (_, values), gradients = attended("flash")(*inputs)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)
    for found, wanted in zip(
        jax.tree.leaves(gradients), jax.tree.leaves(expected_gradients), strict=True
    ):
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * scale)
