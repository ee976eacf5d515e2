"""The training loader: the same batches for any host count and after any restart."""

import json

import numpy as np
import pytest

from flan_mix.data import loader as loader_module
from flan_mix.data.loader import TrainLoader
from tests.data.batch_counts import batch_counts
from tests.data.synthetic_caches import mixture, numbered_cache, numbers_in, random_lengths

LENGTHS = {"inputs": 32, "targets": 12}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 8 or 9 rows, so that short tests cross several of them."""
    monkeypatch.setattr(loader_module, "BLOCK_ROWS", 9)


@pytest.fixture(scope="module")
def two_tasks(tmp_path_factory):
    directory = tmp_path_factory.mktemp("caches")
    large = numbered_cache(directory, "large", random_lengths(300, 1, (30, 10)), first=100)
    small = numbered_cache(directory, "small", random_lengths(7, 2, (40, 15)), first=10)
    return mixture({"large": (3.0, [large]), "small": (1.0, [small])})


@pytest.fixture(scope="module")
def one_task(tmp_path_factory):
    directory = tmp_path_factory.mktemp("caches")
    return mixture({"a": (1.0, [numbered_cache(directory, "a", random_lengths(200, 3, (30, 11)))])})


def make(cache, **settings):
    given = {"feature_lengths": LENGTHS, "batch_size": 4, "seed": 5, **settings}
    return TrainLoader(cache, **given)


def take(loader, count):
    return [next(loader) for _ in range(count)]


def assert_same(batches, others):
    assert len(batches) == len(others)
    for number, (batch, other) in enumerate(zip(batches, others, strict=True)):
        for name, array in batch.items():
            np.testing.assert_array_equal(array, other[name], err_msg=f"batch {number}, {name}")


@pytest.mark.parametrize("pack", [True, False])
def test_every_example_of_an_epoch_comes_once(one_task, pack):
    loader = make(one_task, pack=pack)
    seen = [n for batch in take(loader, 400) for n in numbers_in(batch)]
    counts = np.bincount(seen, minlength=202)[2:]
    # The block in the middle of which we stop may reach over the end of an epoch.
    assert counts.max() - counts.min() <= (2 if pack else 1)
    assert counts.sum() == len(seen) and counts.min() >= 4


def test_blocks_take_the_stream_without_gaps_or_repeats(one_task):
    """Where a block ends, all examples before are in batches and none after is."""
    loader = make(one_task, batch_size=9)
    seen: list[int] = []
    for _ in range(60):
        seen += numbers_in(next(loader))
        state = loader.state()
        assert state["row"] == 0
        assert len(seen) == state["chunk"] * 4096 + state["offset"]
        laps, rest = divmod(len(seen), 200)
        counts = np.bincount(seen, minlength=202)[2:]
        assert set(counts.tolist()) <= {laps, laps + 1} and (counts == laps + 1).sum() == rest


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("hosts", [2, 4])
def test_slices_of_all_hosts_together_are_the_global_batch(two_tasks, hosts, pack):
    whole = take(make(two_tasks, pack=pack), 12)
    slices = [
        take(make(two_tasks, pack=pack, host_index=host, host_count=hosts), 12)
        for host in range(hosts)
    ]
    joined = [
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for parts in zip(*slices, strict=True)
    ]
    assert_same(whole, joined)


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("done", [0, 1, 2, 3, 7, 8])
def test_restored_loader_goes_on_as_if_never_stopped(two_tasks, done, shuffle, pack):
    unbroken = make(two_tasks, pack=pack, shuffle=shuffle)
    take(unbroken, done)
    state = json.loads(json.dumps(unbroken.state()))
    resumed = make(two_tasks, pack=pack, shuffle=shuffle)
    take(resumed, 3)
    resumed.restore(state)
    assert resumed.state() == unbroken.state()
    assert_same(take(unbroken, 6), take(resumed, 6))


def test_state_of_one_host_count_restores_another(two_tasks):
    whole = make(two_tasks)
    take(whole, 5)
    second = make(two_tasks, host_index=1, host_count=2)
    second.restore(whole.state())
    assert_same(
        [{name: array[2:] for name, array in batch.items()} for batch in take(whole, 5)],
        take(second, 5),
    )


def test_state_is_small_however_long_the_run(two_tasks):
    loader = make(two_tasks)
    take(loader, 300)
    assert len(json.dumps(loader.state())) < 1000
    assert loader.state()["batches"] == 300


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 6}, "seed was 5 and is 6"),
        ({"batch_size": 8}, "batch_size was 4 and is 8"),
        ({"pack": False}, "pack was True and is False"),
        ({"feature_lengths": {"inputs": 40, "targets": 12}}, "feature_lengths was"),
    ],
)
def test_state_of_other_settings_is_refused(two_tasks, change, named):
    with pytest.raises(ValueError, match=named):
        make(two_tasks, **change).restore(make(two_tasks).state())


def test_state_of_other_data_is_refused(two_tasks, one_task):
    with pytest.raises(ValueError, match="contents was"):
        make(two_tasks).restore(make(one_task).state())


def test_segments_hold_whole_examples(two_tasks):
    """Each segment repeats one number and ends with EOS, on both sides and in the same order."""
    caches = {part.task: part.cache for part in two_tasks.parts}
    for batch in take(make(two_tasks), 30):
        for row in range(4):
            encoder, decoder = batch["encoder_segment_ids"][row], batch["decoder_segment_ids"][row]
            for segment in range(1, encoder.max() + 1):
                inputs = batch["encoder_input_tokens"][row][encoder == segment].tolist()
                targets = batch["decoder_target_tokens"][row][decoder == segment].tolist()
                number = inputs[0]
                cache, first = (caches["large"], 100) if number >= 100 else (caches["small"], 10)
                example = cache[number - first]
                assert inputs == trimmed(example["inputs"].tolist(), LENGTHS["inputs"])
                assert targets == trimmed(example["targets"].tolist(), LENGTHS["targets"])


def trimmed(ids, width):
    return ids if len(ids) <= width else [*ids[: width - 1], 1]


def test_example_longer_than_a_row_has_a_row_and_keeps_eos(tmp_path):
    cache = numbered_cache(tmp_path, "long", [(100, 50)] * 5)
    batch = next(make(mixture({"long": (1.0, [cache])})))
    assert batch_counts(batch).examples == 4
    assert (batch["encoder_input_tokens"][:, -1] == 1).all()
    assert (batch["decoder_target_tokens"][:, -1] == 1).all()
    assert (batch["encoder_input_tokens"][:, :-1] >= 2).all()


def test_mixing_rates_are_reached(two_tasks):
    seen = np.array([n for batch in take(make(two_tasks), 1500) for n in numbers_in(batch)])
    assert (seen >= 100).mean() == pytest.approx(0.75, abs=0.01)
    counts = np.bincount(seen[seen < 100], minlength=17)[10:]
    assert counts.max() - counts.min() <= 2


def test_epochs_read_the_rendering_passes_in_turn(tmp_path):
    passes = [
        numbered_cache(tmp_path, "a", [(8, 3)] * 40, first=first, pass_index=p)
        for p, first in enumerate((100, 200))
    ]
    loader = make(mixture({"a": (1.0, passes)}), pack=False)
    seen = [n for batch in take(loader, 30) for n in numbers_in(batch)]
    assert sorted(seen[:40]) == sorted(seen[80:120]) == list(range(100, 140))
    assert sorted(seen[40:80]) == list(range(200, 240))
    assert seen[:40] != seen[80:120]


def test_unshuffled_unpacked_single_task_is_read_in_order(one_task):
    loader = make(one_task, shuffle=False, pack=False)
    seen = [n for batch in take(loader, 60) for n in numbers_in(batch)]
    assert seen == [*range(2, 202), *range(2, 42)]


def test_order_does_not_hang_on_how_long_the_examples_are(one_task):
    """Packing puts the longest examples into the first rows; the batches must not show it."""
    loader = make(one_task, batch_size=3)
    firsts, lasts = [], []
    for _ in range(200):
        block = [batch_counts(batch).examples for batch in take(loader, 3)]
        firsts.append(block[0])
        lasts.append(block[-1])
    assert np.mean(firsts) == pytest.approx(np.mean(lasts), rel=0.1)


def test_unpacked_rows_hold_one_example(two_tasks):
    for batch in take(make(two_tasks, pack=False), 5):
        assert batch_counts(batch).examples == 4
        assert batch["encoder_segment_ids"].max() == 1


def test_examples_without_any_tokens_do_not_stall_the_loader(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(3, 3)])
    object.__setattr__(cache, "_offsets", {n: np.zeros(2, np.int64) for n in LENGTHS})
    assert batch_counts(next(make(mixture({"a": (1.0, [cache])})))).encoder_tokens == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 3, "host_count": 4}, "batch_size 3 gives 4 hosts less than a row each"),
        ({"batch_size": 6, "host_count": 4}, "batch_size 6 is not a multiple of 4 hosts"),
        ({"host_index": 2, "host_count": 2}, "host_index 2 is not among 2 hosts"),
        ({"feature_lengths": {"inputs": 9}}, "feature length of 'targets' must be at least 1"),
        ({"feature_lengths": {"inputs": 0, "targets": 3}}, "of 'inputs' must be at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(two_tasks, settings, message):
    with pytest.raises(ValueError, match=message):
        make(two_tasks, **settings)
