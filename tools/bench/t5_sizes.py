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
}
"""tiny: only to try a benchmark out. small: 77.0M parameters."""


def t5_1_1(size: str) -> tuple[Transformer, Any]:
    """The model and its parameters."""
    model = Transformer(T5Config(mlp_activations=("gelu", "linear"), **SIZES[size]))
    return model, jax.jit(init_params, static_argnums=0)(model, jax.random.key(0))
