"""A converted checkpoint is the same model, in the form that its format's own tools read."""

import dataclasses
import gzip
import json

import ml_dtypes
import msgpack
import numpy as np
import pytest

from flan_mix.checkpoints import (
    conversion,
    detect,
    hugging_face,
    load_initial,
    open_checkpoint,
)
from flan_mix.checkpoints.conversion import ConversionError, ConversionSettings, convert
from flan_mix.models import init_params, logical_axes
from flan_mix.training import Adafactor, Partitioner, abstract_state
from tests.checkpoints.t5x_files import write_legacy
from tests.checkpoints.test_reading_hugging_face import tensors, write_folder
from tests.checkpoints.test_reading_t5x import FORMS, GOLDEN, a_checkpoint
from tests.models.huggingface_golden import MODELS, HuggingFaceGolden
from tests.models.small_models import T5_1_0, random_flat_params, small_config
from tests.models.t5x_golden import T5XGolden


def compared(to, **changes) -> ConversionSettings:
    """Verified by parameters alone, which needs no model to be compiled."""
    return ConversionSettings(to, verification="parameters", **changes)


def assert_same_parameters(checkpoint, other) -> None:
    assert checkpoint.parameters.keys() == other.parameters.keys()
    for path, array in other.parameters.items():
        np.testing.assert_array_equal(checkpoint.parameters[path].read(), array.read(), path)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_t5x_form_is_what_t5x_writes_file_by_file(tmp_path, name) -> None:
    golden = T5XGolden(name)
    theirs = golden.path(FORMS["t5x"])
    convert(golden.path(FORMS["t5x-orbax"]), tmp_path, compared("t5x"))
    ours = tmp_path / "checkpoint_4"
    files = {str(file.relative_to(theirs)) for file in theirs.rglob("*") if file.is_file()}
    assert files == {str(file.relative_to(ours)) for file in ours.rglob("*") if file.is_file()}
    assert (ours / "checkpoint").read_bytes() == (theirs / "checkpoint").read_bytes()
    for file in sorted(files - {"checkpoint"}):
        content, golden_content = (ours / file).read_bytes(), (theirs / file).read_bytes()
        if not file.endswith(".zarray"):  # A chunk; compression may differ by library version.
            content, golden_content = gzip.decompress(content), gzip.decompress(golden_content)
        assert content == golden_content, file


@pytest.mark.parametrize("name", GOLDEN)
def test_the_orbax_form_has_t5xs_tree(tmp_path, name) -> None:
    golden = T5XGolden(name)
    theirs = golden.path(FORMS["t5x-orbax"])
    convert(golden.path(FORMS["t5x"]), tmp_path, compared("t5x-orbax"))
    ours = tmp_path / "checkpoint_4"
    assert detect(ours) == "t5x-orbax"
    description = json.loads((ours / "state" / "_METADATA").read_text())
    assert description == json.loads((theirs / "state" / "_METADATA").read_text())
    arrays, golden_arrays = open_checkpoint(ours), open_checkpoint(theirs)
    assert_same_parameters(arrays, golden_arrays)
    for path, array in golden_arrays.slots.items():
        np.testing.assert_array_equal(arrays.slots[path].read(), array.read(), path)


@pytest.mark.parametrize("to", ["t5x", "t5x-orbax", "flan_mix"])
def test_training_goes_on_with_the_optimizer_state_after_any_conversion(tmp_path, to) -> None:
    golden = T5XGolden("wide")
    converted = convert(golden.path(FORMS["t5x"]), tmp_path / "out", compared(to))
    assert converted.folder == tmp_path / "out" / "checkpoint_4"
    assert detect(converted.folder) == to
    model = golden.model
    like = abstract_state(
        lambda key: init_params(model, key), logical_axes(model), Adafactor().build(), Partitioner()
    )
    restored = load_initial(tmp_path / "out", like, model.config)
    assert restored.has_optimizer_state
    assert int(restored.state.step) == 4
    want = golden.arrays("adafactor_state_after_step_4.npz")
    moments = restored.state.opt_state["token_embedder"]["embedding"]
    np.testing.assert_array_equal(
        moments.v_row, want["param_states/token_embedder/embedding/v_row"]
    )


@pytest.mark.parametrize("name", MODELS)
def test_hugging_face_weights_go_to_t5x_and_back_unchanged(tmp_path, name) -> None:
    golden = HuggingFaceGolden(name)
    convert(golden.path, tmp_path / "t5x", ConversionSettings("t5x"))
    assert open_checkpoint(tmp_path / "t5x").step == 0
    convert(tmp_path / "t5x", tmp_path / "hf", ConversionSettings("hf"))
    assert_same_parameters(open_checkpoint(tmp_path / "hf"), golden.checkpoint)
    config = json.loads((tmp_path / "hf" / "config.json").read_text())
    for key, value in json.loads((golden.path / "config.json").read_text()).items():
        if key != "dropout_rate":  # T5X's form has no word of it.
            assert config[key] == value, key


