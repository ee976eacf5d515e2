"""What `mixtures show` says of a mixture, against numbers worked out by hand."""

import numpy as np
import pytest

from flan_mix.runs.mixture_facts import MixtureFacts, PartFacts, shares


def part(task, category, share, inputs, targets, examples=10):
    lengths = (np.full(examples, inputs), np.full(examples, targets))
    return PartFacts(task, category, share, examples, *lengths)


# Three of four examples are a's with 10 tokens, one is b's with 90: 30 tokens against 90.
FACTS = MixtureFacts((part("a", "x", 0.75, 8, 2), part("b", "y", 0.25, 60, 30)))


def test_rates_become_shares_of_one():
    assert shares([3, 1]) == [0.75, 0.25]


def test_shares_by_tokens_weigh_by_rate_and_length():
    assert FACTS.token_share([FACTS.parts[0]], None) == pytest.approx(0.25)
    assert FACTS.token_share([FACTS.parts[1]], None) == pytest.approx(0.75)
    # Cut to 22 and 8 tokens b has 30 of 4 · 15 drawn, as many as a.
    assert FACTS.token_share([FACTS.parts[1]], (22, 8)) == pytest.approx(0.5)


def test_truncation_counts_examples_longer_than_the_lengths():
    lengths = PartFacts("a", "x", 1.0, 4, np.array([8, 9, 10, 11]), np.array([1, 2, 3, 9]))
    assert lengths.truncated((9, 3)) == (0.5, 0.25)
    assert lengths.mean_tokens((9, 3)) == (35 / 4, 9 / 4)


def test_epochs_count_examples_drawn_over_examples_there_are():
    # 5 steps of 8 rows of 2 examples are 80, three quarters of them a's ten.
    settings = {"steps": 5, "batch_size": 8, "examples_per_row": 2.0}
    assert FACTS.epochs(FACTS.parts[0], **settings) == pytest.approx(6.0)
    assert FACTS.epochs(FACTS.parts[1], **settings) == pytest.approx(2.0)


def test_padding_is_what_tokens_leave_of_the_cells():
    alone = MixtureFacts((part("a", "x", 1.0, 8, 2),))
    padding = alone.padding((16, 4), packed=False)
    assert (padding.waste, padding.cut, padding.examples_per_row) == (0.5, 0.0, 1.0)
    padding = alone.padding((16, 4), packed=True)
    assert (padding.waste, padding.examples_per_row) == (0.0, 2.0)
    padding = alone.padding((4, 2), packed=False)
    assert (padding.waste, padding.cut) == (0.0, pytest.approx(0.4))


def test_the_least_wasteful_lengths_hold_the_tokens_and_fit_them():
    # 64 tokens in and 16 out, each row full.
    alone = MixtureFacts((part("a", "x", 1.0, 64, 16),))
    best = alone.least_wasteful(packed=False)[0]
    assert (best.lengths, best.waste, best.cut) == ((64, 16), 0.0, 0.0)
    for padding in FACTS.least_wasteful(packed=True):
        assert padding.cut <= 0.01


def test_what_has_no_cache_has_no_tokens_but_its_share():
    facts = MixtureFacts((FACTS.parts[0], PartFacts("c", "z", 0.25, None)))
    assert not facts.is_complete
    assert facts.token_share(facts.parts, None) is None
    assert facts.epochs(facts.parts[1], steps=1, batch_size=1, examples_per_row=1.0) is None
