"""What runs together while a checkpoint is restored is bounded by its largest array."""

import threading

import pytest

from flan_mix.checkpoints.host_memory import map_within_largest


def test_what_runs_together_holds_no_more_than_the_largest() -> None:
    sizes = {"a": 10, **{f"small_{i}": 3 for i in range(40)}}
    lock, held, seen = threading.Lock(), [0], []

    def work(name: str) -> str:
        with lock:
            held[0] += sizes[name]
            seen.append(held[0])
        threading.Event().wait(0.002)
        with lock:
            held[0] -= sizes[name]
        return name.upper()

    assert map_within_largest(work, sizes) == {name: name.upper() for name in sizes}
    assert max(seen) <= 10
    assert max(seen[1:]) > 3  # and several do run together


def test_an_error_of_one_is_raised_and_the_others_end() -> None:
    def work(name: str) -> None:
        if name == "b":
            raise ValueError("b is damaged")

    with pytest.raises(ValueError, match="b is damaged"):
        map_within_largest(work, {"a": 1, "b": 1, "c": 1})
