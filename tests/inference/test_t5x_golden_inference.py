"""Greedy and beam answers and likelihoods are those of T5X and Hugging Face."""

import functools

import jax
import numpy as np
import pytest

from flan_mix.inference import Decoding, beam_decode, greedy_decode, score_rows
from tests.models.huggingface_golden import MODELS as HUGGINGFACE_MODELS
from tests.models.huggingface_golden import HuggingFaceGolden
from tests.models.small_models import packed_batch
from tests.models.t5x_golden import MODELS, T5XGolden, assert_close_to_golden, golden_jit


def up_to_eos(row):
    ends = np.flatnonzero(row == 1)
    return row[: ends[0] + 1 if len(ends) else len(row)].tolist()


def likelihoods(golden, params, inputs, answers):
    """What the whole model gives the golden answers, each alone behind its input."""
    rows = [
        [(tokens[tokens > 0], up_to_eos(answer))]
        for tokens, answer in zip(inputs, answers, strict=True)
    ]
    batch = packed_batch(rows, inputs.shape[1], answers.shape[1])
    return np.asarray(golden_jit(functools.partial(score_rows, golden.model))(params, batch))


@pytest.mark.parametrize("name", MODELS)
def test_greedy_tokens_and_their_likelihood_equal_t5x(name):
    golden = T5XGolden(name)
    expected = golden.arrays("inference.npz")
    inputs = expected["in_encoder_input_tokens"]
    decode = golden_jit(functools.partial(greedy_decode, golden.model, max_decode_length=10))
    params = golden.tree("params.npz")
    result = decode(params, inputs, (inputs > 0).astype(np.int32))
    assert [up_to_eos(row) for row in np.asarray(result.tokens)] == [
        up_to_eos(row) for row in expected["greedy"][:, 0]
    ]
    # T5X scores under the distribution of temperature 0, which has one outcome.
    assert not expected["greedy_scores"].any()
    scores = likelihoods(golden, params, inputs, expected["greedy"][:, 0])
    assert_close_to_golden(result.scores, scores)


@pytest.mark.parametrize("name", MODELS)
def test_beams_and_their_scores_equal_t5x(name):
    golden = T5XGolden(name)
    expected = golden.arrays("inference.npz")
    inputs = expected["in_encoder_input_tokens"]
    decode = golden_jit(functools.partial(beam_decode, golden.model, max_decode_length=10))
    found = decode(golden.tree("params.npz"), inputs, (inputs > 0).astype(np.int32))
    # T5X sorts worst to best, and has -1e7 where fewer answers ended than there are beams.
    scores, tokens = expected["beam4_scores"][:, ::-1], expected["beam4"][:, ::-1]
    present = scores > -1e6
    assert present[:, 0].all()
    assert_close_to_golden(np.asarray(found.scores)[present], scores[present])
    for ours, theirs in zip(np.asarray(found.tokens)[present], tokens[present], strict=True):
        assert up_to_eos(ours) == up_to_eos(theirs)


@pytest.mark.parametrize("name", MODELS)
def test_scores_of_packed_rows_equal_t5x(name):
    golden = T5XGolden(name)
    scores = golden_jit(functools.partial(score_rows, golden.model))(
        golden.tree("params.npz"), golden.arrays("batch_0.npz")
    )
    assert_close_to_golden(scores, golden.arrays("outputs_batch_0.npz")["packed_scores"])


@pytest.mark.parametrize("name", MODELS)
def test_scores_of_unpacked_rows_equal_t5x(name):
    golden = T5XGolden(name)
    expected = golden.arrays("inference.npz")
    batch = {key.removeprefix("in_"): expected[key] for key in expected if key.startswith("in_")}
    batch["encoder_segment_ids"] = (batch["encoder_input_tokens"] > 0).astype(np.int32)
    batch["decoder_segment_ids"] = (batch["decoder_target_tokens"] > 0).astype(np.int32)
    scores = golden_jit(functools.partial(score_rows, golden.model))(
        golden.tree("params.npz"), batch
    )
    assert_close_to_golden(scores, expected["score_unpacked"])


@pytest.mark.parametrize("name", HUGGINGFACE_MODELS)
def test_greedy_tokens_and_their_likelihood_equal_hugging_face(name):
    golden = HuggingFaceGolden(name)
    outputs = golden.outputs
    decode = jax.jit(functools.partial(greedy_decode, golden.model, max_decode_length=12))
    inputs, params = outputs["input_ids"], golden.params
    result = decode(params, inputs, outputs["attention_mask"])
    assert [up_to_eos(row) for row in np.asarray(result.tokens)] == [
        up_to_eos(row[1:]) for row in outputs["greedy"]
    ]
    scores = likelihoods(golden, params, inputs, outputs["greedy"][:, 1:])
    assert_close_to_golden(result.scores, scores)


@pytest.mark.parametrize("name", HUGGINGFACE_MODELS)
def test_beams_and_their_likelihood_equal_hugging_face(name):
    golden = HuggingFaceGolden(name)
    outputs = golden.outputs
    decoding = Decoding(method="beam", num_beams=4, length_penalty=0.0, beam_rules="hugging_face")
    decode = jax.jit(
        functools.partial(beam_decode, golden.model, max_decode_length=12, decoding=decoding)
    )
    inputs, params = outputs["input_ids"], golden.params
    found = decode(params, inputs, outputs["attention_mask"])
    assert [up_to_eos(row[0]) for row in np.asarray(found.tokens)] == [
        up_to_eos(row[1:]) for row in outputs["beam4"]
    ]
    # The golden file has no scores; without a length penalty they are the answers' likelihoods.
    scores = likelihoods(golden, params, inputs, outputs["beam4"][:, 1:])
    assert_close_to_golden(found.scores[:, 0], scores)
