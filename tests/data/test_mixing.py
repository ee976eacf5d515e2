"""The example stream: rates, epochs and passes."""

import numpy as np
import pytest

from flan_mix.data.mixing import CHUNK_EXAMPLES, ExampleStream, StreamPart


def read(stream: ExampleStream, chunks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    picks = [stream.chunk(number) for number in range(chunks)]
    return tuple(
        np.concatenate([getattr(p, name) for p in picks])
        for name in ("part", "pass_index", "example")
    )


def test_every_example_of_an_epoch_comes_once_before_any_comes_again():
    parts = [StreamPart("large", (7000,), 5.0), StreamPart("small", (100,), 1.0)]
    part, _, example = read(ExampleStream(parts), 8)
    for number, size in enumerate((7000, 100)):
        own = example[part == number]
        epochs = own[: len(own) // size * size].reshape(-1, size)
        assert len(epochs) == {0: 3, 1: 54}[number]
        assert (np.sort(epochs, axis=1) == np.arange(size)).all()
        assert not np.array_equal(epochs[0], epochs[1])


def test_small_part_wraps_many_times_within_a_chunk():
    parts = [StreamPart("tiny", (3,), 0.5), StreamPart("large", (100_000,), 0.5)]
    part, _, example = read(ExampleStream(parts), 1)
    counts = np.bincount(example[part == 0], minlength=3)
    assert counts.sum() == pytest.approx(CHUNK_EXAMPLES / 2, abs=1)
    assert counts.max() - counts.min() <= 1


def test_rates_are_kept_to_one_example_at_the_end_of_every_chunk():
    rates = [0.001, 3.0, 40.0, 0.5, 7.77]
    parts = [StreamPart(f"t{i}", (50 + i,), rate) for i, rate in enumerate(rates)]
    stream = ExampleStream(parts)
    given = np.zeros(len(rates))
    for number in range(40):
        given += np.bincount(stream.chunk(number).part, minlength=len(rates))
        wanted = (number + 1) * CHUNK_EXAMPLES * np.array(rates) / sum(rates)
        assert np.abs(given - wanted).max() <= 1


def test_rates_that_equal_the_sizes_give_each_example_once_in_a_joint_epoch():
    parts = [StreamPart("a", (3 * CHUNK_EXAMPLES,), 3.0), StreamPart("b", (CHUNK_EXAMPLES,), 1.0)]
    part, _, example = read(ExampleStream(parts), 4)
    assert sorted(example[part == 0]) == list(range(3 * CHUNK_EXAMPLES))
    assert sorted(example[part == 1]) == list(range(CHUNK_EXAMPLES))


def test_epoch_e_reads_pass_e_modulo_the_passes():
    half = CHUNK_EXAMPLES // 2
    stream = ExampleStream([StreamPart("two_passes", (half, half), 1.0)])
    for number in range(3):
        picks = stream.chunk(number)
        for pass_index in (0, 1):
            assert sorted(picks.example[picks.pass_index == pass_index]) == list(range(half))


def test_passes_of_different_sizes_are_each_read_whole():
    stream = ExampleStream([StreamPart("odd", (10, CHUNK_EXAMPLES - 10), 1.0)])
    picks = stream.chunk(5)
    assert sorted(picks.example[picks.pass_index == 0]) == list(range(10))
    assert sorted(picks.example[picks.pass_index == 1]) == list(range(CHUNK_EXAMPLES - 10))


def test_unshuffled_single_task_comes_in_its_own_order():
    stream = ExampleStream([StreamPart("a", (CHUNK_EXAMPLES + 5,), 1.0)], shuffle=False)
    _, _, example = read(stream, 2)
    assert example[: CHUNK_EXAMPLES + 6].tolist() == [*range(CHUNK_EXAMPLES + 5), 0]


def test_unshuffled_parts_are_spread_evenly():
    parts = [StreamPart("a", (9000,), 3.0), StreamPart("b", (9000,), 1.0)]
    part, _, _ = read(ExampleStream(parts, shuffle=False), 1)
    assert set(part.reshape(-1, 4).sum(axis=1)) == {1}


def test_another_seed_gives_another_order():
    parts = [StreamPart("a", (5000,), 1.0)]
    one, other = (ExampleStream(parts, seed=seed).chunk(0) for seed in (0, 1))
    assert not np.array_equal(one.example, other.example)


def test_parts_are_not_shuffled_alike():
    parts = [StreamPart("a", (2048,), 1.0), StreamPart("b", (2048,), 1.0)]
    part, _, example = read(ExampleStream(parts), 1)
    assert (example[part == 0][:2000] == example[part == 1][:2000]).mean() < 0.01


def test_part_without_a_rate_is_left_out():
    parts = [StreamPart("never", (0,), 0.0), StreamPart("a", (10,), 1.0)]
    assert set(ExampleStream(parts).chunk(0).part) == {1}


def test_empty_part_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'hollow' has no examples"):
        ExampleStream([StreamPart("hollow", (0,), 1.0), StreamPart("a", (10,), 1.0)])


def test_mixture_without_a_positive_rate_is_refused():
    with pytest.raises(ValueError, match=r"no part .* rate above 0 \(parts: 'a'\)"):
        ExampleStream([StreamPart("a", (10,), 0.0)])
