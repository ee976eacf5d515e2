"""Hugging Face folders are read as the model they are, or refused with what to do."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from flan_mix.checkpoints import (
    CheckpointMismatchError,
    architecture,
    detect,
    load_parameters,
    open_checkpoint,
)
from flan_mix.checkpoints.arrays import in_memory
from flan_mix.checkpoints.safetensors import index_of, shards, write_safetensors
from flan_mix.models import Transformer, abstract_params
from tests.models.huggingface_golden import MODELS, HuggingFaceGolden
from tests.models.small_models import T5_1_0, random_flat_params, small_config

CONFIG = {
    "model_type": "t5",
    "vocab_size": 40,
    "d_model": 16,
    "num_heads": 2,
    "d_kv": 6,
    "d_ff": 20,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": False,
}
"""What `small_config` is to Hugging Face."""

ATTENTION = {"query": "q", "key": "k", "value": "v", "out": "o"}


def tensors(params) -> dict[str, np.ndarray]:
    """Hugging Face's tensors of parameters by T5X path; told apart from the reader's way."""
    result = {}
    for path, array in params.items():
        parts = path.split("/")
        if path == "token_embedder/embedding":
            name, value = "shared.weight", array
        elif path == "decoder/logits_dense/kernel":
            name, value = "lm_head.weight", array.T
        elif parts[1] == "relpos_bias":
            tail = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
            name, value = f"{parts[0]}.{tail}", array.T
        elif parts[1].endswith("_norm"):
            name, value = f"{parts[0]}.final_layer_norm.weight", array
        else:
            stack, layer, module = parts[0], parts[1].removeprefix("layers_"), parts[2]
            where = f"{stack}.block.{layer}.layer"
            if module == "mlp":
                place = 1 if stack == "encoder" else 2
                name = f"{where}.{place}.DenseReluDense.{parts[3]}.weight"
            elif module == "encoder_decoder_attention":
                name = f"{where}.1.EncDecAttention.{ATTENTION[parts[3]]}.weight"
            elif module.endswith("attention"):
                name = f"{where}.0.SelfAttention.{ATTENTION[parts[3]]}.weight"
            else:
                last = 1 if stack == "encoder" else 2
                place = {"mlp": last, "cross": 1}.get(module.split("_")[1], 0)
                name = f"{where}.{place}.layer_norm.weight"
            value = array.T if array.ndim == 2 else array
        result[name] = np.ascontiguousarray(value)
    return result


def write_folder(folder: Path, values, *, max_bytes: int = 1 << 30, **config) -> Path:
    """A folder as Hugging Face has it."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    parts = shards({name: in_memory(value) for name, value in values.items()}, max_bytes)
    for part in parts:
        write_safetensors(folder / part.name, part.tensors)
    if len(parts) > 1:
        (folder / "model.safetensors.index.json").write_text(json.dumps(index_of(parts)))
    return folder


def assert_parameters(checkpoint, params) -> None:
    assert checkpoint.parameters.keys() == params.keys()
    for path, array in params.items():
        np.testing.assert_array_equal(checkpoint.parameters[path].read(), array, err_msg=path)


@pytest.mark.parametrize("name", MODELS)
def test_the_golden_folders_are_told_for_what_they_are(name) -> None:
    golden = HuggingFaceGolden(name)
    assert detect(golden.path) == "hf"
    checkpoint = golden.checkpoint
    assert checkpoint.step is None and not checkpoint.slots
    config = architecture(checkpoint)
    assert config is not None
    assert config.logits_via_embedding == (name == "t5_1_0_style")


@pytest.mark.parametrize("max_bytes", [1 << 30, 2000], ids=["one file", "sharded"])
def test_every_tensor_comes_to_its_place(tmp_path, max_bytes) -> None:
    params = random_flat_params(small_config(), 0)
    folder = write_folder(tmp_path / "model", tensors(params), max_bytes=max_bytes)
    if max_bytes < 1 << 30:
        assert len(list(folder.glob("model-*-of-*.safetensors"))) > 3
    checkpoint = open_checkpoint(folder)
    assert_parameters(checkpoint, params)
    path = "decoder/layers_2/encoder_decoder_attention/out/kernel"
    part = checkpoint.parameters[path].read((slice(1, 5), slice(2, 7)))
    np.testing.assert_array_equal(part, params[path][1:5, 2:7])


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16])
def test_half_precision_is_restored_in_float32(tmp_path, dtype) -> None:
    config = small_config()
    params = {k: v.astype(dtype) for k, v in random_flat_params(config, 0).items()}
    folder = write_folder(tmp_path / "model", tensors(params))
    assert_parameters(open_checkpoint(folder), params)
    restored, step = load_parameters(folder, abstract_params(Transformer(config)), config)
    assert step == 0
    embedding = restored["token_embedder"]["embedding"]
    assert embedding.dtype == np.float32
    np.testing.assert_array_equal(embedding, params["token_embedder/embedding"].astype(np.float32))


