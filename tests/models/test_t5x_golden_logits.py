"""The model computes what T5X computes, and what plain NumPy in float64 computes."""

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from flan_mix.models import abstract_params, apply
from tests.models.numpy_t5 import NumpyT5
from tests.models.t5x_golden import MODELS, T5XGolden, assert_close_to_golden, golden_jit


@pytest.mark.parametrize("name", MODELS)
def test_parameter_names_and_shapes_are_t5x(name):
    golden = T5XGolden(name)
    ours = flatten_dict(abstract_params(golden.model), sep="/")
    theirs = golden.arrays("params.npz")
    assert {path: leaf.shape for path, leaf in ours.items()} == {
        path: value.shape for path, value in theirs.items()
    }
    assert {str(leaf.dtype) for leaf in ours.values()} == {"float32"}


@pytest.mark.parametrize("name", MODELS)
def test_logits_of_a_packed_batch_equal_t5x(name):
    golden = T5XGolden(name)
    model = golden.model
    logits = golden_jit(lambda params, batch: apply(model, params, batch))(
        golden.tree("params.npz"), golden.arrays("batch_0.npz")
    )
    assert logits.dtype == np.float32
    # Padding included: T5X lets a query without any key attend evenly, and so do we.
    assert_close_to_golden(logits, golden.arrays("outputs_batch_0.npz")["logits"])


@pytest.mark.parametrize("name", MODELS)
def test_golden_batches_agree_with_numpy_in_float64(name):
    golden = T5XGolden(name)
    batch = golden.arrays("batch_0.npz")
    model = golden.model
    logits = jax.jit(lambda params, batch: apply(model, params, batch))(
        golden.tree("params.npz"), batch
    )
    reference = NumpyT5(golden.config, golden.arrays("params.npz")).logits(batch)
    real = batch["decoder_segment_ids"] > 0
    error = np.abs(np.asarray(logits)[real] - reference[real]).max()
    assert error < 1e-5 * np.abs(reference[real]).max()
