"""T5: the encoder-decoder that training and inference apply to batches.

Parameters have T5X's names and shapes (`encoder/layers_0/attention/query/kernel`, heads joined).
Segment ids keep packed examples apart in all three attentions; segment 0 is padding, and a token
id 0 inside a segment is a token. Training applies the whole model; decoding applies `encode` and
`cross_key_values` once, and `decode_step` for each new token.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from flan_mix.models.attention import Mask, segment_mask
from flan_mix.models.config import T5Config
from flan_mix.models.layer_loop import layer_stack, one_by_one, through
from flan_mix.models.layers import (
    Embedding,
    FeedForward,
    KeyValue,
    MultiHeadAttention,
    OutputKernel,
    RMSNorm,
    position_dropout,
)
from flan_mix.models.logical_axes import HIDDEN_AXES, LOGITS_AXES, constrain
from flan_mix.models.position_bias import RelativePositionBias

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

KeyValues = tuple[KeyValue, ...]
"""One KeyValue per decoder layer."""


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each behind a norm and beside a residual."""

    config: T5Config

    def setup(self):
        self.pre_attention_layer_norm = RMSNorm(self.config.dtype)
        self.attention = MultiHeadAttention(self.config)
        self.pre_mlp_layer_norm = RMSNorm(self.config.dtype)
        self.mlp = FeedForward(self.config)
        self.dropout = position_dropout(self.config)

    def __call__(
        self,
        hidden: Float[Array, "batch length embed"],
        deterministic: bool,
        bias: Float[Array, "heads offsets"],
        mask: Mask,
    ) -> Float[Array, "batch length embed"]:
        """One layer of the encoder."""
        normed = self.pre_attention_layer_norm(hidden)
        key_value = self.attention.key_value(normed)
        attended = self.attention(
            normed, key_value, bias=bias, mask=mask, deterministic=deterministic
        )
        hidden = hidden + self.dropout(attended, deterministic=deterministic)
        fed = self.mlp(self.pre_mlp_layer_norm(hidden), deterministic=deterministic)
        return constrain(hidden + self.dropout(fed, deterministic=deterministic), HIDDEN_AXES)


class DecoderLayer(nn.Module):
    """Self-attention, attention to the encoder and feed-forward, with norms and residuals."""

    config: T5Config

    def setup(self):
        self.pre_self_attention_layer_norm = RMSNorm(self.config.dtype)
        self.self_attention = MultiHeadAttention(self.config)
        self.pre_cross_attention_layer_norm = RMSNorm(self.config.dtype)
        self.encoder_decoder_attention = MultiHeadAttention(self.config)
        self.pre_mlp_layer_norm = RMSNorm(self.config.dtype)
        self.mlp = FeedForward(self.config)
        self.dropout = position_dropout(self.config)

    def cross_key_value(self, encoded: Float[Array, "batch input_length embed"]) -> KeyValue:
        """What the queries of this layer read of the encoder."""
        return self.encoder_decoder_attention.key_value(encoded)

    def __call__(
        self,
        hidden: Float[Array, "rows length embed"],
        deterministic: bool,
        encoded: Float[Array, "batch input_length embed"],
        bias: Float[Array, "heads offsets"],
        mask: Mask,
        cross_mask: Mask,
    ) -> Float[Array, "rows length embed"]:
        """One layer of the decoder, over whole rows."""
        hidden, _ = self.step(
            hidden,
            self.cross_key_value(encoded),
            bias=bias,
            mask=mask,
            cross_mask=cross_mask,
            deterministic=deterministic,
        )
        return hidden

    def step(
        self,
        hidden: Float[Array, "batch query embed"],
        cross: KeyValue,
        *,
        bias: Float[Array, "heads offsets"],
        mask: Mask,
        cross_mask: Mask,
        deterministic: bool,
        cache: tuple[KeyValue, Int[Array, ""]] | None = None,
    ) -> tuple[Float[Array, "batch query embed"], KeyValue]:
        """One layer of the decoder; also returns the keys and values of its self-attention.

        With `cache` (and the position of the first query), the new keys and values are written
        into it from there on, and the queries read the whole cache.
        """
        normed = self.pre_self_attention_layer_norm(hidden)
        key_value = self.self_attention.key_value(normed)
        if cache is not None:
            key_value = _written(*cache, key_value)
        attended = self.self_attention(
            normed, key_value, bias=bias, mask=mask, deterministic=deterministic
        )
        hidden = hidden + self.dropout(attended, deterministic=deterministic)
        attended = self.encoder_decoder_attention(
            self.pre_cross_attention_layer_norm(hidden),
            cross,
            bias=None,
            mask=cross_mask,
            deterministic=deterministic,
        )
        hidden = hidden + self.dropout(attended, deterministic=deterministic)
        fed = self.mlp(self.pre_mlp_layer_norm(hidden), deterministic=deterministic)
        hidden = hidden + self.dropout(fed, deterministic=deterministic)
        return constrain(hidden, HIDDEN_AXES), key_value


