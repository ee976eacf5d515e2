"""Long answers, several to an input, prompts and stop strings: each as the whole model has it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.inference import Decoding, Generator, beam_decode
from flan_mix.inference.decoding import Guides, advance_rows, encode, start_rows
from flan_mix.models import Transformer, apply
from tests.inference.pair_vocabulary import PairVocabulary
from tests.models.small_models import packed_batch, random_params, small_config

CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=1)
MODEL = Transformer(CONFIG)
PARAMS = random_params(CONFIG, 1)
VOCABULARY = PairVocabulary()
LONGEST = 150
INPUTS = [[5, 9, 3, 1], [7, 1], [30, 31, 32, 33, 34, 1], [8, 8, 8, 1]]


def generator(decoding=Decoding(), batch_size=4, longest=12, eos_id=1):
    return Generator(
        MODEL, PARAMS, batch_size, longest, eos_id, decoding=decoding, vocabulary=VOCABULARY
    )


def encoder_rows(inputs, width):
    tokens = np.zeros((len(inputs), width), np.int32)
    for row, of_row in enumerate(inputs):
        tokens[row, : len(of_row)] = of_row
    return tokens, (np.arange(width) < np.array([[len(row)] for row in inputs])).astype(np.int32)


@functools.partial(jax.jit, static_argnames=("decoding", "eos_id"))
def one_loop(tokens, segment_ids, decoding, eos_id):
    """Tokens and log-probabilities of a single loop with caches of the full length."""
    encoded = encode(MODEL, PARAMS, tokens, segment_ids)
    rows = start_rows(MODEL, encoded, answers=decoding.answers_at_once, capacity=LONGEST)
    guides = Guides(decoding.seed, jnp.arange(tokens.shape[0]))
    end = advance_rows(MODEL, PARAMS, encoded, guides, rows, LONGEST, decoding, eos_id=eos_id)
    return end.tokens, end.log_probs


def up_to(tokens, eos_id):
    tokens = list(map(int, tokens))
    return tokens[: tokens.index(eos_id) + 1] if eos_id in tokens else tokens


def test_a_few_long_answers_are_those_of_one_loop_though_most_rows_leave_early():
    inputs = [[5 + i, 9, 3, 1] for i in range(8)]
    decoding = Decoding(method="sample", num_return=2, temperature=0.8, seed=4)
    found = generator(decoding, batch_size=8, longest=LONGEST, eos_id=23).answer(inputs)
    tokens, log_probs = one_loop(*encoder_rows(inputs, 32), decoding, 23)
    lengths = []
    for index, answers in enumerate(found):
        rows = range(2 * index, 2 * index + 2)
        expected = sorted((-float(log_probs[r].sum()), up_to(tokens[r], 23)) for r in rows)
        assert [answer.tokens for answer in answers] == [of_row for _, of_row in expected]
        scores = [answer.score for answer in answers]
        np.testing.assert_allclose(scores, [-negated for negated, _ in expected], rtol=1e-4)
        lengths.append(max(len(answer.tokens) for answer in answers))
    # The caches grew once, and a quarter of the rows went on.
    assert 1 <= sum(length > 64 for length in lengths) <= 2


def test_beams_over_several_segments_are_those_of_one_search():
    decoding = Decoding(method="beam", num_beams=4, length_penalty=0.6, num_return=3)
    eos_id = 29
    found = generator(decoding, longest=LONGEST, eos_id=eos_id).answer(INPUTS)
    search = functools.partial(
        beam_decode, MODEL, max_decode_length=LONGEST, decoding=decoding, eos_id=eos_id
    )
    whole = jax.jit(search)(PARAMS, *encoder_rows(INPUTS, 32))
    for row, answers in enumerate(found):
        assert [a.tokens for a in answers] == [
            up_to(whole.tokens[row, i], eos_id) for i in range(3)
        ]
        np.testing.assert_allclose([a.score for a in answers], whole.scores[row, :3], rtol=1e-5)
    assert max(len(answer.tokens) for answers in found for answer in answers) > 64


@jax.jit
def log_softmax(batch):
    return jax.nn.log_softmax(apply(MODEL, PARAMS, batch))


def log_probs_of(tokens, answer):
    """[answer length, vocab]: the whole model's, targets given."""
    batch = packed_batch([[(tokens, answer)]], 32, 40)
    return np.asarray(log_softmax(batch))[0, : len(answer)]


def assert_likeliest_behind(tokens, answer, prompt):
    """`answer` begins with `prompt`, then has the likeliest token everywhere, scored alone."""
    assert answer.tokens[: len(prompt)] == list(prompt)
    log_probs = log_probs_of(tokens, answer.tokens)
    for place in range(len(prompt), len(answer.tokens)):
        assert answer.tokens[place] == log_probs[place].argmax()
    scored = [log_probs[i, t] for i, t in enumerate(answer.tokens)][len(prompt) :]
    assert answer.score == pytest.approx(sum(scored), rel=1e-4)


