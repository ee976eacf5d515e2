"""A run starts from a checkpoint of any format as it does from one of its own."""

import dataclasses
import shutil

import jax
import numpy as np
import pytest
from flax.serialization import to_state_dict
from flax.traverse_util import flatten_dict

from flan_mix.checkpoints import CheckpointMismatchError, CheckpointStore, RestoreRules
from flan_mix.checkpoints.conversion import ConversionSettings, convert
from flan_mix.models.layer_stacks import apart
from flan_mix.runs.checkpointing import CheckpointConfig, find_start
from flan_mix.runs.evaluate import find_checkpoints
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.tasks.starter import vocabulary_file
from flan_mix.training import Partitioner, TrainState, init_state
from flan_mix.vocabularies import SentencePieceVocabulary
from tests.checkpoints.t5x_files import write_legacy
from tests.checkpoints.test_reading_t5x import a_checkpoint
from tests.models.small_models import small_config


def a_model(**changes) -> EncoderDecoderModel:
    config = small_config(vocab_size=1152, num_decoder_layers=2, **changes)
    return EncoderDecoderModel(config, SentencePieceVocabulary(vocabulary_file()))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """(state at step 5, MODEL_DIR with its checkpoint) with slots unlike fresh ones."""
    model, folder = a_model(), tmp_path_factory.mktemp("own")
    state = init_state(
        model.init_params,
        model.logical_axes(),
        model.optimizer.build(),
        Partitioner(),
        jax.random.key(0),
    )
    slots = jax.tree.map(lambda x: x + 0.5, state.opt_state)
    state = dataclasses.replace(state, step=np.int32(5), opt_state=slots)
    with CheckpointStore(folder) as store:
        metadata = {"run_first_step": 2, "model": dataclasses.asdict(model.config)}
        store.save(state, loader={}, metadata=metadata)
    return state, folder


def start_from(path, tmp_path, model=None, rules=RestoreRules()):
    config = CheckpointConfig(initial_checkpoint_path=str(path), rules=rules)
    with CheckpointStore(tmp_path / "new") as store:
        return find_start(model or a_model(), Partitioner(), store, config, jax.random.key(1))


def assert_same(state: TrainState, other: TrainState) -> None:
    mine, theirs = (
        flatten_dict({"params": s.params, "slots": to_state_dict(s.opt_state)}, sep="/")
        for s in (state, other)
    )
    assert mine.keys() == theirs.keys()
    for path, array in theirs.items():
        np.testing.assert_array_equal(mine[path], array, err_msg=path)


@pytest.mark.parametrize("form", ["flan_mix", "t5x", "t5x-orbax"])
def test_step_and_optimizer_state_come_along(own, tmp_path, form) -> None:
    state, folder = own
    settings = ConversionSettings(form, verification="parameters")
    convert(folder, tmp_path / "converted", settings)
    start = start_from(tmp_path / "converted", tmp_path)
    assert start.step == start.run_first_step == 5
    assert start.loader is None
    assert_same(start.state, state)
    assert start.restored.endswith("checkpoint_5: parameters, step and optimizer state")


def test_hugging_face_weights_start_at_step_0_with_a_fresh_optimizer(own, tmp_path) -> None:
    state, folder = own
    convert(folder, tmp_path / "hf", ConversionSettings("hf", verification="parameters"))
    start = start_from(tmp_path / "hf", tmp_path)
    assert start.step == start.run_first_step == 0
    fresh = a_model().optimizer.build().init(state.params)
    assert_same(start.state, dataclasses.replace(state, opt_state=fresh))
    assert start.restored.endswith("the optimizer starts afresh")


def test_a_model_dir_of_t5xs_is_gone_on_from(own, tmp_path) -> None:
    state, folder = own
    convert(folder, tmp_path / "run", ConversionSettings("t5x", verification="parameters"))
    with CheckpointStore(tmp_path / "run") as store:
        start = find_start(a_model(), Partitioner(), store, CheckpointConfig(), jax.random.key(1))
        assert start.step == 5
        assert_same(start.state, state)
        assert "from the beginning of the data" in start.restored
        later = dataclasses.replace(start.state, step=np.int32(6))
        store.save(later, loader={}, metadata={})
        store.wait()
        assert store.latest_step() == 6


def test_the_gin_model_and_the_checkpoint_are_both_named_where_they_differ(own, tmp_path) -> None:
    _, folder = own
    with pytest.raises(CheckpointMismatchError, match=r"mlp_dim: 20 in the checkpoint, 24 in the"):
        start_from(folder, tmp_path, a_model(mlp_dim=24))


def test_checkpoints_are_found_for_evaluation_with_their_steps(own, tmp_path) -> None:
    _, folder = own
    shutil.copytree(folder / "checkpoint_5", tmp_path / "run" / "checkpoint_5")
    write_legacy(tmp_path / "run" / "checkpoint_7", a_checkpoint())
    found = find_checkpoints(str(tmp_path / "run"), "all")
    assert [(one.format, one.step) for one in found] == [("flan_mix", 5), ("t5x", 7)]


