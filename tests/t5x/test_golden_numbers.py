"""T5X's golden numbers through T5X's own names: loss, likelihoods, answers, Adafactor's steps."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import seqio
from flax.serialization import to_state_dict
from flax.traverse_util import flatten_dict

from flan_mix.models import apply, apply_projected
from flan_mix.t5x import adafactor, decoding, losses, models, partitioning, train_state, utils
from flan_mix.t5x.examples.t5 import network
from flan_mix.training import make_train_step
from tests.models.huggingface_golden import MODELS as HUGGING_FACE_MODELS
from tests.models.huggingface_golden import HuggingFaceGolden
from tests.models.t5x_golden import MODELS, T5XGolden, assert_close_to_golden, golden_jit


def golden_model(golden: T5XGolden, **changes) -> models.EncoderDecoderModel:
    vocabulary = seqio.ByteVocabulary()
    return models.EncoderDecoderModel(
        module=network.Transformer(network.T5Config(**golden.config)),
        input_vocabulary=vocabulary,
        output_vocabulary=vocabulary,
        optimizer_def=adafactor.Adafactor(
            decay_rate=0.8,
            step_offset=0,
            logical_factor_rules=adafactor.standard_logical_factor_rules(),
        ),
        **changes,
    )


def unpacked(golden: T5XGolden) -> tuple[dict, dict]:
    expected = golden.arrays("inference.npz")
    batch = {key.removeprefix("in_"): expected[key] for key in expected if key.startswith("in_")}
    return batch, expected


def up_to_eos(row) -> list[int]:
    ends = np.flatnonzero(np.asarray(row) == 1)
    return np.asarray(row)[: ends[0] + 1 if len(ends) else len(row)].tolist()


@pytest.mark.parametrize("name", MODELS)
def test_likelihoods_of_rows_equal_t5x(name):
    golden = T5XGolden(name)
    batch, expected = unpacked(golden)
    scores = golden_jit(golden_model(golden).score_batch)(golden.tree("params.npz"), batch)
    assert_close_to_golden(scores, expected["score_unpacked"])


LOSSES = {
    "loss": {"z_loss": 1e-4},
    "loss_z1e3_ls01": {"z_loss": 1e-3, "label_smoothing": 0.1},
    "loss_norm_real_target_tokens": {
        "z_loss": 1e-4,
        "loss_normalizing_factor": losses.SpecialLossNormalizingFactor.NUM_REAL_TARGET_TOKENS,
    },
}


@pytest.mark.parametrize("name", MODELS)
def test_logits_losses_and_packed_scores_equal_t5x(name):
    golden = T5XGolden(name)
    expected, params = golden.arrays("outputs_batch_0.npz"), golden.tree("params.npz")

    @golden_jit
    def found(params):
        batch = golden.arrays("batch_0.npz")
        of = {key: golden_model(golden, **config) for key, config in LOSSES.items()}
        losses = {key: model.eval_fn(params, batch)[0] for key, model in of.items()}
        plain = of["loss"]
        return {
            **losses,
            "logits": apply(plain.module, params, batch),
            "packed_scores": plain.score_batch(params, batch),
        }

    numbers = found(params)
    assert numbers.keys() == expected.keys()
    for key, values in numbers.items():
        assert_close_to_golden(values, expected[key])


def test_the_gradient_of_every_parameter_equals_t5x():
    golden = T5XGolden("t5_1_1")
    model, batch = golden_model(golden, z_loss=1e-4), golden.arrays("batch_0.npz")
    gradient = golden_jit(jax.grad(lambda params: model.loss_fn(params, batch, None)[0]))
    found = flatten_dict(gradient(golden.tree("params.npz")), sep="/")
    expected = golden.arrays("grads_batch_0.npz")
    assert found.keys() == expected.keys()
    for path, array in found.items():
        assert_close_to_golden(array, expected[path])


@pytest.mark.parametrize("name", ["t5_1_1", "wide"])  # `wide` has factored slots.
def test_four_steps_of_adafactor_equal_t5x(name):
    golden = T5XGolden(name)
    model = golden_model(golden, z_loss=1e-4)
    optimizer = model.optimizer_def.build()
    step = make_train_step(
        # Without dropout, whatever key the step offers.
        lambda params, batch, rng: apply_projected(model.module, params, batch),
        optimizer,
        utils.create_learning_rate_scheduler("constant", 1e-3),
        model.loss_config,
        partitioner=partitioning.PjitPartitioner(num_partitions=1),
    )
    params = jax.tree.map(jnp.asarray, golden.tree("params.npz"))
    state = train_state.TrainState(jnp.int32(0), params, optimizer.init(params))
    update = golden_jit(step.update)
    expected = json.loads(golden.path("train_losses.json").read_text())["losses"]
    found = []
    for number in range(4):
        state, metrics = update(state, golden.arrays(f"batch_{number}.npz"), jax.random.key(0))
        found.append(float(metrics.loss))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    after = golden.arrays("params_after_step_4.npz")
    for path, array in flatten_dict(state.params, sep="/").items():
        np.testing.assert_allclose(array, after[path], rtol=1e-4, atol=1e-6, err_msg=path)
    slots = golden.arrays("adafactor_state_after_step_4.npz")
    found = flatten_dict({"param_states": to_state_dict(state.opt_state)}, sep="/")
    assert found.keys() == slots.keys() - {"step"}
    for path, array in found.items():
        np.testing.assert_allclose(array, slots[path], rtol=1e-4, atol=1e-6, err_msg=path)


@pytest.mark.parametrize("name", MODELS)
def test_four_beams_and_their_scores_equal_t5x_in_its_order(name):
    golden = T5XGolden(name)
    batch, expected = unpacked(golden)
    batch["decoder_input_tokens"] = np.zeros((len(expected["beam4"]), 10), np.int32)
    tokens, aux = golden_model(golden).predict_batch_with_aux(
        golden.tree("params.npz"), batch, num_decodes=4, return_all_decodes=True
    )
    present = expected["beam4_scores"] > -1e6
    assert_close_to_golden(aux["scores"][present], expected["beam4_scores"][present])
    for ours, theirs in zip(tokens[present], expected["beam4"][present], strict=True):
        assert up_to_eos(ours) == up_to_eos(theirs)


@pytest.mark.parametrize("name", MODELS)
def test_the_likeliest_tokens_equal_t5x(name):
    golden = T5XGolden(name)
    batch, expected = unpacked(golden)
    batch["decoder_input_tokens"] = np.zeros((len(expected["greedy"]), 10), np.int32)
    model = golden_model(
        golden,
        decode_fn=decoding.temperature_sample,
        default_decoder_params={"temperature": 0.0},
    )
    tokens = model.predict_batch(golden.tree("params.npz"), batch)
    assert [up_to_eos(row) for row in tokens] == [up_to_eos(row[0]) for row in expected["greedy"]]


@pytest.mark.parametrize("name", HUGGING_FACE_MODELS)
def test_hugging_face_weights_have_hugging_faces_logits_and_answers_under_t5x_names(name):
    """Greedy ones: T5X's beam search, which these names mean, stops by other rules."""
    golden = HuggingFaceGolden(name)
    expected, params, vocabulary = golden.outputs, golden.params, seqio.ByteVocabulary()
    batch = {
        "encoder_input_tokens": expected["input_ids"] * expected["attention_mask"],
        "decoder_input_tokens": np.zeros((len(expected["greedy"]), 12), np.int32),
    }

    model = models.EncoderDecoderModel(
        golden.model, vocabulary, vocabulary, None, decode_fn=decoding.temperature_sample
    )
    tokens = model.predict_batch(params, batch)
    assert [up_to_eos(row) for row in tokens] == [up_to_eos(row[1:]) for row in expected["greedy"]]
    teacher_forced = {
        "encoder_input_tokens": batch["encoder_input_tokens"],
        "encoder_segment_ids": expected["attention_mask"],
        "decoder_input_tokens": expected["decoder_input_ids"],
        "decoder_segment_ids": np.ones_like(expected["decoder_input_ids"]),
    }
    logits = golden_jit(lambda params: apply(model.module, params, teacher_forced))(params)
    assert_close_to_golden(logits, expected["logits"])
