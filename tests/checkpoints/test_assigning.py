"""Rules for restoring from a checkpoint of another model: T5X's assignment maps."""

import pytest

from flan_mix.checkpoints.assigning import AssignmentError, RestoreRules

SLOT = "state/param_states/norm/v"
MODEL = {
    "target/encoder/norm": (3,),
    "target/decoder/norm": (3,),
    "state/step": (),
    SLOT: (3,),
}


def test_names_that_both_have_are_taken_as_they_are() -> None:
    assert RestoreRules().sources(MODEL, MODEL) == {name: name for name in MODEL}


def test_the_first_pattern_that_matches_in_full_decides() -> None:
    rule = (r"target/(\w+)coder/norm", r"target/\1/scale")
    stored = {"target/en/scale": (3,), "target/de/scale": (3,), "state/step": (), SLOT: (3,)}
    found = RestoreRules((rule,)).sources(MODEL, stored)
    assert found["target/encoder/norm"] == "target/en/scale"
    assert found["state/step"] == "state/step"
    with pytest.raises(AssignmentError, match=r"target/\.\* decide nothing"):
        RestoreRules((rule, ("target/.*", None))).sources(MODEL, stored)


def test_none_leaves_arrays_of_the_checkpoint_out() -> None:
    found = RestoreRules((("state.*", None),)).sources(MODEL, MODEL)
    assert found["state/step"] is None and found[SLOT] is None


def test_two_arrays_may_come_from_one() -> None:
    rules = RestoreRules((("target/decoder/norm", "target/encoder/norm"),), strict=False)
    found = rules.sources(MODEL, MODEL)
    assert found["target/decoder/norm"] == found["target/encoder/norm"] == "target/encoder/norm"


def test_what_the_checkpoint_lacks_is_an_error_unless_it_may_start_afresh() -> None:
    stored = {name: shape for name, shape in MODEL.items() if name != "target/decoder/norm"}
    with pytest.raises(AssignmentError, match=r"no target/decoder/norm.*fallback_to_scratch"):
        RestoreRules().sources(MODEL, stored)
    found = RestoreRules(fallback_to_scratch=True).sources(MODEL, stored)
    assert found["target/decoder/norm"] is None


def test_what_the_model_lacks_is_an_error_unless_it_is_not_strict() -> None:
    stored = {**MODEL, "target/prompt": (2,)}
    with pytest.raises(AssignmentError, match=r"no target/prompt.*strict = False"):
        RestoreRules().sources(MODEL, stored)
    assert "target/prompt" not in RestoreRules(strict=False).sources(MODEL, stored).values()


def test_a_rule_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(AssignmentError, match="enocder"):
        RestoreRules((("target/enocder/.*", None),)).sources(MODEL, MODEL)


def test_parameters_of_two_shapes_are_an_error_whatever_the_rules() -> None:
    stored = {**MODEL, "target/encoder/norm": (4,)}
    rules = RestoreRules(strict=False, fallback_to_scratch=True)
    with pytest.raises(AssignmentError, match=r"encoder/norm: \(4,\) in the checkpoint, \(3,\)"):
        rules.sources(MODEL, stored)


@pytest.mark.parametrize(
    "changes",
    [{SLOT: (4,)}, {"state/param_states/norm/mu": (3,)}],
    ids=["another shape", "one more"],
)
def test_slots_of_another_optimizer_leave_all_of_them_afresh(changes) -> None:
    other = "state/param_states/bias/v"
    found = RestoreRules().sources({**MODEL, other: (2,)}, {**MODEL, other: (2,), **changes})
    assert found[SLOT] is None and found[other] is None
    assert found["target/encoder/norm"] == "target/encoder/norm"


def test_slots_that_the_rules_leave_out_leave_the_others() -> None:
    other = "state/param_states/bias/v"
    both = {**MODEL, other: (2,)}
    found = RestoreRules(((other, None),)).sources(both, both)
    assert found[SLOT] == SLOT and found[other] is None
    # Slots of what the model no longer has say nothing of the optimizer where that is allowed.
    stored = {**both, "target/more": (5,), "state/param_states/more/v": (5,)}
    assert RestoreRules(strict=False).sources(both, stored)[SLOT] == SLOT
