"""Checkpoints give back what was saved, say what does not fit, and are whole or absent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.checkpoints import (
    CheckpointMismatchError,
    CheckpointStore,
    KeepBest,
    load_initial,
    load_parameters,
    open_checkpoint,
)
from flan_mix.training import Adafactor, AdamW, TrainState


def a_state(step: int = 3, width: int = 4, optimizer=None) -> TrainState:
    params = {
        "encoder": {"kernel": jnp.arange(6 * width, dtype=jnp.float32).reshape(6, width)},
        "norm": {"scale": jnp.ones((width,), jnp.float32)},
    }
    optimizer = (optimizer or Adafactor()).build()
    opt_state = jax.tree.map(lambda x: x + 0.25 * step, optimizer.init(params))
    return TrainState(jnp.int32(step), params, opt_state)


def save(folder, state, **kwargs) -> None:
    with CheckpointStore(folder, **kwargs) as store:
        store.save(state, loader={"batches": int(state.step)}, metadata={"run_first_step": 1})


def assert_same(left, right) -> None:
    assert jax.tree.structure(left) == jax.tree.structure(right)
    for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("optimizer", [Adafactor(), AdamW()], ids=["adafactor", "adamw"])
def test_a_restored_state_is_the_saved_one_bit_for_bit(tmp_path, optimizer) -> None:
    state = a_state(optimizer=optimizer)
    save(tmp_path, state)
    with CheckpointStore(tmp_path) as store:
        assert store.latest_step() == 3
        restored = store.restore(3, a_state(step=0, optimizer=optimizer))
    assert_same(restored.state, state)
    assert restored.loader == {"batches": 3}
    assert restored.metadata == {"run_first_step": 1}


def test_what_is_saved_survives_the_buffers_being_given_to_the_next_step(tmp_path) -> None:
    big = {"kernel": jnp.full((512, 512), 7.0)}
    state = TrainState(jnp.int32(1), big, jax.jit(Adafactor().build().init)(big))
    overwrite = jax.jit(lambda s: jax.tree.map(lambda x: x * 0, s), donate_argnums=0)
    with CheckpointStore(tmp_path) as store:
        store.save(state, loader={}, metadata={})
        for _ in range(20):
            state = overwrite(state)
        jax.block_until_ready(state.params)
        store.wait()
        restored = store.restore(1, state)
    np.testing.assert_array_equal(np.asarray(restored.state.params["kernel"]), 7.0)


def test_only_the_latest_are_kept_beside_the_multiples_of_the_keep_period(tmp_path) -> None:
    with CheckpointStore(tmp_path, keep=1, keep_period=2) as store:
        for step in (1, 2, 3):
            store.save(a_state(step), loader={}, metadata={})
    assert sorted(p.name for p in tmp_path.glob("checkpoint_*")) == ["checkpoint_2", "checkpoint_3"]


@pytest.mark.parametrize(
    ("mode", "keeps_unmeasured", "kept"),
    [
        ("max", True, {2, 4, 5, 6}),  # 2 is best; nobody measured 5 and 4 is of the period
        ("max", False, {2, 4, 6}),
        ("min", True, {1, 4, 5, 6}),
        ("min", False, {1, 4, 6}),
    ],
)
def test_the_best_are_kept_beside_the_latest(tmp_path, mode, keeps_unmeasured, kept) -> None:
    values, metrics = {1: -1.0, 2: 9.0, 3: 2.0, 4: 10.0, 6: -5.0, 7: 100.0}, []
    best = KeepBest("train/accuracy", mode, keeps_unmeasured)

    def measured(metric: str) -> dict[int, float]:
        metrics.append(metric)
        return values

    with CheckpointStore(tmp_path, keep=1, keep_period=4, best=best, measured=measured) as store:
        for step in range(1, 7):
            store.save(a_state(step), loader={}, metadata={})
    assert {int(p.name[11:]) for p in tmp_path.glob("checkpoint_*")} == kept
    assert set(metrics) == {"train/accuracy"}


def test_without_any_value_all_stay_or_the_latest_do() -> None:
    assert KeepBest().kept([1, 2, 3, 4], {}, 2) == {1, 2, 3, 4}
    assert KeepBest(keeps_unmeasured=False).kept([1, 2, 3, 4], {}, 2) == {2, 3, 4}


def test_of_equals_the_older_goes_and_what_is_no_number_before_all() -> None:
    values = {1: 3.0, 2: 3.0, 3: float("nan"), 4: 2.0, 5: 0.0}
    assert KeepBest().kept([1, 2, 3, 4, 5], values, 1) == {2, 5}
    assert KeepBest(mode="min").kept([1, 2, 3, 4, 5], values, 3) == {1, 2, 4, 5}


def test_a_pinned_checkpoint_is_kept(tmp_path) -> None:
    with CheckpointStore(tmp_path, keep=1) as store:
        for step in (1, 2, 3, 4):
            store.save(a_state(step), loader={}, metadata={})
            store.wait()
            if step == 2:
                (tmp_path / "checkpoint_2" / "PINNED").touch()
    assert sorted(p.name for p in tmp_path.glob("checkpoint_*")) == ["checkpoint_2", "checkpoint_4"]


def test_an_unfinished_checkpoint_is_no_checkpoint(tmp_path) -> None:
    save(tmp_path, a_state(3))
    (tmp_path / "checkpoint_9").mkdir()
    (tmp_path / "checkpoint_8.orbax-checkpoint-tmp-1").mkdir()
    with CheckpointStore(tmp_path) as store:
        assert store.latest_step() == 3


def test_a_wrong_shape_is_named_with_both_shapes(tmp_path) -> None:
    save(tmp_path, a_state(width=4))
    with CheckpointStore(tmp_path) as store, pytest.raises(CheckpointMismatchError) as error:
        store.restore(3, a_state(width=5))
    assert "encoder/kernel: (6, 4) in the checkpoint, (6, 5) in the model" in str(error.value)


def test_an_initial_checkpoint_gives_step_and_slots_where_it_has_them(tmp_path) -> None:
    save(tmp_path, a_state(3))
    restored = load_initial(tmp_path, a_state(0))
    assert restored.has_optimizer_state
    assert_same(restored.state, a_state(3))


def test_slots_of_another_optimizer_are_left_and_the_parameters_taken(tmp_path) -> None:
    save(tmp_path, a_state(3, optimizer=AdamW()))
    restored = load_initial(tmp_path / "checkpoint_3", a_state(0))
    assert not restored.has_optimizer_state
    assert_same(restored.state.params, a_state(3).params)
    assert_same(restored.state.opt_state, a_state(0).opt_state)


def test_parameters_alone_are_read_with_their_step(tmp_path) -> None:
    save(tmp_path, a_state(3))
    params, step = load_parameters(tmp_path, a_state(0).params)
    assert step == 3
    assert_same(params, a_state(3).params)


def test_a_path_without_a_checkpoint_names_the_steps_beside_it(tmp_path) -> None:
    save(tmp_path, a_state(3))
    with pytest.raises(FileNotFoundError, match=r"beside it are the steps \[3\]"):
        open_checkpoint(tmp_path / "checkpoint_4")
