"""The parts of a T5 layer: projections, RMS norm, embedding, feed-forward, attention heads.

Parameters are float32 and carry T5X's logical axis names; inputs and parameters are cast to the
compute dtype where they meet.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from flan_mix.models.attention import Mask, attend
from flan_mix.models.config import T5Config
from flan_mix.models.logical_axes import HEADS_AXES, MLP_AXES, constrain, named_param
from flan_mix.models.projection import project, project_prepared

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

NORM_EPSILON = 1e-6

EMBEDDING_INIT = nn.initializers.normal(stddev=1.0)
ATTENTION_INIT = nn.initializers.variance_scaling(1.0, "fan_in", "normal")
MLP_INIT = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")

ACTIVATIONS = {"gelu": nn.gelu, "linear": lambda x: x, "relu": nn.relu, "silu": nn.silu}


class Dense(nn.Module):
    """A projection of the last dimension, without bias."""

    features: int
    kernel_init: nn.initializers.Initializer
    kernel_axes: tuple[str, str]
    dtype: str

    @nn.compact
    def __call__(
        self,
        *inputs: Float[Array, "... n"],
        prepare: Callable[..., Float[Array, "... n"]] | None = None,
    ) -> Float[Array, "... features"]:
        """inputs·kernel, both cast to `dtype`; with `prepare` prepare(*inputs)·kernel.

        What `prepare` (see `project_prepared`) gives is not kept for the backward pass.
        """
        width = inputs[0].shape[-1]
        kernel = named_param(
            self, "kernel", self.kernel_init, (width, self.features), self.kernel_axes
        )
        kernel, inputs = kernel.astype(self.dtype), tuple(x.astype(self.dtype) for x in inputs)
        return project_prepared(prepare, inputs, kernel) if prepare else project(*inputs, kernel)


class RMSNorm(nn.Module):
    """T5's layer norm: no mean, no bias; statistics in float32 (1910.10683, T5X's LayerNorm)."""

    dtype: str

    @nn.compact
    def __call__(self, inputs: Float[Array, "... n"]) -> Float[Array, "... n"]:
        """inputs / sqrt(mean(inputs²) + 1e-6) · scale, in `dtype`."""
        scale = named_param(self, "scale", nn.initializers.ones, (inputs.shape[-1],), ("embed",))
        inputs = inputs.astype(jnp.float32)
        mean_square = jnp.mean(jnp.square(inputs), axis=-1, keepdims=True)
        normed = inputs * jax.lax.rsqrt(mean_square + NORM_EPSILON)
        return normed.astype(self.dtype) * scale.astype(self.dtype)


class Embedding(nn.Module):
    """The table of token vectors, read by gather, and its use as the output projection."""

    vocab_size: int
    features: int
    dtype: str

    def setup(self):
        self.embedding = named_param(
            self,
            "embedding",
            EMBEDDING_INIT,
            (self.vocab_size, self.features),
            ("vocab", "embed"),
        )

    def __call__(self, tokens: Int[Array, "batch length"]) -> Float[Array, "batch length features"]:
        """The vectors of `tokens`; an id outside the table gives NaN, so that it cannot pass."""
        return jnp.take(self.embedding, tokens, axis=0, mode="fill").astype(self.dtype)


class OutputKernel(nn.Module):
    """The output projection where it is not the embedding table: a kernel that others multiply."""

    features: int
    vocab_size: int

    def setup(self):
        self.kernel = named_param(
            self, "kernel", MLP_INIT, (self.features, self.vocab_size), ("embed", "vocab")
        )


class FeedForward(nn.Module):
    """relu(x·wi)·wo (T5 1.0) or gelu(x·wi_0)⊙(x·wi_1)·wo (T5 1.1), by `mlp_activations`."""

    config: T5Config

    @nn.compact
    def __call__(
        self, inputs: Float[Array, "batch length embed"], *, deterministic: bool
    ) -> Float[Array, "batch length embed"]:
        """Dropout falls on the product of the activations, one mask for all positions of a row."""
        config = self.config
        names = config.mlp_activations
        branches = []
        for index in range(len(names)):
            wi = Dense(
                config.mlp_dim,
                MLP_INIT,
                ("embed", "mlp"),
                config.dtype,
                name="wi" if len(names) == 1 else f"wi_{index}",
            )
            branches.append(constrain(wi(inputs), MLP_AXES))
        kept = jnp.ones((inputs.shape[0], 1, config.mlp_dim), config.dtype)
        kept = position_dropout(config)(kept, deterministic=deterministic)
        wo = Dense(config.emb_dim, MLP_INIT, ("mlp", "embed"), config.dtype, name="wo")
        return wo(*branches, kept, prepare=_gated(names))


@functools.cache
def _gated(names: tuple[str, ...]) -> Callable[..., jax.Array]:
    """The product of the activations `names` of as many branches, and of what dropout keeps."""

    def gated(*branches_and_kept: jax.Array) -> jax.Array:
        *branches, kept = branches_and_kept
        activated = (ACTIVATIONS[name](x) for name, x in zip(names, branches, strict=True))
        return functools.reduce(operator.mul, activated) * kept

    return gated


def position_dropout(config: T5Config) -> nn.Dropout:
    """Dropout whose mask is the same at all positions of a row, as T5 applies it nearly always."""
    return nn.Dropout(config.dropout_rate, broadcast_dims=(-2,))


class KeyValue(NamedTuple):
    """Keys and values of one attention, heads first: also the layout of the decoding cache."""

    key: Float[Array, "batch heads length head_dim"]
    value: Float[Array, "batch heads length head_dim"]


class MultiHeadAttention(nn.Module):
    """Attention heads in three steps, so that decoding can keep keys and values between calls."""

    config: T5Config

    def setup(self):
        config = self.config
        width = config.num_heads * config.head_dim
        axes = ("embed", "joined_kv")
        self.query = Dense(width, _query_init(config.head_dim), axes, config.dtype)
        self.key = Dense(width, ATTENTION_INIT, axes, config.dtype)
        self.value = Dense(width, ATTENTION_INIT, axes, config.dtype)
        self.out = Dense(config.emb_dim, ATTENTION_INIT, ("joined_kv", "embed"), config.dtype)

    def key_value(self, inputs: Float[Array, "batch length embed"]) -> KeyValue:
        """The keys and values of `inputs`."""
        return KeyValue(self._split(self.key(inputs)), self._split(self.value(inputs)))

    def __call__(
        self,
        inputs: Float[Array, "rows query embed"],
        key_value: KeyValue,
        *,
        bias: Float[Array, "heads offsets"] | None,
        mask: Mask,
        deterministic: bool,
    ) -> Float[Array, "rows query embed"]:
        """What the queries of `inputs` read from `key_value`.

        Where `inputs` has several rows for each row of keys (beams, samples or options of one
        input), they are that row's further queries: keys and values are never repeated.
        """
        rows, length, width = inputs.shape
        inputs = inputs.reshape(key_value.key.shape[0], -1, width)
        attended = attend(
            self._split(self.query(inputs)),
            key_value.key,
            key_value.value,
            bias=bias,
            mask=mask,
            key_dropout=None if deterministic else self._key_dropout(key_value.key.shape),
            float32_logits=self.config.float32_attention_logits,
            kernel=self.config.attention_kernel,
        )
        heads, head_dim = attended.shape[1], attended.shape[3]
        return self.out(attended.swapaxes(1, 2).reshape(rows, length, heads * head_dim))

    def _split(self, joined: Float[Array, "batch length joined_kv"]):
        batch, length, _ = joined.shape
        split = joined.reshape(batch, length, self.config.num_heads, self.config.head_dim)
        return constrain(split.swapaxes(1, 2), HEADS_AXES)

    def _key_dropout(self, shape: tuple[int, ...]) -> Float[Array, "batch heads key"] | None:
        rate = self.config.dropout_rate
        if rate == 0.0:
            return None
        kept = jax.random.bernoulli(self.make_rng("dropout"), 1.0 - rate, shape[:3])
        return kept.astype(jnp.float32) / (1.0 - rate)


@functools.cache
def _query_init(head_dim: int) -> nn.initializers.Initializer:
    """T5's scaling by 1/sqrt(head_dim), which it applies once, here, instead of at every step."""

    def init(key, shape, dtype=jnp.float32, out_sharding=None):
        del out_sharding
        return ATTENTION_INIT(key, shape, dtype) / math.sqrt(head_dim)

    return init