def _written(cache: KeyValue, position: Int[Array, ""], new: KeyValue) -> KeyValue:
    return jax.tree.map(
        lambda old, part: jax.lax.dynamic_update_slice_in_dim(old, part, position, axis=2),
        cache,
        new,
    )


class Encoder(nn.Module):
    """The stack that reads the inputs."""

    config: T5Config

    def setup(self):
        config = self.config
        self.relpos_bias = RelativePositionBias(config.num_heads, bidirectional=True)
        self.layers = layer_stack(self, EncoderLayer, config, config.num_encoder_layers)
        self.encoder_norm = RMSNorm(config.dtype)
        self.embedding_dropout = position_dropout(config)
        # T5X gives every element of the encoder's output its own mask, unlike everywhere else.
        self.output_dropout = nn.Dropout(config.dropout_rate)

    def __call__(
        self,
        embedded: Float[Array, "batch length embed"],
        segment_ids: Int[Array, "batch length"],
        *,
        deterministic: bool,
    ) -> Float[Array, "batch length embed"]:
        """Encodes rows of embedded tokens."""
        length = embedded.shape[1]
        bias = self.relpos_bias(length, length)
        mask = segment_mask(segment_ids, segment_ids)
        hidden = self.embedding_dropout(embedded, deterministic=deterministic)
        hidden = constrain(hidden, HIDDEN_AXES)
        count = self.config.num_encoder_layers
        hidden = through(self.layers, count, hidden, deterministic, bias, mask)
        return self.output_dropout(self.encoder_norm(hidden), deterministic=deterministic)