def test_answers_go_on_from_their_prompt_which_is_not_scored():
    found = generator(Decoding(prompt="bafe")).answer(INPUTS)
    for tokens, (answer,) in zip(INPUTS, found, strict=True):
        assert answer.text.startswith("bafe")
        assert_likeliest_behind(tokens, answer, VOCABULARY.encode("bafe"))


def test_every_input_may_have_a_prompt_of_its_own():
    prompts = [[4, 5, 6], [], [20] * 10, [33]]
    found = generator().answer(INPUTS, prompts=prompts)
    for tokens, prompt, (answer,) in zip(INPUTS, prompts, found, strict=True):
        assert_likeliest_behind(tokens, answer, prompt)


def test_one_beam_behind_a_prompt_is_greedy():
    beam = Decoding(method="beam", num_beams=1, length_penalty=0.0, prompt="ad")
    one = generator(beam, eos_id=7).answer(INPUTS)
    greedy = generator(Decoding(prompt="ad"), eos_id=7).answer(INPUTS)
    for (a,), (b,) in zip(one, greedy, strict=True):
        # Greedy takes an end at once where it is likeliest; one beam may find a better one.
        if len(a.tokens) == len(b.tokens):
            assert a.tokens == b.tokens and a.score == pytest.approx(b.score, rel=1e-4)
        assert a.tokens[:1] == VOCABULARY.encode("ad")
    assert any(a.tokens == b.tokens for (a,), (b,) in zip(one, greedy, strict=True))


def test_answers_end_before_a_stop_string_even_inside_a_token():
    plain = generator(longest=40).answer(INPUTS)
    stops = tuple({answer.text[5:8] for (answer,) in plain if len(answer.text) > 8})
    found = generator(Decoding(stop=stops), longest=40).answer(INPUTS)
    for tokens, (whole,), (answer,) in zip(INPUTS, plain, found, strict=True):
        places = [place for stop in stops if (place := whole.text.find(stop)) >= 0]
        assert answer.text == whole.text[: min(places, default=None)]
        assert answer.tokens == whole.tokens[: len(answer.tokens)]
        # The next token would have reached into the stop string.
        assert len(VOCABULARY.decode(answer.tokens)) <= len(answer.text)
        if places:
            one_more = whole.tokens[: len(answer.tokens) + 1]
            assert len(VOCABULARY.decode(one_more)) > len(answer.text)
        log_probs = log_probs_of(tokens, answer.tokens)
        score = sum(log_probs[i, token] for i, token in enumerate(answer.tokens))
        assert answer.score == pytest.approx(float(score), rel=1e-4)
    texts = [answer.text for (answer,) in found]
    assert any(len(text) % 2 for text in texts) and texts[2] == plain[2][0].text


def test_a_stop_string_is_looked_for_behind_the_prompt():
    decoding = Decoding(prompt="bafe", stop=("af",))
    plain = generator(Decoding(prompt="bafe"), longest=40).answer(INPUTS)
    found = generator(decoding, longest=40).answer(INPUTS)
    for (whole,), (answer,) in zip(plain, found, strict=True):
        end = whole.text.find("af", 4)
        assert answer.text == (whole.text if end < 0 else whole.text[:end])


def test_steps_behind_a_stop_string_are_saved():
    (plain,) = generator(longest=LONGEST, batch_size=1).answer(INPUTS[:1])
    limits = []

    class Counting(Generator):
        def _start(self, requests, length):
            run = super()._start(requests, length)
            go_on = run._go_on

            def counted(step, active, stopped):
                limits.append(step)
                go_on(step, active, stopped)

            run._go_on = counted
            return run

    stop = Decoding(stop=(plain[0].text[4:8],))
    Counting(MODEL, PARAMS, 1, LONGEST, decoding=stop, vocabulary=VOCABULARY).answer(INPUTS[:1])
    assert len(plain[0].tokens) == LONGEST and limits == []


def test_prompts_that_leave_nothing_to_predict_are_refused():
    with pytest.raises(ValueError, match="prompt of input 1 has 12 tokens, which leaves none"):
        generator().answer(INPUTS[:2], prompts=[[3], [3] * 12])
    with pytest.raises(ValueError, match=r"prompt of input 0 holds EOS \(1\)"):
        generator().answer(INPUTS[:1], prompts=[[3, 1]])
    with pytest.raises(ValueError, match="1 prompts for 2 inputs"):
        generator().answer(INPUTS[:2], prompts=[[3]])
    with pytest.raises(ValueError, match=r"Generator\.vocabulary is needed"):
        Generator(MODEL, PARAMS, 4, 9, decoding=Decoding(stop=("x",)))
