"""Hugging Face's golden models for tests: their safetensors file as our parameter tree."""

import dataclasses
import json
import re
import struct

import numpy as np
from flax.traverse_util import unflatten_dict

from flan_mix.models import T5Config, Transformer
from tests.shared_data import shared_path

MODELS = ("flan_style", "t5_1_0_style")

ATTENTION = {"q": "query", "k": "key", "v": "value", "o": "out"}
NORMS = {
    ("encoder", "0"): "pre_attention_layer_norm",
    ("encoder", "1"): "pre_mlp_layer_norm",
    ("decoder", "0"): "pre_self_attention_layer_norm",
    ("decoder", "1"): "pre_cross_attention_layer_norm",
    ("decoder", "2"): "pre_mlp_layer_norm",
}


@dataclasses.dataclass(frozen=True)
class HuggingFaceGolden:
    """One model directory under golden/hf; reading skips the test where it is absent."""

    name: str

    @property
    def model(self) -> Transformer:
        config = json.loads(shared_path(f"golden/hf/{self.name}/config.json").read_text())
        gated = config["feed_forward_proj"] == "gated-gelu"
        return Transformer(
            T5Config(
                vocab_size=config["vocab_size"],
                emb_dim=config["d_model"],
                num_heads=config["num_heads"],
                head_dim=config["d_kv"],
                num_encoder_layers=config["num_layers"],
                num_decoder_layers=config["num_decoder_layers"],
                mlp_dim=config["d_ff"],
                mlp_activations=("gelu", "linear") if gated else ("relu",),
                logits_via_embedding=config["tie_word_embeddings"],
            )
        )

    @property
    def params(self) -> dict:
        tensors = read_safetensors(shared_path(f"golden/hf/{self.name}/model.safetensors"))
        return unflatten_dict(dict(renamed(*item) for item in tensors.items()), sep="/")

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        with np.load(shared_path(f"golden/hf/{self.name}/outputs.npz")) as arrays:
            return dict(arrays)


def read_safetensors(path) -> dict[str, np.ndarray]:
    """The float32 tensors of one file: a length, a JSON header, then bytes."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32"
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(content[start:end], "<f4").reshape(entry["shape"])
    return tensors


def renamed(name: str, value: np.ndarray) -> tuple[str, np.ndarray]:
    """One tensor's T5X path and value; Hugging Face keeps kernels transposed."""
    if name == "shared.weight":
        return "token_embedder/embedding", value
    if name == "lm_head.weight":
        return "decoder/logits_dense/kernel", value.T
    if match := re.fullmatch(r"(\w+)\.final_layer_norm\.weight", name):
        return f"{match[1]}/{match[1]}_norm/scale", value
    match = re.fullmatch(r"(\w+)\.block\.(\d+)\.layer\.(\d+)\.(.+)\.weight", name)
    assert match, name
    stack, block, layer, rest = match.groups()
    if rest.endswith("relative_attention_bias"):
        return f"{stack}/relpos_bias/rel_embedding", value.T
    path = f"{stack}/layers_{block}"
    if rest == "layer_norm":
        return f"{path}/{NORMS[stack, layer]}/scale", value
    module, part = rest.split(".")
    if module == "DenseReluDense":
        return f"{path}/mlp/{part}/kernel", value.T
    own = "attention" if stack == "encoder" else "self_attention"
    attention = own if module == "SelfAttention" else "encoder_decoder_attention"
    return f"{path}/{attention}/{ATTENTION[part]}/kernel", value.T