def test_large_models_are_sharded_with_an_index(tmp_path) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    settings = compared("hf", max_shard_bytes=4000)
    convert(tmp_path / "checkpoint_7", tmp_path / "hf", settings)
    files = sorted(file.name for file in (tmp_path / "hf").glob("model-*.safetensors"))
    assert files[0] == f"model-00001-of-{len(files):05}.safetensors"
    index = json.loads((tmp_path / "hf" / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == set(files)
    source = open_checkpoint(tmp_path / "checkpoint_7")
    assert index["metadata"]["total_size"] == 4 * source.parameter_count
    assert_same_parameters(open_checkpoint(tmp_path / "hf"), source)


@pytest.mark.parametrize("to", ["hf", "flan_mix"])
def test_a_cast_is_the_rounding_it_should_be_and_says_what_it_moved(tmp_path, to) -> None:
    arrays = a_checkpoint()
    write_legacy(tmp_path / "checkpoint_7", arrays)
    settings = ConversionSettings(to, dtype="bfloat16")
    converted = convert(tmp_path / "checkpoint_7", tmp_path / "out", settings)
    assert converted.cast_difference is not None and 0 < converted.cast_difference < 1
    stored = open_checkpoint(tmp_path / "out").parameters["token_embedder/embedding"]
    want = arrays["target/token_embedder/embedding"].astype(ml_dtypes.bfloat16)
    assert stored.dtype == want.dtype
    np.testing.assert_array_equal(stored.read(), want)


@pytest.mark.parametrize("layers", ["scanned", "scanned-shared-bias"])
@pytest.mark.parametrize("to", ["t5x", "t5x-orbax"])
def test_layers_are_scanned_and_unrolled_again(tmp_path, to, layers) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    scanned = compared(to, layers=layers)
    convert(tmp_path / "checkpoint_7", tmp_path / "scanned", scanned)
    if to == "t5x":
        tree = msgpack.unpackb((tmp_path / "scanned" / "checkpoint_7" / "checkpoint").read_bytes())
        query = tree["optimizer"]["target"]["encoder"]["encoder"]["attention"]["query"]["kernel"]
        assert query["metadata"]["shape"] == [16, 2, 2, 6]
        in_layers = "relpos_bias" in tree["optimizer"]["target"]["encoder"]["encoder"]
        assert in_layers == (layers == "scanned")
    convert(tmp_path / "scanned", tmp_path / "apart", compared("t5x"))
    assert_same_parameters(
        open_checkpoint(tmp_path / "apart"), open_checkpoint(tmp_path / "checkpoint_7")
    )


def test_a_copy_that_is_not_the_model_is_an_error_and_gets_no_name(tmp_path, monkeypatch) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    write = conversion.write_t5x

    def wrong(folder, checkpoint):
        swapped = dict(checkpoint.parameters)
        one, other = "encoder/layers_0/mlp/wi_0/kernel", "encoder/layers_0/mlp/wi_1/kernel"
        swapped[one], swapped[other] = swapped[other], swapped[one]
        write(folder, dataclasses.replace(checkpoint, parameters=swapped))

    monkeypatch.setattr(conversion, "write_t5x", wrong)
    with pytest.raises(ConversionError, match="wi_0/kernel was not written as it was read"):
        convert(tmp_path / "checkpoint_7", tmp_path / "out", ConversionSettings("t5x"))
    assert not (tmp_path / "out" / "checkpoint_7").exists()


def test_the_probe_tells_a_wrong_configuration_where_parameters_are_right(
    tmp_path, monkeypatch
) -> None:
    values = tensors(random_flat_params(small_config(**T5_1_0), 0))
    source = write_folder(
        tmp_path / "source", values, feed_forward_proj="relu", tie_word_embeddings=True
    )
    read = hugging_face.config_fields

    def wrong_in_the_copy(config, where):
        fields = read(config, where)
        return {**fields, "mlp_activations": ("silu",)} if "unfinished" in where else fields

    monkeypatch.setattr(hugging_face, "config_fields", wrong_in_the_copy)
    with pytest.raises(ConversionError, match="logits on the probe batch differ"):
        convert(source, tmp_path / "copy", ConversionSettings("hf"))
    assert not (tmp_path / "copy").exists()


def test_what_is_there_already_is_not_overwritten(tmp_path) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    with pytest.raises(FileExistsError, match="checkpoint_7 is there already"):
        convert(tmp_path / "checkpoint_7", tmp_path, ConversionSettings("t5x"))


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="overflows in float16"):
        ConversionSettings("hf", dtype="float16")
    with pytest.raises(ValueError, match="no scanned layers"):
        ConversionSettings("hf", layers="scanned")