class Decoder(nn.Module):
    """The stack that predicts the targets."""

    config: T5Config

    def setup(self):
        config = self.config
        self.relpos_bias = RelativePositionBias(config.num_heads, bidirectional=False)
        self.layers = layer_stack(self, DecoderLayer, config, config.num_decoder_layers)
        self.decoder_norm = RMSNorm(config.dtype)
        self.embedding_dropout = position_dropout(config)
        self.output_dropout = position_dropout(config)
        if not config.logits_via_embedding:
            self.logits_dense = OutputKernel(config.emb_dim, config.vocab_size)

    def cross_key_values(self, encoded: Float[Array, "batch input_length embed"]) -> KeyValues:
        """What each layer reads of the encoder."""
        return tuple(layer.cross_key_value(encoded) for layer in one_by_one(self.layers))

    def __call__(
        self,
        embedded: Float[Array, "rows length embed"],
        encoded: Float[Array, "batch input_length embed"],
        segment_ids: Int[Array, "rows length"],
        encoder_segment_ids: Int[Array, "batch input_length"],
        *,
        deterministic: bool,
        shared_inputs: bool = False,
    ) -> Float[Array, "rows length embed"]:
        """Decodes whole rows at once (teacher forcing); the result is what logits are made of."""
        length = embedded.shape[1]
        bias = self.relpos_bias(length, length)
        mask = segment_mask(segment_ids, segment_ids, is_causal=True)
        if shared_inputs:
            cross_mask = Mask(given=encoder_segment_ids[:, None] > 0)
        else:
            cross_mask = segment_mask(segment_ids, encoder_segment_ids)
        hidden = self.embedding_dropout(embedded, deterministic=deterministic)
        hidden = constrain(hidden, HIDDEN_AXES)
        count, read = self.config.num_decoder_layers, (encoded, bias, mask, cross_mask)
        hidden = through(self.layers, count, hidden, deterministic, *read)
        return self.output_dropout(self.decoder_norm(hidden), deterministic=deterministic)

    def step(
        self,
        embedded: Float[Array, "batch new embed"],
        cross: KeyValues,
        caches: KeyValues,
        position: Int[Array, ""],
        encoder_segment_ids: Int[Array, "batch input_length"],
    ) -> tuple[Float[Array, "batch new embed"], KeyValues]:
        """Decodes the tokens at `position`.. after those whose keys and values are in `caches`."""
        new, longest = embedded.shape[1], caches[0].key.shape[2]
        bias = self.relpos_bias.at(position, new, longest)
        mask = jnp.arange(longest) <= position + jnp.arange(new)[:, None]
        layers, hidden, written = one_by_one(self.layers), embedded, []
        for layer, cross_key_value, cache in zip(layers, cross, caches, strict=True):
            hidden, cache = layer.step(
                hidden,
                cross_key_value,
                bias=bias,
                mask=Mask(given=mask[None]),
                cross_mask=Mask(given=encoder_segment_ids[:, None] > 0),
                deterministic=True,
                cache=(cache, position),
            )
            written.append(cache)
        return self.decoder_norm(hidden), tuple(written)


class Transformer(nn.Module):
    """The whole model; its methods are the stages that training and inference put together."""

    config: T5Config

    def setup(self):
        config = self.config
        self.token_embedder = Embedding(config.vocab_size, config.emb_dim, config.dtype)
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def __call__(
        self,
        encoder_input_tokens: Int[Array, "batch input_length"],
        decoder_input_tokens: Int[Array, "batch target_length"],
        encoder_segment_ids: Int[Array, "batch input_length"],
        decoder_segment_ids: Int[Array, "batch target_length"],
        *,
        deterministic: bool = True,
    ) -> Float[Array, "batch target_length vocab"]:
        """Float32 logits of the next token at each place of the targets.

        Dropout, where not `deterministic`, draws from the rng named "dropout".
        """
        decoded = self.teacher_forced(
            encoder_input_tokens,
            decoder_input_tokens,
            encoder_segment_ids,
            decoder_segment_ids,
            deterministic=deterministic,
        )
        return self.logits(decoded)

    def teacher_forced(
        self,
        encoder_input_tokens: Int[Array, "batch input_length"],
        decoder_input_tokens: Int[Array, "batch target_length"],
        encoder_segment_ids: Int[Array, "batch input_length"],
        decoder_segment_ids: Int[Array, "batch target_length"],
        *,
        deterministic: bool,
    ) -> Float[Array, "batch target_length embed"]:
        """`__call__` before the logits."""
        encoded = self.encode(
            encoder_input_tokens, encoder_segment_ids, deterministic=deterministic
        )
        return self.decode(
            encoded,
            encoder_segment_ids,
            decoder_input_tokens,
            decoder_segment_ids,
            deterministic=deterministic,
        )

    def encode(
        self,
        tokens: Int[Array, "batch input_length"],
        segment_ids: Int[Array, "batch input_length"],
        *,
        deterministic: bool = True,
    ) -> Float[Array, "batch input_length embed"]:
        """The encoder's output, in the compute dtype."""
        embedded = self.token_embedder(tokens)
        return self.encoder(embedded, segment_ids, deterministic=deterministic)

    def decode(
        self,
        encoded: Float[Array, "batch input_length embed"],
        encoder_segment_ids: Int[Array, "batch input_length"],
        tokens: Int[Array, "rows target_length"],
        segment_ids: Int[Array, "rows target_length"],
        *,
        deterministic: bool = True,
        shared_inputs: bool = False,
    ) -> Float[Array, "rows target_length embed"]:
        """The decoder's output for whole target rows (teacher forcing), before the logits.

        With `shared_inputs` each encoder row holds one example, which all segments of its target
        rows read (its answer options, for instance); there may be several target rows for each
        encoder row, standing together. Otherwise a segment reads the encoder's segment of its id.
        """
        return self.decoder(
            self.token_embedder(tokens),
            encoded,
            segment_ids,
            encoder_segment_ids,
            deterministic=deterministic,
            shared_inputs=shared_inputs,
        )

    def logits(
        self, decoded: Float[Array, "batch length embed"]
    ) -> Float[Array, "batch length vocab"]:
        """Float32 logits from the decoder's output."""
        hidden, kernel = self.projected(decoded)
        return constrain(jnp.dot(hidden.astype(jnp.float32), kernel), LOGITS_AXES)

    def projected(
        self, decoded: Float[Array, "batch length embed"]
    ) -> tuple[Float[Array, "batch length embed"], Float[Array, "embed vocab"]]:
        """What the logits are the product of: hidden states, and the output kernel in float32."""
        if not self.config.logits_via_embedding:
            return decoded, self.decoder.logits_dense.kernel
        scaled = decoded.astype(jnp.float32) / math.sqrt(self.config.emb_dim)
        return scaled, self.token_embedder.embedding.T

    def cross_key_values(self, encoded: Float[Array, "batch input_length embed"]) -> KeyValues:
        """What each decoder layer reads of the encoder: the same for all steps of decoding."""
        return self.decoder.cross_key_values(encoded)

    def decode_step(
        self,
        tokens: Int[Array, "batch new"],
        position: Int[Array, ""],
        cross: KeyValues,
        caches: KeyValues,
        encoder_segment_ids: Int[Array, "batch input_length"],
    ) -> tuple[Float[Array, "batch new vocab"], KeyValues]:
        """Logits after each of `tokens`, which stand at `position`, `position` + 1, ...

        `caches` (from `empty_caches`) holds the keys and values of the places before; it is
        returned with those of `tokens` written in.
        """
        embedded = self.token_embedder(tokens)
        decoded, caches = self.decoder.step(embedded, cross, caches, position, encoder_segment_ids)
        return self.logits(decoded), caches


