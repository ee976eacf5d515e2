"""Options are scored all together as each would be alone, whatever their number and lengths."""

import functools

import jax
import numpy as np
import pytest

from flan_mix.inference import OptionScorer, ranking, score_rows
from flan_mix.inference.option_layout import distinct, lay_out
from flan_mix.models import Transformer
from tests.models.numpy_t5 import NumpyT5
from tests.models.small_models import packed_batch, random_flat_params, random_params, small_config

CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=2)
MODEL = Transformer(CONFIG)
PARAMS = random_params(CONFIG, 0)


def random_ranked(option_counts, seed=0, longest_input=60, longest_option=9):
    """Inputs with so many options each; token 0 may occur inside both."""
    random = np.random.default_rng(seed)
    inputs = [
        random.integers(0, 40, random.integers(1, longest_input)).tolist() for _ in option_counts
    ]
    options = [
        [random.integers(0, 40, random.integers(1, longest_option)).tolist() for _ in range(count)]
        for count in option_counts
    ]
    return inputs, options


score_one = jax.jit(functools.partial(score_rows, MODEL))


def alone(tokens, option):
    """The (input, option) pair as one example of its own, as T5X scores it."""
    return float(score_one(PARAMS, packed_batch([[(tokens, option)]], 64, 260))[0])


def assert_as_alone(inputs, options, scores):
    assert [len(found) for found in scores] == [len(group) for group in options]
    for tokens, group, found in zip(inputs, options, scores, strict=True):
        expected = [alone(tokens, option) for option in group]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert found.dtype == np.float32


def test_options_score_as_each_pair_alone():
    inputs, options = random_ranked([4, 1, 0, 2, 30, 4, 4, 5, 3, 4, 2])
    told = []
    scores = OptionScorer(MODEL, PARAMS, batch_size=4).score(inputs, options, told.append)
    assert_as_alone(inputs, options, scores)
    assert told == [5, 9, 11]


def test_scores_are_those_of_an_independent_implementation():
    inputs, options = random_ranked([3, 2], seed=1)
    fields = {name: getattr(CONFIG, name) for name in CONFIG.__dataclass_fields__}
    reference = NumpyT5(fields, random_flat_params(CONFIG, 0))
    scores = OptionScorer(MODEL, PARAMS, batch_size=2).score(inputs, options)
    for tokens, group, found in zip(inputs, options, scores, strict=True):
        for option, score in zip(group, found, strict=True):
            logits = reference.example_logits(tokens, np.concatenate([[0], option[:-1]]))
            log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
            expected = log_probs[np.arange(len(option)), option].sum()
            assert score == pytest.approx(expected, rel=1e-5)


def test_options_of_very_different_lengths_and_numbers_share_a_batch():
    random = np.random.default_rng(2)
    inputs = [random.integers(0, 40, 5).tolist() for _ in range(3)]
    options = [
        [random.integers(0, 40, length).tolist() for length in lengths]
        for lengths in ([250, 1, 3], [2], [20] * 15)
    ]
    scores = OptionScorer(MODEL, PARAMS, batch_size=3).score(inputs, options)
    assert_as_alone(inputs, options, scores)


def test_duplicate_options_have_one_score():
    inputs, options = random_ranked([3], seed=3)
    doubled = [[*options[0], options[0][1], options[0][0]]]
    (found,) = OptionScorer(MODEL, PARAMS, batch_size=1).score(inputs, doubled)
    assert found[3] == found[1] and found[4] == found[0]
    assert len(set(found.tolist())) == 3


def test_batching_does_not_change_a_score():
    inputs, options = random_ranked([3, 2, 6, 1, 4], seed=4)
    together = OptionScorer(MODEL, PARAMS, batch_size=5).score(inputs, options)
    backwards = OptionScorer(MODEL, PARAMS, batch_size=2).score(inputs[::-1], options[::-1])
    for one, other in zip(together, backwards[::-1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_many_tokens_are_scored_though_their_logits_do_not_fit_at_once(monkeypatch):
    inputs, options = random_ranked([4, 4], seed=5)
    whole = OptionScorer(MODEL, PARAMS, batch_size=2).score(inputs, options)
    monkeypatch.setattr(ranking, "LOGITS_AT_ONCE", 8)
    assert ranking._chunks(2, 48) == 12
    jax.clear_caches()
    in_parts = OptionScorer(MODEL, PARAMS, batch_size=2).score(inputs, options)
    jax.clear_caches()
    for one, other in zip(whole, in_parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_the_encoder_runs_once_however_many_options_an_input_has():
    tokens = np.ones((2, 512), np.int32)

    def operations(blocks):
        options = np.ones((2, blocks, 8), np.int32)
        score = functools.partial(ranking.option_log_likelihoods, MODEL)
        lowered = jax.jit(score).lower(PARAMS, tokens, tokens, options, options, options)
        return (lowered.compile().cost_analysis() or {})["flops"]

    assert operations(8) < 1.5 * operations(1)


def test_nothing_is_scored_for_no_inputs_and_inputs_without_options():
    scorer = OptionScorer(MODEL, PARAMS, batch_size=2)
    assert scorer.score([], []) == []
    told = []
    assert [len(found) for found in scorer.score([[3, 1], [4, 1]], [[], []], told.append)] == [0, 0]
    assert told == []


def test_what_cannot_be_scored_is_named():
    scorer = OptionScorer(MODEL, PARAMS, batch_size=2)
    with pytest.raises(ValueError, match="2 inputs and 1 lists"):
        scorer.score([[3], [4]], [[[5]]])
    with pytest.raises(ValueError, match="input 1 has no tokens"):
        scorer.score([[3], []], [[[5]], [[5]]])
    with pytest.raises(ValueError, match="option 1 of input 0 has no tokens"):
        scorer.score([[3]], [[[5], []]])
    with pytest.raises(ValueError, match=r"OptionScorer\.batch_size is 0"):
        OptionScorer(MODEL, PARAMS, batch_size=0)


def test_bfloat16_scores_are_near_those_in_float32():
    inputs, options = random_ranked([4, 3], seed=6)
    exact = OptionScorer(MODEL, PARAMS, batch_size=2).score(inputs, options)
    rounded = Transformer(
        small_config(num_encoder_layers=1, num_decoder_layers=2, dtype="bfloat16")
    )
    for one, other in zip(
        exact, OptionScorer(rounded, PARAMS, 2).score(inputs, options), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=0.05, atol=0.3)


def test_layout_keeps_each_option_whole_and_apart():
    groups = [[(1, 2, 3), (4,)], [tuple(range(1, 101)), (7,) * 60, (8,) * 60]]
    rows = lay_out(groups, rows=4)
    assert rows.tokens.shape == (4, 2, 128)
    for row, group in enumerate(groups):
        flat = rows.tokens[row].reshape(-1)
        segments = rows.segment_ids[row].reshape(-1)
        assert (segments > 0).sum() == sum(map(len, group))
        for option in group:
            place = rows.places[row][option]
            assert flat[place].tolist() == list(option)
            assert rows.previous[row].reshape(-1)[place].tolist() == [0, *option[:-1]]
            assert len(set(segments[place].tolist())) == 1
        for block in rows.segment_ids[row]:
            of_block = block[block > 0]
            assert (np.diff(of_block) >= 0).all()
            assert len(set(of_block.tolist())) == of_block.max(initial=0)
    assert not rows.segment_ids[2:].any()


def test_distinct_options_keep_their_order():
    assert distinct([[2, 1], [3], [2, 1], [3]]) == [(2, 1), (3,)]
