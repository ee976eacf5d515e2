"""The generator answers every input once, in order, whatever batch it was decoded in."""

import functools

import jax
import numpy as np
import pytest

from flan_mix.inference import Generator, greedy_decode
from flan_mix.models import Transformer
from tests.models.small_models import random_params, small_config

CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=1)
MODEL = Transformer(CONFIG)
PARAMS = random_params(CONFIG, 1)


def random_inputs(count, seed=0, longest=48):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, longest, count)
    return [random.integers(0, 40, length).tolist() for length in lengths]


greedy_9 = jax.jit(functools.partial(greedy_decode, MODEL, max_decode_length=9))


def alone(tokens, eos_id):
    row = np.zeros((1, 70), np.int32)
    row[0, : len(tokens)] = tokens
    segment_ids = (np.arange(70) < len(tokens)).astype(np.int32)[None]
    answer = greedy_9(PARAMS, row, segment_ids, eos_id=eos_id).tokens[0].tolist()
    return answer[: answer.index(eos_id) + 1] if eos_id in answer else answer


@pytest.mark.parametrize("count", [1, 8, 11])
def test_answers_come_in_the_order_of_the_inputs(count):
    inputs = random_inputs(count)
    eos_id = 7
    told = []
    generator = Generator(MODEL, PARAMS, batch_size=4, max_decode_length=9, eos_id=eos_id)
    answers = generator.generate(inputs, told.append)
    assert len(answers) == count
    for index in range(count):
        assert answers[index] == alone(inputs[index], eos_id)
    assert told == [min(count, done) for done in range(4, count + 4, 4)]


def test_answers_end_with_eos_or_at_the_limit():
    answers = Generator(MODEL, PARAMS, 4, 9, eos_id=7).generate(random_inputs(12, seed=1))
    assert {answer[-1] == 7 for answer in answers} == {True, False}
    assert all(answer.count(7) == (answer[-1] == 7) for answer in answers)
    assert all(len(answer) == 9 for answer in answers if answer[-1] != 7)


def test_no_inputs_and_empty_inputs_are_answered():
    generator = Generator(MODEL, PARAMS, batch_size=4, max_decode_length=9)
    assert generator.generate([]) == []
    told = []
    answers = generator.generate([[], [3, 4, 1], []], told.append)
    assert answers[0] == answers[2] == [] and answers[1]
    assert told == [3]


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="batch_size is 0"):
        Generator(MODEL, PARAMS, batch_size=0, max_decode_length=5)
    with pytest.raises(ValueError, match="max_decode_length is 0"):
        Generator(MODEL, PARAMS, batch_size=1, max_decode_length=0)
