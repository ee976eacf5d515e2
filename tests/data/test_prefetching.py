"""Prefetching: the same batches, the consumer's state, the thread's errors."""

import gc
import threading
import time

import pytest

from flan_mix.data.loader import TrainLoader
from flan_mix.data.prefetching import prefetch
from tests.data.synthetic_caches import mixture, numbered_cache, numbers_in, random_lengths


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    directory = tmp_path_factory.mktemp("caches")
    return mixture({"a": (1.0, [numbered_cache(directory, "a", random_lengths(50, 3, (30, 11)))])})


def make(cache):
    return TrainLoader(cache, feature_lengths={"inputs": 32, "targets": 12}, batch_size=4)


class Counting:
    """A loader that fails at a given batch."""

    def __init__(self, error: BaseException, fail_at: int):
        self.made = 0
        self._error = error
        self._fail_at = fail_at

    def __next__(self):
        if self.made == self._fail_at:
            raise self._error
        self.made += 1
        return {"number": self.made}

    def state(self):
        return {"made": self.made}


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_batches_are_those_of_the_loader(cache, depth):
    plain = make(cache)
    with prefetch(make(cache), depth) as ahead:
        for _ in range(20):
            assert numbers_in(next(ahead)) == numbers_in(next(plain))


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_state_is_that_of_the_last_batch_taken(cache, taken):
    with prefetch(make(cache), depth=4) as ahead:
        for _ in range(taken):
            next(ahead)
        time.sleep(0.05)  # The thread runs ahead meanwhile.
        state = ahead.state()
        assert state["batches"] == taken
        resumed = make(cache)
        resumed.restore(state)
        with prefetch(resumed) as again:
            for _ in range(6):
                assert numbers_in(next(ahead)) == numbers_in(next(again))


def test_batches_are_prepared_ahead_but_no_more_than_asked_for():
    loader = Counting(RuntimeError(), fail_at=1000)
    with prefetch(loader, depth=3) as ahead:
        next(ahead)
        deadline = time.monotonic() + 5
        while loader.made < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        # One taken, three waiting, one in the thread's hand.
        assert loader.made == 5


def test_error_in_the_thread_comes_after_the_batches_before_it():
    ahead = prefetch(Counting(OSError("disk gone"), fail_at=2), depth=4)
    assert [next(ahead)["number"], next(ahead)["number"]] == [1, 2]
    for _ in range(2):
        with pytest.raises(OSError, match="disk gone"):
            next(ahead)
    assert ahead.state() == {"made": 2}


def test_finite_loader_ends_the_loop():
    assert [batch["number"] for batch in prefetch(Counting(StopIteration(), 3))] == [1, 2, 3]


def test_closing_or_dropping_ends_the_thread(cache):
    before = threading.active_count()
    closed = prefetch(make(cache))
    next(closed)
    closed.close()
    closed.close()
    with pytest.raises(RuntimeError, match="closed"):
        next(closed)
    dropped = prefetch(make(cache))
    del dropped
    gc.collect()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() == before


def test_depth_below_one_is_refused(cache):
    with pytest.raises(ValueError, match="depth must be at least 1"):
        prefetch(make(cache), depth=0)
