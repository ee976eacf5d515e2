"""The sizes and switches of one T5 model, under the names that T5X's gin files bind."""

import dataclasses

import jax.numpy as jnp

ATTENTION_KERNELS = ("auto", "xla", "flash")
"""What `attention_kernel` may be: which of them computes attention is `attention_path`'s choice."""

ACTIVATION_NAMES = ("gelu", "linear", "relu", "silu")
"""What `mlp_activations` may hold; gelu is the tanh approximation, as in T5X."""

REMAT_POLICIES = ("none", "minimal", "full")
"""What `remat_policy` may be, from the most memory and the least work to the contrary."""


@dataclasses.dataclass(frozen=True)
class T5Config:
    """A T5 1.0, T5 1.1 or FLAN-T5 model; field names and defaults are T5X's.

    T5 1.0 is `mlp_activations=("relu",), logits_via_embedding=True`; T5 1.1 and FLAN-T5 are
    `("gelu", "linear")` and False. `dtype` is what activations are computed in ("float32" or
    "bfloat16", or the equivalent NumPy/JAX dtype); parameters are float32 always, and so are
    softmax, RMS norm statistics and logits.

    `float32_attention_logits` keeps the products of queries and keys in float32 until the
    softmax; without it they are rounded to `dtype` first, which halves their memory in bfloat16.

    `attention_kernel` "flash" has TPUs compute attention by JAX's flash kernel wherever lengths fit
    its blocks, "xla" never; "auto" where rows are long (`attention.attention_path`).

    `remat_policy` says what of a layer the backward pass finds in memory and what it computes
    anew: "none" keeps all it needs, "minimal" the results of the projections (so that the
    attention weights, [length, length], are not kept), "full" only the input of each layer.
    `scan_layers` keeps the layers of a stack together (`layer_stacks`) and compiles one of them,
    however many there are. Neither changes what is computed.

    Raises ValueError, naming the field, for sizes below one, an unknown activation, kernel or
    policy, a dropout rate outside [0, 1) or a dtype other than the two.
    """

    vocab_size: int
    dtype: str = "float32"
    emb_dim: int = 512
    num_heads: int = 8
    num_encoder_layers: int = 6
    num_decoder_layers: int = 6
    head_dim: int = 64
    mlp_dim: int = 2048
    mlp_activations: tuple[str, ...] = ("relu",)
    dropout_rate: float = 0.1
    logits_via_embedding: bool = False
    float32_attention_logits: bool = False
    attention_kernel: str = "auto"
    remat_policy: str = "none"
    scan_layers: bool = False

    def __post_init__(self):
        # Flax modules are hashed with their fields, so lists and dtype objects become plain values.
        object.__setattr__(self, "dtype", _checked_dtype(self.dtype))
        object.__setattr__(self, "mlp_activations", _checked_activations(self.mlp_activations))
        for name in _SIZES:
            if getattr(self, name) < 1:
                raise ValueError(f"T5Config.{name} is {getattr(self, name)}; it must be at least 1")
        if not 0.0 <= self.dropout_rate < 1.0:
            raise ValueError(f"T5Config.dropout_rate is {self.dropout_rate}; it must be in [0, 1)")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"T5Config.{name} is {getattr(self, name)!r}; it must be one of {list(known)}"
                )


_SIZES = (
    "vocab_size",
    "emb_dim",
    "num_heads",
    "num_encoder_layers",
    "num_decoder_layers",
    "head_dim",
    "mlp_dim",
)

_CHOICES = {"attention_kernel": ATTENTION_KERNELS, "remat_policy": REMAT_POLICIES}


def _checked_dtype(dtype) -> str:
    name = jnp.dtype(dtype).name
    if name == "float16":
        raise ValueError(
            "T5Config.dtype is float16: T5's activations overflow its range (they exceed 65,504 "
            "in the feed-forward layers) and training turns to NaN; use 'bfloat16' or 'float32'"
        )
    if name not in ("float32", "bfloat16"):
        raise ValueError(f"T5Config.dtype is {name}; it must be 'float32' or 'bfloat16'")
    return name


def _checked_activations(activations) -> tuple[str, ...]:
    names = (activations,) if isinstance(activations, str) else tuple(activations)
    unknown = [name for name in names if name not in ACTIVATION_NAMES]
    if unknown or not names:
        raise ValueError(
            f"T5Config.mlp_activations is {names}; each must be one of {list(ACTIVATION_NAMES)}"
        )
    return names
