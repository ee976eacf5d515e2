"""Rules for restoring from a checkpoint of another model: T5X's assignment maps."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.checkpoints.assigning import (
    AssignmentError,
    RestoreRules,
    flat_state,
    restore_by_rules,
)
from flan_mix.training import TrainState

MODEL = ["target/encoder/norm", "target/decoder/norm", "state/step", "state/param_states/norm/v"]


def test_names_that_both_have_are_taken_as_they_are() -> None:
    assert RestoreRules().sources(MODEL, MODEL) == {name: name for name in MODEL}


def test_the_first_pattern_that_matches_in_full_decides() -> None:
    rule = (r"target/(\w+)coder/norm", r"target/\1/scale")
    stored = ["target/en/scale", "target/de/scale", *MODEL[2:]]
    found = RestoreRules((rule,)).sources(MODEL, stored)
    assert found["target/encoder/norm"] == "target/en/scale"
    assert found["state/step"] == "state/step"
    with pytest.raises(AssignmentError, match=r"target/\.\* decide nothing"):
        RestoreRules((rule, ("target/.*", None))).sources(MODEL, stored)


def test_none_leaves_arrays_of_the_checkpoint_out() -> None:
    found = RestoreRules((("state.*", None),)).sources(MODEL, MODEL)
    assert found["state/step"] is None and found["state/param_states/norm/v"] is None


def test_two_arrays_may_come_from_one() -> None:
    rules = RestoreRules((("target/decoder/norm", "target/encoder/norm"),), strict=False)
    found = rules.sources(MODEL, MODEL)
    assert found["target/decoder/norm"] == found["target/encoder/norm"] == "target/encoder/norm"


def test_what_the_checkpoint_lacks_is_an_error_unless_it_may_start_afresh() -> None:
    stored = [name for name in MODEL if name != "target/decoder/norm"]
    with pytest.raises(AssignmentError, match=r"no target/decoder/norm.*fallback_to_scratch"):
        RestoreRules().sources(MODEL, stored)
    found = RestoreRules(fallback_to_scratch=True).sources(MODEL, stored)
    assert found["target/decoder/norm"] is None


def test_what_the_model_lacks_is_an_error_unless_it_is_not_strict() -> None:
    stored = [*MODEL, "target/prompt"]
    with pytest.raises(AssignmentError, match=r"no target/prompt.*strict = False"):
        RestoreRules().sources(MODEL, stored)
    assert "target/prompt" not in RestoreRules(strict=False).sources(MODEL, stored).values()


def test_a_rule_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(AssignmentError, match="enocder"):
        RestoreRules((("target/enocder/.*", None),)).sources(MODEL, MODEL)


def state(value: float) -> TrainState:
    params = {"a": jnp.full((2,), value), "b": jnp.full((3,), value)}
    return TrainState(jnp.int32(7), params, {"a": {"v": params["a"]}, "b": {"v": params["b"]}})


def test_a_state_is_put_together_from_the_checkpoint_and_the_rest_is_named() -> None:
    stored = {**flat_state(state(5.0)), "target/c": jnp.full((3,), 9.0)}
    del stored["target/b"]
    shapes = {name: tuple(array.shape) for name, array in stored.items()}
    asked: list[str] = []

    def read(wanted):
        asked.extend(wanted)
        return {name: stored[name] for name in wanted}

    like = jax.eval_shape(lambda: state(0.0))
    rules = RestoreRules((("target/b", "target/c"), ("state/param_states/b/.*", None)))
    restored, fresh = restore_by_rules(like, shapes, read, rules)
    np.testing.assert_array_equal(restored.params["b"], np.full(3, 9.0))
    np.testing.assert_array_equal(restored.params["a"], np.full(2, 5.0))
    assert int(restored.step) == 7
    assert fresh == {"state/param_states/b/v"}
    assert "state/param_states/b/v" not in asked


def test_slots_that_do_not_fit_all_start_afresh_and_shapes_of_parameters_must_fit() -> None:
    stored = flat_state(state(5.0))
    shapes = {name: tuple(array.shape) for name, array in stored.items()}
    rules = RestoreRules(fallback_to_scratch=True)

    def read(wanted):
        return {name: stored[name] for name in wanted}

    other = dataclasses.replace(state(0.0), opt_state={"a": {"mu": jnp.zeros(2)}})
    _, fresh = restore_by_rules(other, shapes, read, rules)
    assert fresh == {"state/param_states/a/mu"}
    with pytest.raises(AssignmentError, match=r"target/b: \(4,\) in the checkpoint, \(3,\)"):
        restore_by_rules(state(0.0), {**shapes, "target/b": (4,)}, read, rules)
