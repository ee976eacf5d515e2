"""t5x.models: the encoder-decoder model as T5X's gin files assemble it."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import seqio
from jax.sharding import Mesh

from flan_mix.inference import Generator, score_rows
from flan_mix.models import Transformer, apply_projected
from flan_mix.runs.model import EncoderDecoderModel as RunModel
from flan_mix.t5x import decoding
from flan_mix.t5x.losses import SpecialLossNormalizingFactor
from flan_mix.t5x.not_there import NotThereError, names_not_there
from flan_mix.t5x.vocabularies import our_vocabulary
from flan_mix.training.loss_weights import LossConfig, normalize
from flan_mix.training.projected_loss import projected_losses

Batch = Mapping[str, Any]
Params = Mapping[str, Any]

__getattr__ = names_not_there(
    "models",
    {
        "DecoderOnlyModel": "decoder-only models",
        **dict.fromkeys(
            ("BaseModel", "BaseTransformerModel"), "models to derive from; bind EncoderDecoderModel"
        ),
    },
)


class EncoderDecoderModel:
    """T5X's model: network, vocabularies, optimizer, loss and decoding.

    Raises NotThereError for another network, another feature converter, and for two different
    vocabularies.
    """

    FEATURE_CONVERTER_CLS = seqio.EncDecFeatureConverter

    def __init__(
        self,
        module: Transformer,
        input_vocabulary: seqio.Vocabulary,
        output_vocabulary: seqio.Vocabulary,
        optimizer_def: Any,
        decode_fn: Any = decoding.beam_search,
        feature_converter_cls: type | None = None,
        label_smoothing: float = 0.0,
        z_loss: float = 0.0,
        loss_normalizing_factor: float | str | SpecialLossNormalizingFactor | None = None,
        default_decoder_params: Mapping[str, Any] | None = None,
    ):
        if not isinstance(module, Transformer):
            raise NotThereError(f"module must be t5x.examples.t5.network.Transformer, not {module}")
        if feature_converter_cls not in (None, seqio.EncDecFeatureConverter):
            raise NotThereError(
                f"feature_converter_cls = {feature_converter_cls}: batches are those of "
                "seqio.EncDecFeatureConverter"
            )
        self.module = module
        self.input_vocabulary, self.output_vocabulary = input_vocabulary, output_vocabulary
        self.optimizer_def = optimizer_def
        self._decode_fn = decode_fn
        self._default_decoder_params = dict(default_decoder_params or {})
        if isinstance(loss_normalizing_factor, SpecialLossNormalizingFactor):
            loss_normalizing_factor = loss_normalizing_factor.value
        self.loss_config = LossConfig(z_loss, label_smoothing, loss_normalizing_factor)

    @functools.cached_property
    def run_model(self) -> RunModel:
        """The model as runs of Flan Mix take it; the vocabulary is read here and not before."""
        vocabulary = our_vocabulary(self.output_vocabulary)
        if our_vocabulary(self.input_vocabulary) != vocabulary:
            raise NotThereError(
                "input_vocabulary and output_vocabulary differ: a model has one vocabulary here"
            )
        optimizer = {} if self.optimizer_def is None else {"optimizer": self.optimizer_def}
        loss = dataclasses.asdict(self.loss_config)
        return RunModel(self.module.config, vocabulary, **optimizer, **loss)

    @property
    def optimizer(self) -> Any:
        """optimizer_def, under the name that the models of Flan Mix's runs have for it."""
        return self.optimizer_def

    def loss_fn(
        self, params: Params, batch: Batch, dropout_rng: jax.Array | None
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The loss of a batch, normalized, and its parts: loss, z_loss and accuracy's count."""
        config, batch = self.loss_config, with_segments(batch)
        weighted = normalize(batch, config.loss_normalizing_factor)
        hidden, kernel = apply_projected(self.module, params, batch, dropout_rng)
        targets = batch["decoder_target_tokens"]
        total, losses = projected_losses(hidden, kernel, targets, weighted.weights, config)
        return total / weighted.factor, {
            "loss": total / weighted.factor,
            "z_loss": jnp.sum(losses.z_loss * weighted.weights) / weighted.factor,
            "correct": jnp.sum(losses.correct * weighted.weights),
        }

    def eval_fn(self, params: Params, batch: Batch) -> tuple[jax.Array, dict[str, jax.Array]]:
        """`loss_fn` without dropout."""
        return self.loss_fn(params, batch, None)

    def score_batch(
        self, params: Params, batch: Batch, return_intermediates: bool = False
    ) -> jax.Array:
        """The log-likelihood of each row's targets, float32 [batch]."""
        if return_intermediates:
            raise NotThereError("score_batch.return_intermediates: the network keeps none")
        return score_rows(self.module, params, with_segments(batch))

    def predict_batch(
        self, params: Params, batch: Batch, rng: jax.Array | None = None, **placed: Any
    ) -> np.ndarray:
        """The best answer of each row, int32 [batch, target length], zeros after its EOS."""
        return self.predict_batch_with_aux(params, batch, rng, **placed)[0]

    def predict_batch_with_aux(
        self,
        params: Params,
        batch: Batch,
        rng: jax.Array | None = None,
        decoder_params: Mapping[str, Any] | None = None,
        return_all_decodes: bool | None = None,
        num_decodes: int | None = None,
        prompt_with_targets: bool = False,
        *,
        rows: int | None = None,
        mesh: Mesh | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Answers and their scores; the length of `decoder_input_tokens` is the most they have.

        num_decodes: answers that are looked for at once, T5X's default 1. return_all_decodes: all
        of them, from worst to best: int32 [batch, num_decodes, length] and float32 scores [batch,
        num_decodes]; else the best: [batch, length] and [batch]. prompt_with_targets: answers begin
        with the tokens of `decoder_input_tokens`. decoder_params: for the decode function. rows,
        mesh: how many rows are decoded together (those of the batch), and where (T5X says it by
        placing the batch).
        """
        wanted = {**self._default_decoder_params, **(decoder_params or {})}
        given = {"num_decodes": 1 if num_decodes is None else num_decodes, **wanted}
        if rng is not None and "decode_rng" not in given and not _is_beam(self._decode_fn):
            given["decode_rng"] = _seed(rng)
        settings = decoding.settings_of(self._decode_fn, **given)
        inputs = np.asarray(batch["encoder_input_tokens"])
        length = int(np.asarray(batch["decoder_input_tokens"]).shape[1])
        limit = min(length, settings.max_length or length)
        decoding_of = settings.decoding
        if return_all_decodes and decoding_of.method != "greedy":
            count = int(given["num_decodes"])
            decoding_of = dataclasses.replace(decoding_of, num_return=count)
        generator = Generator(
            self.module,
            params,
            batch_size=rows or len(inputs),
            max_decode_length=limit,
            eos_id=int(self.output_vocabulary.eos_id or 1),
            mesh=mesh,
            decoding=decoding_of,
        )
        prompts = None
        if prompt_with_targets:
            eos = int(self.output_vocabulary.eos_id or 1)
            prompts = [
                [token for token in _trimmed(row) if token != eos]
                for row in np.asarray(batch["decoder_input_tokens"])
            ]
        found = generator.answer([_trimmed(row) for row in inputs], prompts=prompts)
        tokens = np.zeros((len(inputs), decoding_of.num_return, length), np.int32)
        scores = np.full(tokens.shape[:2], -np.inf, np.float32)
        for row, answers in enumerate(found):
            # Worst to best, as T5X returns them.
            for place, answer in zip(reversed(range(tokens.shape[1])), answers, strict=False):
                tokens[row, place, : len(answer.tokens)] = answer.tokens
                scores[row, place] = answer.score
        if return_all_decodes:
            return tokens, {"scores": scores}
        return tokens[:, -1], {"scores": scores[:, -1]}


def with_segments(batch: Batch) -> Batch:
    """A batch as the network takes it: one without segment ids holds one example a row.

    As in T5X, its tokens are then all but those of id 0.
    """
    if "encoder_segment_ids" in batch:
        return batch
    encoder, decoder = batch["encoder_input_tokens"], batch["decoder_target_tokens"]
    return {
        **batch,
        "encoder_segment_ids": (jnp.asarray(encoder) > 0).astype(jnp.int32),
        "decoder_segment_ids": (jnp.asarray(decoder) > 0).astype(jnp.int32),
    }


def get_input_vocabulary(model: EncoderDecoderModel) -> seqio.Vocabulary:
    """The model's input vocabulary, for gin."""
    return model.input_vocabulary


def get_output_vocabulary(model: EncoderDecoderModel) -> seqio.Vocabulary:
    """The model's output vocabulary, for gin."""
    return model.output_vocabulary


def _is_beam(decode_fn: Any) -> bool:
    return getattr(decode_fn, "__name__", "") == "beam_search"


def _seed(rng: jax.Array) -> int:
    data = jax.random.key_data(rng) if jnp.issubdtype(rng.dtype, jax.dtypes.prng_key) else rng
    return int(np.asarray(data).ravel()[-1]) % 2**31


def _trimmed(row: Sequence[int] | np.ndarray) -> list[int]:
    """A row's tokens without the padding at its end (and at its start, as decoder inputs have)."""
    filled = np.flatnonzero(np.asarray(row))
    if not filled.size:
        return []
    start = 1 if not row[0] else 0
    return np.asarray(row)[start : filled[-1] + 1].tolist()