def test_tied_models_may_name_the_table_as_they_like(tmp_path) -> None:
    params = random_flat_params(small_config(**T5_1_0), 0)
    for name in ("encoder.embed_tokens.weight", "lm_head.weight"):
        values = tensors(params)
        values[name] = values.pop("shared.weight")
        folder = write_folder(
            tmp_path / name, values, feed_forward_proj="relu", tie_word_embeddings=True
        )
        assert_parameters(open_checkpoint(folder), params)


def test_an_untied_model_is_not_given_its_logits_as_an_embedding(tmp_path) -> None:
    values = tensors(random_flat_params(small_config(), 0))
    del values["shared.weight"]
    with pytest.raises(ValueError, match=r"lack shared\.weight"):
        open_checkpoint(write_folder(tmp_path / "model", values))


def test_defaults_that_config_json_leaves_out_are_transformers_own(tmp_path) -> None:
    params = random_flat_params(small_config(num_decoder_layers=2, **T5_1_0), 0)
    folder = write_folder(tmp_path / "model", tensors(params))
    left = ("num_decoder_layers", "feed_forward_proj", "tie_word_embeddings")
    config = {key: value for key, value in CONFIG.items() if key not in left}
    (folder / "config.json").write_text(json.dumps(config))
    assert_parameters(open_checkpoint(folder), params)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "umt5"}, "is a 'umt5'"),
        ({"feed_forward_proj": "gelu"}, "feed_forward_proj is 'gelu'"),
        ({"relative_attention_num_buckets": 64}, "relative_attention_num_buckets is 64"),
    ],
)
def test_models_of_another_kind_are_refused(tmp_path, change, message) -> None:
    values = tensors(random_flat_params(small_config(), 0))
    with pytest.raises(ValueError, match=message):
        open_checkpoint(write_folder(tmp_path / "model", values, **change))


def test_tensors_without_a_place_are_refused(tmp_path) -> None:
    values = tensors(random_flat_params(small_config(), 0))
    values["encoder.block.0.layer.0.SelfAttention.q.lora_A.weight"] = np.zeros((2, 16), np.float32)
    with pytest.raises(ValueError, match=r"no place for 1 .*lora_A"):
        open_checkpoint(write_folder(tmp_path / "model", values))


def test_pickled_weights_are_refused_with_how_to_turn_them_into_safetensors(tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="save_pretrained"):
        open_checkpoint(tmp_path)


def test_a_weights_file_is_answered_with_its_folder(tmp_path) -> None:
    folder = write_folder(tmp_path / "model", tensors(random_flat_params(small_config(), 0)))
    with pytest.raises(FileNotFoundError, match=r"give its folder"):
        open_checkpoint(folder / "model.safetensors")


def test_a_file_cut_short_is_named(tmp_path) -> None:
    folder = write_folder(tmp_path / "model", tensors(random_flat_params(small_config(), 0)))
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-8])
    arrays = open_checkpoint(folder).parameters.values()
    with pytest.raises(ValueError, match=r"model\.safetensors is cut short"):
        [array.read() for array in arrays]


def test_another_model_is_refused_with_the_names_of_both(tmp_path) -> None:
    folder = write_folder(tmp_path / "model", tensors(random_flat_params(small_config(), 0)))
    model = small_config(
        vocab_size=32128,
        emb_dim=512,
        num_heads=6,
        head_dim=64,
        mlp_dim=1024,
        num_encoder_layers=8,
        num_decoder_layers=8,
    )
    with pytest.raises(CheckpointMismatchError) as error:
        load_parameters(folder, abstract_params(Transformer(model)), model)
    message = str(error.value)
    assert "holds a T5 of no published size (0.0M parameters)" in message
    assert "the gin model is T5 1.1 or FLAN-T5 small (77.0M parameters)" in message
    assert "emb_dim: 16 in the checkpoint, 512 in the model" in message


def test_the_same_sizes_with_another_activation_are_another_model(tmp_path) -> None:
    values = tensors(random_flat_params(small_config(), 0))
    folder = write_folder(tmp_path / "model", values, feed_forward_proj="gated-silu")
    with pytest.raises(CheckpointMismatchError, match="mlp_activations"):
        load_parameters(folder, abstract_params(Transformer(small_config())), small_config())


def test_files_are_those_of_the_safetensors_package(tmp_path) -> None:
    """Both ways; the package reads what is written here, and is read."""
    numpy = pytest.importorskip("safetensors.numpy", reason="the extra `test` installs it")
    params = random_flat_params(small_config(), 0)
    values = tensors(params)
    folder = write_folder(tmp_path / "model", values)
    read = numpy.load_file(folder / "model.safetensors")
    assert read.keys() == values.keys()
    for name, value in values.items():
        np.testing.assert_array_equal(read[name], value)
    numpy.save_file(values, folder / "model.safetensors", {"format": "pt"})
    assert_parameters(open_checkpoint(folder), params)
