"""What is drawn has the distribution that the settings say, and depends on seed and example."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from flan_mix.inference import Decoding, Generator
from flan_mix.inference.sampling import draw, filtered_logits, row_keys, top_k_mask, top_p_mask
from flan_mix.models import Transformer
from tests.models.small_models import logits_of, packed_batch, random_params, small_config

VOCAB = 40
LOGITS = np.random.default_rng(0).normal(size=(5, VOCAB)).astype(np.float32) * 2


def softmax(logits):
    exponent = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponent / exponent.sum(axis=-1, keepdims=True)


def numpy_top_k(logits, k):
    return logits >= np.sort(logits, axis=-1)[:, -k][:, None]


def numpy_top_p(logits, p):
    kept = np.zeros(logits.shape, bool)
    for row, probabilities in enumerate(softmax(logits.astype(np.float64))):
        order = np.argsort(-probabilities)
        count = int(np.argmax(np.cumsum(probabilities[order]) >= p)) + 1 if p < 1 else VOCAB
        kept[row, order[:count]] = True
    return kept


@pytest.mark.parametrize("k", [1, 3, 39, 40, 100])
def test_top_k_keeps_the_k_largest(k):
    expected = numpy_top_k(LOGITS, min(k, VOCAB))
    np.testing.assert_array_equal(jax.jit(top_k_mask, static_argnums=1)(LOGITS, k), expected)


@pytest.mark.parametrize("p", [1e-6, 0.3, 0.9, 0.999, 1.0])
def test_top_p_keeps_the_fewest_that_reach_p(p):
    expected = numpy_top_p(LOGITS, p)
    np.testing.assert_array_equal(jax.jit(top_p_mask, static_argnums=1)(LOGITS, p), expected)


def test_equal_tokens_are_kept_together_and_impossible_ones_never_by_top_p():
    logits = jnp.array([[2.0, 1.0, 1.0, -0.0, 0.0, -np.inf]], jnp.float32)
    assert top_k_mask(logits, 2).tolist() == [[True, True, True, False, False, False]]
    assert top_k_mask(logits, 4).tolist() == [[True, True, True, True, True, False]]
    assert top_p_mask(logits, 0.7).tolist() == [[True, True, True, False, False, False]]
    assert not bool(top_p_mask(logits, 0.999)[0, 5])


def test_temperature_comes_first_then_top_k_then_top_p():
    decoding = Decoding(method="sample", temperature=0.7, top_k=10, top_p=0.8)
    cold = LOGITS / np.float32(0.7)
    of_ten = np.where(numpy_top_k(cold, 10), cold, -np.inf)
    expected = np.where(numpy_top_p(of_ten, 0.8), of_ten, -np.inf)
    np.testing.assert_allclose(filtered_logits(jnp.asarray(LOGITS), decoding), expected, rtol=1e-6)
    assert 1 < np.isfinite(expected).sum(axis=1).min() < 10


def assert_drawn_from(tokens, probabilities):
    """A chi-square test of goodness of fit; seeds are fixed, so it does not flicker."""
    counts = np.bincount(tokens, minlength=len(probabilities))
    possible = probabilities > 0
    assert not counts[~possible].any()
    expected = probabilities[possible] * len(tokens)
    rare = expected < 5
    observed = np.append(counts[possible][~rare], counts[possible][rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    if wanted[-1] < 5:
        observed, wanted = observed[:-1], wanted[:-1]
        wanted *= observed.sum() / wanted.sum()
    assert stats.chisquare(observed, wanted).pvalue > 0.01


@pytest.mark.parametrize(
    "settings", [{}, {"temperature": 0.5}, {"top_k": 6}, {"top_p": 0.8}, {"temperature": 1.5}]
)
def test_draws_follow_the_softmax(settings):
    decoding = Decoding(method="sample", **settings)
    logits = jnp.broadcast_to(LOGITS[0], (20_000, VOCAB))
    keys = row_keys(3, jnp.arange(10_000), 2)
    tokens = np.asarray(draw(filtered_logits(logits, decoding), keys, jnp.int32(4)))
    cold = LOGITS[:1].astype(np.float64) / decoding.temperature
    kept = numpy_top_k(cold, decoding.top_k or VOCAB) & numpy_top_p(cold, decoding.top_p)
    assert_drawn_from(tokens, softmax(np.where(kept, cold, -np.inf))[0])


CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=1)
MODEL = Transformer(CONFIG)
PARAMS = random_params(CONFIG, 1)
INPUT = [5, 9, 3, 1]


def test_sampled_answers_follow_the_model():
    decoding = Decoding(method="sample", num_return=4, seed=1)
    generator = Generator(MODEL, PARAMS, 500, 1, decoding=decoding)
    found = generator.answer([INPUT] * 1000)
    logits = np.asarray(logits_of(CONFIG, PARAMS, packed_batch([[(INPUT, [0])]], 4, 1)))[0, 0]
    tokens = np.array([answer.tokens[0] for answers in found for answer in answers])
    assert_drawn_from(tokens, softmax(logits.astype(np.float64)))
    log_probs = np.log(softmax(logits))
    scores = [answer.score for answers in found for answer in answers]
    np.testing.assert_allclose(scores, log_probs[tokens], rtol=1e-4)
    assert all(a.score >= b.score for answers in found for a, b in itertools.pairwise(answers))


def random_inputs(count):
    random = np.random.default_rng(2)
    return [random.integers(2, 40, random.integers(1, 40)).tolist() for _ in range(count)]


def test_samples_depend_on_seed_and_example_and_not_on_batches():
    inputs = random_inputs(7)

    def answers(batch_size, seed, inputs=inputs):
        decoding = Decoding(method="sample", num_return=2, seed=seed)
        found = Generator(MODEL, PARAMS, batch_size, 6, decoding=decoding).answer(inputs)
        return [[answer.tokens for answer in of_input] for of_input in found]

    first = answers(7, seed=0)
    assert answers(2, seed=0) == first
    assert answers(4, seed=0, inputs=inputs[:3]) == first[:3]
    assert answers(7, seed=1) != first
    assert first[0][0] != first[0][1]
    same_input = answers(3, seed=0, inputs=[INPUT] * 3)
    assert len({str(found) for found in same_input}) == 3


def test_rows_draw_alike_in_any_batch_whatever_jax_takes_for_its_default_generator():
    logits = jnp.broadcast_to(LOGITS[0], (8, VOCAB))

    def drawn(examples):
        keys = row_keys(3, jnp.asarray(examples), 1)
        return draw(logits[: len(examples)], keys, jnp.int32(0)).tolist()

    expected = drawn(range(8))
    with jax.default_prng_impl("rbg"):
        assert drawn(range(8)) == expected
        assert drawn([5, 3]) == [expected[5], expected[3]]
    assert len(set(expected)) > 1


def test_seeds_of_any_size_are_taken():
    def tokens(seed):
        decoding = Decoding(method="sample", seed=seed)
        return Generator(MODEL, PARAMS, 1, 6, decoding=decoding).generate([INPUT])

    # As in jax.random.key 32 bits of them count.
    assert tokens(2**31 + 5) != tokens(5) == tokens(2**32 + 5)
    assert tokens(-1) == tokens(2**32 - 1)
