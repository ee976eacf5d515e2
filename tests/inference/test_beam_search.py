"""Beam search finds what an exhaustive search finds, and what the same rules in NumPy find."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.inference import Decoding, beam_decode, greedy_decode, score_rows
from flan_mix.inference.beam_search import NONE_YET, Beams, ranked_answers
from flan_mix.models import Transformer
from tests.models.small_models import logits_of, packed_batch, random_params, small_config

CONFIG = small_config(vocab_size=4, num_encoder_layers=1, num_decoder_layers=1)
MODEL = Transformer(CONFIG)
PARAMS = random_params(CONFIG, 5)
EOS, LONGEST = 1, 4
INPUTS = [[2, 3, 1], [3, 3, 2, 0, 1]]

score_many = jax.jit(functools.partial(score_rows, MODEL))


def beams_of(decoding, longest=LONGEST, config=CONFIG, params=PARAMS, inputs=INPUTS):
    batch = packed_batch([[(tokens, [0])] for tokens in inputs], 8, 1)
    decode = jax.jit(
        functools.partial(
            beam_decode, Transformer(config), max_decode_length=longest, decoding=decoding
        )
    )
    return decode(params, batch["encoder_input_tokens"], batch["encoder_segment_ids"])


def every_answer():
    """All token sequences that end with their only EOS, of up to LONGEST tokens."""
    others = [token for token in range(4) if token != EOS]
    for length in range(LONGEST):
        for start in itertools.product(others, repeat=length):
            yield [*start, EOS]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_wide_beams_find_the_best_of_all_answers(alpha):
    answers = list(every_answer())
    found = beams_of(Decoding(method="beam", num_beams=len(answers), length_penalty=alpha))
    for row, tokens in enumerate(INPUTS):
        batch = packed_batch([[(tokens, answer)] for answer in answers], 8, LONGEST)
        penalties = np.array([((5 + len(answer)) / 6) ** alpha for answer in answers])
        scores = np.asarray(score_many(PARAMS, batch)) / penalties
        best = np.argsort(-scores)[:20]
        np.testing.assert_allclose(found.scores[row, :20], scores[best], rtol=1e-5)
        for place, index in enumerate(best):
            padded = [*answers[index], *[0] * LONGEST][:LONGEST]
            assert found.tokens[row, place].tolist() == padded


def numpy_beam_search(inputs, beams, alpha, longest, config, params):
    """T5X's rules with lists, applying the whole model to every beginning at every step."""
    live, ended = [(0.0, [])], []
    for step in range(longest):
        batch = packed_batch([[(inputs, [*tokens, 0])] for _, tokens in live], 8, longest + 1)
        logits = np.asarray(logits_of(config, params, batch))[:, step].astype(np.float64)
        log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        found = [
            (score + log_probs[number, token], [*tokens, token])
            for number, (score, tokens) in enumerate(live)
            for token in range(config.vocab_size)
        ]
        found = sorted(found, key=lambda pair: -pair[0])[: 2 * beams]
        penalty = ((5 + step + 1) / 6) ** alpha
        ended += [(score / penalty, tokens) for score, tokens in found if tokens[-1] == EOS]
        ended = sorted(ended, key=lambda pair: -pair[0])[:beams]
        live = [pair for pair in found if pair[1][-1] != EOS][:beams]
        reachable = live[0][0] / ((5 + longest) / 6) ** alpha
        if len(ended) == beams and ended[-1][0] > reachable:
            return ended
    return [*ended, *live][:beams]


@pytest.mark.parametrize(
    "beams, alpha, longest",
    [
        (3, 0.6, 9),
        pytest.param(1, 0.6, 9, marks=pytest.mark.slow),
        pytest.param(4, 0.0, 12, marks=pytest.mark.slow),
    ],
)
def test_narrow_beams_follow_the_rules(beams, alpha, longest):
    config = small_config(vocab_size=12, num_encoder_layers=1, num_decoder_layers=2)
    for seed in range(3):
        params = random_params(config, seed)
        decoding = Decoding(method="beam", num_beams=beams, length_penalty=alpha)
        found = beams_of(decoding, longest, config, params)
        for row, tokens in enumerate(INPUTS):
            expected = numpy_beam_search(tokens, beams, alpha, longest, config, params)
            np.testing.assert_allclose(found.scores[row], [pair[0] for pair in expected], rtol=1e-4)
            for place, (_, answer) in enumerate(expected):
                padded = [*answer, *[0] * longest][:longest]
                assert found.tokens[row, place].tolist() == padded


def test_one_beam_without_penalty_is_greedy_until_it_ends():
    config = small_config(num_encoder_layers=1, num_decoder_layers=1)
    params = random_params(config, 1)
    batch = packed_batch([[(tokens, [0])] for tokens in INPUTS], 8, 1)
    arrays = params, batch["encoder_input_tokens"], batch["encoder_segment_ids"]
    settings = {"max_decode_length": 7, "eos_id": 99}
    one_beam = Decoding(method="beam", num_beams=1)
    model = Transformer(config)
    greedy = jax.jit(functools.partial(greedy_decode, model, **settings))(*arrays)
    beam = jax.jit(functools.partial(beam_decode, model, decoding=one_beam, **settings))(*arrays)
    np.testing.assert_array_equal(beam.tokens[:, 0], greedy.tokens)
    np.testing.assert_allclose(beam.scores[:, 0], greedy.scores, rtol=1e-5)


def test_rows_of_padding_alone_have_no_answers():
    found = beams_of(Decoding(method="beam", num_beams=2), inputs=[INPUTS[0], []])
    assert (np.asarray(found.scores)[1] == NONE_YET).all() and not found.tokens[1].any()
    assert (np.asarray(found.scores)[0] > NONE_YET / 2).all()


def test_cut_answers_stand_last_by_t5x_rules_and_compete_by_those_of_hugging_face():
    numbers = jnp.arange(6, dtype=jnp.int32).reshape(1, 6, 1)
    beams = Beams(
        step=jnp.int32(9),
        done=jnp.array([False]),
        live_tokens=numbers[:, :3],
        live_scores=jnp.array([[-1.0, -2.0, -9.0]]),
        ended_tokens=numbers[:, 3:],
        ended_scores=jnp.array([[-1.5, -8.0, NONE_YET]]),
        last=jnp.zeros((3, 1), jnp.int32),
        caches=(),
    )

    def ranked(rules, beams):
        decoding = Decoding(method="beam", num_beams=3, length_penalty=0.5, beam_rules=rules)
        return ranked_answers(beams, decoding)

    ours = ranked("t5x", beams)
    assert ours.tokens[0, :, 0].tolist() == [3, 4, 0]
    np.testing.assert_allclose(ours.scores[0], [-1.5, -8.0, -1.0])
    theirs = ranked("hugging_face", beams)
    assert theirs.tokens[0, :, 0].tolist() == [0, 1, 3]
    np.testing.assert_allclose(theirs.scores[0], [-1 / 3, -2 / 3, -1.5])
    # The live beginnings of a search that was over before the limit have lost.
    over = ranked("hugging_face", beams._replace(done=jnp.array([True])))
    assert over.tokens[0, :, 0].tolist() == [3, 4, 0]
    np.testing.assert_allclose(over.scores[0], [-1.5, -8.0, NONE_YET])