def empty_caches(config: T5Config, batch_size: int, max_length: int) -> KeyValues:
    """Self-attention caches, in the compute dtype, for decoding up to `max_length` tokens a row."""
    shape = (batch_size, config.num_heads, max_length, config.head_dim)
    zeros = jnp.zeros(shape, config.dtype)
    return tuple(KeyValue(zeros, zeros) for _ in range(config.num_decoder_layers))


def apply(
    model: Transformer,
    params: Mapping[str, Any],
    batch: Mapping[str, Int[Array, "batch length"]],
    dropout_rng: jax.Array | None = None,
) -> Float[Array, "batch target_length vocab"]:
    """Float32 logits of a batch under SeqIO's feature names; dropout only with a `dropout_rng`."""
    hidden, kernel = apply_projected(model, params, batch, dropout_rng)
    return jnp.dot(hidden.astype(jnp.float32), kernel)


def apply_projected(
    model: Transformer,
    params: Mapping[str, Any],
    batch: Mapping[str, Int[Array, "batch length"]],
    dropout_rng: jax.Array | None = None,
) -> tuple[Float[Array, "batch target_length embed"], Float[Array, "embed vocab"]]:
    """`apply` without its last product: what a loss that never holds the logits starts from."""
    rngs = None if dropout_rng is None else {"dropout": dropout_rng}
    bound = model.bind({"params": params}, rngs=rngs)
    decoded = bound.teacher_forced(
        batch["encoder_input_tokens"],
        batch["decoder_input_tokens"],
        batch["encoder_segment_ids"],
        batch["decoder_segment_ids"],
        deterministic=dropout_rng is None,
    )
    return bound.projected(decoded)
