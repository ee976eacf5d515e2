"""Published weights mean the same here as in Hugging Face Transformers."""

import numpy as np
import pytest

from flan_mix.models import apply
from tests.models.huggingface_golden import MODELS, HuggingFaceGolden
from tests.models.t5x_golden import assert_close_to_golden, golden_jit


@pytest.mark.parametrize("name", MODELS)
def test_logits_equal_hugging_face(name):
    golden = HuggingFaceGolden(name)
    outputs, model = golden.outputs, golden.model
    batch = {
        "encoder_input_tokens": outputs["input_ids"],
        "encoder_segment_ids": outputs["attention_mask"],
        "decoder_input_tokens": outputs["decoder_input_ids"],
        # Hugging Face was given no decoder mask: all places are real there.
        "decoder_segment_ids": np.ones_like(outputs["decoder_input_ids"]),
    }
    logits = golden_jit(lambda params, batch: apply(model, params, batch))(golden.params, batch)
    assert_close_to_golden(logits, outputs["logits"])
