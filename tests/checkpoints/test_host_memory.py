"""Restoring holds no more of a checkpoint in the host's memory than it says."""

import threading

import pytest

from flan_mix.checkpoints.host_memory import map_within_largest
from tools.bench.checkpoint import FORMATS, config_of, measure, write


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


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_host_memory_stays_under_twice_the_largest_array(tmp_path, form) -> None:
    """A T5 1.1 base of random numbers (1 GB), restored in a process of its own."""
    folder = tmp_path / "checkpoint_1"
    write(folder, form, config_of("base"))
    result = measure(folder)
    assert result["bytes"] > 0.9e9
    assert result["beyond_bytes"] < 2 * result["largest_bytes"]
