"""Checkpoints of T5X, of all its ages, give the parameters and slots that T5X wrote."""

import ml_dtypes
import numpy as np
import pytest
from flax.serialization import to_state_dict
from flax.traverse_util import flatten_dict

from flan_mix.checkpoints import detect, load_initial, open_checkpoint
from flan_mix.models import Transformer, init_params, logical_axes
from flan_mix.training import Adafactor, Partitioner, abstract_state
from tests.checkpoints.t5x_files import write_first_orbax, write_legacy
from tests.models.small_models import random_flat_params, small_config
from tests.models.t5x_golden import T5XGolden

GOLDEN = ("t5_1_1", "wide")  # `wide` has factored slots
FORMS = {"t5x": "t5x_legacy/checkpoint_4", "t5x-orbax": "checkpoint_4"}


def a_checkpoint(seed: int = 0, **changes) -> dict[str, np.ndarray]:
    """Parameters of a small T5 1.1 under `target/`, and a step."""
    params = random_flat_params(small_config(**changes), seed)
    arrays = {f"target/{path}": array for path, array in params.items()}
    return {**arrays, "state/step": np.asarray(7, np.int32)}


def assert_holds(checkpoint, arrays) -> None:
    params = {k.removeprefix("target/"): a for k, a in arrays.items() if k.startswith("target/")}
    assert checkpoint.parameters.keys() == params.keys()
    for path, array in params.items():
        np.testing.assert_array_equal(checkpoint.parameters[path].read(), array, err_msg=path)
    assert checkpoint.step == 7


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", GOLDEN)
def test_what_t5x_wrote_is_restored_exactly_with_its_adafactor_state(name, form) -> None:
    golden = T5XGolden(name)
    path = golden.path(FORMS[form])
    assert detect(path) == form
    model = golden.model
    like = abstract_state(
        lambda key: init_params(model, key), logical_axes(model), Adafactor().build(), Partitioner()
    )
    restored = load_initial(path, like, model.config)
    assert int(restored.state.step) == 4
    assert restored.has_optimizer_state
    params = flatten_dict(restored.state.params, sep="/")
    want = golden.arrays("params_after_step_4.npz")
    assert params.keys() == want.keys()
    for key, array in want.items():
        np.testing.assert_array_equal(params[key], array, err_msg=key)
    slots = flatten_dict({"param_states": to_state_dict(restored.state.opt_state)}, sep="/")
    want = golden.arrays("adafactor_state_after_step_4.npz")
    assert slots.keys() == want.keys() - {"step"}
    for key, array in slots.items():
        np.testing.assert_array_equal(array, want[key], err_msg=key)


@pytest.mark.parametrize(
    ("driver", "prefix"),
    [("file", ""), ("gfile", ""), ("gcs", ""), ("gcs", "models/small/checkpoint_7/")],
)
def test_arrays_are_found_beside_the_index_whoever_wrote_it(tmp_path, driver, prefix) -> None:
    arrays = a_checkpoint()
    folder = tmp_path / "checkpoint_7"
    write_legacy(folder, arrays, driver=driver, path_prefix=prefix)
    assert_holds(open_checkpoint(folder), arrays)


def test_bfloat16_is_read_as_what_it_is_and_restored_in_float32(tmp_path) -> None:
    config = small_config()
    arrays = {
        path: array.astype(ml_dtypes.bfloat16) if path.startswith("target/") else array
        for path, array in a_checkpoint().items()
    }
    write_legacy(tmp_path / "checkpoint_7", arrays)
    assert_holds(open_checkpoint(tmp_path / "checkpoint_7"), arrays)
    like = abstract_state(
        lambda key: init_params(Transformer(config), key),
        logical_axes(Transformer(config)),
        Adafactor().build(),
        Partitioner(),
    )
    restored = load_initial(tmp_path, like, config)
    assert not restored.has_optimizer_state
    embedding = restored.state.params["token_embedder"]["embedding"]
    assert embedding.dtype == np.float32
    np.testing.assert_array_equal(
        embedding, arrays["target/token_embedder/embedding"].astype(np.float32)
    )


def test_parts_of_arrays_in_any_chunking_are_those_parts(tmp_path) -> None:
    arrays = a_checkpoint()
    write_legacy(tmp_path / "checkpoint_7", arrays)
    path = "encoder/layers_1/mlp/wi_0/kernel"
    stored = open_checkpoint(tmp_path).parameters[path]
    part = stored.read((slice(3, 9), slice(None, 11)))
    np.testing.assert_array_equal(part, arrays[f"target/{path}"][3:9, :11])


def test_a_checkpoint_of_one_file_is_read(tmp_path) -> None:
    arrays = a_checkpoint()
    write_legacy(tmp_path / "written", arrays, inline=tuple(arrays))
    file = tmp_path / "test_t5_tiny.checkpoint_7"
    (tmp_path / "written" / "checkpoint").rename(file)
    assert detect(file) == "t5x"
    assert_holds(open_checkpoint(file), arrays)


def test_the_first_orbax_layout_is_read(tmp_path) -> None:
    arrays = a_checkpoint()
    arrays["state/step"] = arrays["state/step"].reshape(())
    write_first_orbax(tmp_path / "checkpoint_7", arrays)
    assert_holds(open_checkpoint(tmp_path), arrays)


def test_a_missing_chunk_of_a_parameter_is_an_error_and_never_zeros(tmp_path) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    array = tmp_path / "checkpoint_7" / "target.token_embedder.embedding"
    (array / "1.1").unlink()
    stored = open_checkpoint(tmp_path).parameters["token_embedder/embedding"]
    with pytest.raises(ValueError, match="missing"):
        stored.read()


def test_an_array_that_is_not_there_is_named(tmp_path) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    (tmp_path / "checkpoint_7" / "target.token_embedder.embedding").rename(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"checkpoint_7: .*target\.token_embedder\.embedding"):
        open_checkpoint(tmp_path)


def test_a_version_that_t5x_refuses_is_refused(tmp_path) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint(), version=2)
    with pytest.raises(ValueError, match="version 2"):
        open_checkpoint(tmp_path)


def test_an_index_that_is_none_is_named(tmp_path) -> None:
    (tmp_path / "checkpoint_7").mkdir()
    (tmp_path / "checkpoint_7" / "checkpoint").write_bytes(b"model_checkpoint_path: 'x'")
    with pytest.raises(ValueError, match="checkpoint_7 is no T5X checkpoint"):
        open_checkpoint(tmp_path)
