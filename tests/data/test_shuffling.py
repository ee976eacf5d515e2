"""Keyed permutations: bijective, different by key, and fixed for all time."""

import numpy as np
import pytest

from flan_mix.data.shuffling import mix64, permute, shuffled, stable_key, unit_fraction


def permutation(size: int, key: int) -> np.ndarray:
    return permute(np.arange(size), np.full(size, size), np.full(size, key, np.uint64))


@pytest.mark.parametrize("size", [*range(1, 40), 100, 101, 4096, 10_007])
def test_permutation_visits_every_index_once(size):
    assert np.array_equal(np.sort(permutation(size, key=7)), np.arange(size))


def test_permutations_of_different_sizes_and_keys_share_one_call():
    index = np.concatenate([np.arange(10), np.arange(1000)])
    size = np.repeat([10, 1000], [10, 1000])
    key = np.repeat(np.array([3, 4], np.uint64), [10, 1000])
    together = permute(index, size, key)
    assert np.array_equal(together[:10], permutation(10, 3))
    assert np.array_equal(together[10:], permutation(1000, 4))


def test_every_index_is_equally_likely_in_every_place():
    size, keys = 12, mix64(np.arange(6000, dtype=np.uint64))
    counts = np.zeros((size, size))
    for key in keys.tolist():
        counts[np.arange(size), permutation(size, key)] += 1
    expected = len(keys) / size
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    # (size - 1)^2 = 121 degrees of freedom: mean 121, standard deviation 15.6.
    assert chi_squared < 121 + 5 * 15.6


def test_neighbours_do_not_stay_together():
    order = permutation(100_000, key=11)
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.02


def test_shuffled_depends_on_the_key():
    assert sorted(shuffled(50, 1)) == list(range(50))
    assert not np.array_equal(shuffled(50, 1), shuffled(50, 2))


def test_keys_tell_apart_what_reads_alike():
    assert stable_key("a", 1) != stable_key("a", "1")
    assert stable_key("a", "b") != stable_key("ab")
    assert 0 <= unit_fraction(stable_key("x")) < 1


def test_order_stays_the_same_from_release_to_release():
    """Saved runs go on with these numbers: change them and resumed runs repeat or lose data."""
    assert permutation(10, key=123).tolist() == [2, 8, 6, 3, 0, 1, 5, 9, 7, 4]
    assert shuffled(6, 5).tolist() == [2, 3, 5, 1, 4, 0]
    assert stable_key("order", 0, "samsum") == 18352989316215475419
