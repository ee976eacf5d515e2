"""Models to measure with: T5 1.1 by size, random parameters, float32."""

from collections.abc import Mapping
from typing import Any

import jax

from flan_mix.models import Transformer, init_params
from flan_mix.models.config import T5Config

SIZES: Mapping[str, Mapping[str, Any]] = {
    "tiny": {
        "emb_dim": 32,
        "num_heads": 2,
        "head_dim": 16,
        "num_encoder_layers": 1,
        "num_decoder_layers": 1,
        "mlp_dim": 64,
        "vocab_size": 256,
    },
    "small": {
        "emb_dim": 512,
        "num_heads": 6,
        "num_encoder_layers": 8,
        "num_decoder_layers": 8,
        "mlp_dim": 1024,
        "vocab_size": 32_128,
    },
    "base": {
        "emb_dim": 768,
        "num_heads": 12,
        "num_encoder_layers": 12,
        "num_decoder_layers": 12,
        "mlp_dim": 2048,
        "vocab_size": 32_128,
    },
    "large": {
        "emb_dim": 1024,
        "num_heads": 16,
        "num_encoder_layers": 24,
        "num_decoder_layers": 24,
        "mlp_dim": 2816,
        "vocab_size": 32_128,
    },
    "xl": {
        "emb_dim": 2048,
        "num_heads": 32,
        "num_encoder_layers": 24,
        "num_decoder_layers": 24,
        "mlp_dim": 5120,
        "vocab_size": 32_128,
    },
    "xxl": {
        "emb_dim": 4096,
        "num_heads": 64,
        "num_encoder_layers": 24,
        "num_decoder_layers": 24,
        "mlp_dim": 10240,
        "vocab_size": 32_128,
    },
}
"""tiny: only to try a benchmark out. The others are published: 77M to 11.1B parameters."""


def t5_1_1_config(size: str) -> T5Config:
    """The architecture of a size."""
    return T5Config(mlp_activations=("gelu", "linear"), **SIZES[size])


def t5_1_1(size: str) -> tuple[Transformer, Any]:
    """The model and its parameters."""
    model = Transformer(t5_1_1_config(size))
    return model, jax.jit(init_params, static_argnums=0)(model, jax.random.key(0))
