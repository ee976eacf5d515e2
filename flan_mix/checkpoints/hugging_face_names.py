"""What T5's configuration and parameters are called by Hugging Face, and the other way.

Hugging Face keeps projections transposed ([outputs, inputs]) and counts a layer's norms.
"""

import re
from collections.abc import Mapping
from typing import Any

from flan_mix.models import T5Config
from flan_mix.models.position_bias import MAX_DISTANCE, NUM_BUCKETS

_ATTENTION = {"query": "q", "key": "k", "value": "v", "out": "o"}
_MODULES = {
    ("encoder", "attention"): (0, "SelfAttention"),
    ("encoder", "mlp"): (1, "DenseReluDense"),
    ("decoder", "self_attention"): (0, "SelfAttention"),
    ("decoder", "encoder_decoder_attention"): (1, "EncDecAttention"),
    ("decoder", "mlp"): (2, "DenseReluDense"),
}
_NORMS = {
    ("encoder", "pre_attention_layer_norm"): 0,
    ("encoder", "pre_mlp_layer_norm"): 1,
    ("decoder", "pre_self_attention_layer_norm"): 0,
    ("decoder", "pre_cross_attention_layer_norm"): 1,
    ("decoder", "pre_mlp_layer_norm"): 2,
}
_ACTIVATIONS = {
    "relu": ("relu",),
    "gated-gelu": ("gelu", "linear"),
    "gated-relu": ("relu", "linear"),
    "gated-silu": ("silu", "linear"),
}
_FIXED = {
    "relative_attention_num_buckets": NUM_BUCKETS,
    "relative_attention_max_distance": MAX_DISTANCE,
    "layer_norm_epsilon": 1e-6,
}
_SIZES = {
    "vocab_size": "vocab_size",
    "d_model": "emb_dim",
    "d_kv": "head_dim",
    "d_ff": "mlp_dim",
    "num_heads": "num_heads",
    "num_layers": "num_encoder_layers",
    "num_decoder_layers": "num_decoder_layers",
}
MODEL_TYPES = ("t5", "mt5")


def tensor_name(path: str) -> tuple[str, bool]:
    """Hugging Face's name of the parameter at a T5X path, and whether it is kept transposed."""
    if path == "token_embedder/embedding":
        return "shared.weight", False
    if path == "decoder/logits_dense/kernel":
        return "lm_head.weight", True
    stack, rest = path.split("/", 1)
    if rest == f"{stack}_norm/scale":
        return f"{stack}.final_layer_norm.weight", False
    if rest == "relpos_bias/rel_embedding":
        return f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", True
    match = re.fullmatch(r"layers_(\d+)/(\w+)/(?:scale|(\w+)/kernel)", rest)
    if match is None:
        raise ValueError(f"{path} is no parameter of T5")
    block, module, part = match.groups()
    if part is None:
        return f"{stack}.block.{block}.layer.{_NORMS[stack, module]}.layer_norm.weight", False
    layer, name = _MODULES[stack, module]
    return f"{stack}.block.{block}.layer.{layer}.{name}.{_ATTENTION.get(part, part)}.weight", True


def config_fields(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """T5Config's fields that a config.json gives.

    Raises ValueError for another kind of model, and for a T5 that is unlike the published ones.
    """
    if config.get("model_type") not in MODEL_TYPES:
        raise ValueError(
            f"{where} is a {config.get('model_type', 'model of no type')!r}; read are T5 models "
            f"(model_type {' or '.join(MODEL_TYPES)}: T5, FLAN-T5, mT5, ByT5)"
        )
    for name, value in _FIXED.items():
        if config.get(name, value) != value:
            raise ValueError(f"{where}: {name} is {config[name]}; this T5 has {value}")
    # Transformers' own defaults, for files that leave them out.
    config = {"num_decoder_layers": config["num_layers"], "feed_forward_proj": "relu", **config}
    if config["num_decoder_layers"] is None:
        config["num_decoder_layers"] = config["num_layers"]
    activations = _ACTIVATIONS.get(config["feed_forward_proj"])
    if activations is None:
        raise ValueError(
            f"{where}: feed_forward_proj is {config['feed_forward_proj']!r}; "
            f"known are {sorted(_ACTIVATIONS)}"
        )
    return {
        **{ours: config[theirs] for theirs, ours in _SIZES.items()},
        "mlp_activations": activations,
        "logits_via_embedding": bool(config.get("tie_word_embeddings", True)),
    }


def config_json(config: T5Config, dtype: str) -> dict[str, Any]:
    """The config.json of a model whose tensors are of `dtype`.

    Raises ValueError for activations that Hugging Face's T5 has no name for.
    """
    names = {activations: name for name, activations in _ACTIVATIONS.items()}
    if config.mlp_activations not in names:
        raise ValueError(
            f"Hugging Face's T5 has no feed-forward of {config.mlp_activations}; it has "
            f"{sorted(_ACTIVATIONS.values())}"
        )
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        **{theirs: getattr(config, ours) for theirs, ours in _SIZES.items()},
        **_FIXED,
        "feed_forward_proj": names[config.mlp_activations],
        "tie_word_embeddings": config.logits_via_embedding,
        "dropout_rate": config.dropout_rate,
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "use_cache": True,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
        "torch_dtype": dtype,
    }