@pytest.mark.parametrize(
    "form",
    [
        "hf",
        *(pytest.param(form, marks=pytest.mark.slow) for form in ("flan_mix", "t5x", "t5x-orbax")),
    ],
)
def test_rules_take_a_checkpoint_of_any_format_into_a_deeper_model(own, tmp_path, form) -> None:
    state, folder = own
    convert(folder, tmp_path / "made", ConversionSettings(form, verification="parameters"))
    deeper = a_model(num_encoder_layers=3)
    with pytest.raises(CheckpointMismatchError, match="num_encoder_layers: 2 in the checkpoint"):
        start_from(tmp_path / "made", tmp_path, deeper)
    name = "target/encoder/layers_{}/attention/query/kernel"
    rules = RestoreRules(((name.format(2), name.format(1)),), fallback_to_scratch=True)
    start = start_from(tmp_path / "made", tmp_path, deeper, rules)
    assert start.step == (0 if form == "hf" else 5)
    assert "but afresh are target/encoder/layers_2/" in start.restored
    fresh = jax.jit(deeper.init_params)(jax.random.key(1))["encoder"]["layers_2"]
    encoder = dict(start.state.params["encoder"])
    new, copied = encoder.pop("layers_2"), encoder["layers_1"]["attention"]["query"]["kernel"]
    np.testing.assert_array_equal(new["attention"]["query"]["kernel"], copied)
    np.testing.assert_array_equal(new["mlp"]["wo"]["kernel"], fresh["mlp"]["wo"]["kernel"])
    kept = {**start.state.params, "encoder": encoder}
    jax.tree.map(np.testing.assert_array_equal, kept, state.params)
    slots = deeper.optimizer.build().init(start.state.params)
    assert_same(start.state, dataclasses.replace(start.state, opt_state=slots))


def test_rules_leave_step_and_slots_or_what_a_shallower_model_lacks(own, tmp_path) -> None:
    state, folder = own
    afresh = start_from(folder, tmp_path, rules=RestoreRules((("state.*", None),)))
    fresh = a_model().optimizer.build().init(state.params)
    assert afresh.step == 0
    assert_same(afresh.state, dataclasses.replace(state, opt_state=fresh))
    shallower = a_model(num_encoder_layers=1)
    start = start_from(folder, tmp_path, shallower, RestoreRules(strict=False))
    assert start.step == 5 and start.restored.endswith("parameters, step and optimizer state")
    kept = dict(state.params, encoder=dict(state.params["encoder"]))
    slots = dict(state.opt_state, encoder=dict(state.opt_state["encoder"]))
    del kept["encoder"]["layers_1"], slots["encoder"]["layers_1"]
    assert_same(start.state, dataclasses.replace(state, params=kept, opt_state=slots))


def test_shapes_that_no_rule_mends_name_both_models_too(own, tmp_path) -> None:
    _, folder = own
    with pytest.raises(CheckpointMismatchError, match=r"mlp_dim: 20 in the checkpoint, 24 in the"):
        start_from(folder, tmp_path, a_model(mlp_dim=24), RestoreRules(strict=False))


@pytest.mark.parametrize("form", ["t5x", pytest.param("hf", marks=pytest.mark.slow)])
def test_scanned_layers_start_from_a_checkpoint_as_unrolled_ones_do(own, tmp_path, form) -> None:
    _, folder = own
    convert(folder, tmp_path / "made", ConversionSettings(form, verification="parameters"))
    name = "target/encoder/layers_{}/attention/query/kernel"
    rules = RestoreRules(((name.format(2), name.format(1)),), fallback_to_scratch=True)
    for shape, taken in (({}, RestoreRules()), ({"num_encoder_layers": 3}, rules)):
        unrolled, scanned = (
            start_from(tmp_path / "made", tmp_path, a_model(scan_layers=scan, **shape), taken)
            for scan in (False, True)
        )
        assert scanned.restored == unrolled.restored
        kernel = scanned.state.params["encoder"]["layers"]["mlp"]["wo"]["kernel"]
        assert kernel.shape == (shape.get("num_encoder_layers", 2), 20, 16)
        taken_apart = {
            "params": apart(scanned.state.params),
            "opt_state": apart(scanned.state.opt_state),
        }
        assert_same(dataclasses.replace(scanned.state, **taken_apart), unrolled.state)


def test_keeping_the_best_asks_how_many_and_by_what() -> None:
    with pytest.raises(ValueError, match="give keep, how many of the best"):
        CheckpointConfig(keep_best_by="train/loss")
    with pytest.raises(ValueError, match="cannot be kept by 'loss'"):
        CheckpointConfig(keep=2, keep_best_by="loss")
    with pytest.raises(ValueError, match="'lowest': 'max' or 'min'"):
        CheckpointConfig(keep=2, keep_best_by="train/loss", best_mode="lowest")
    assert CheckpointConfig(keep=2).best is None
