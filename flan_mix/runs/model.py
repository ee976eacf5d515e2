"""The model of a run: architecture, vocabulary, optimizer and loss under one name for gin."""

import dataclasses
import functools
import logging
from collections.abc import Mapping
from typing import Any

import jax

from flan_mix.models import (
    Transformer,
    abstract_params,
    apply_projected,
    init_params,
    logical_axes,
)
from flan_mix.models.config import T5Config
from flan_mix.training.adafactor import Adafactor
from flan_mix.training.loss_weights import LossConfig
from flan_mix.training.optimizers import AdamW
from flan_mix.vocabularies import Vocabulary

log = logging.getLogger(__name__)

_ROWS_ROUND_UP_TO = 128
"""Published models round the vocabulary up to a multiple of it."""


@dataclasses.dataclass(frozen=True)
class EncoderDecoderModel:
    """What `%MODEL` is in gin files; T5X's models.EncoderDecoderModel.

    The loss's settings are those of `LossConfig`.

    Raises ValueError when the vocabulary has more ids than the model has rows for, and warns when
    it has so few that it may be another model's.
    """

    config: T5Config
    vocabulary: Vocabulary
    optimizer: Adafactor | AdamW = dataclasses.field(default_factory=Adafactor)
    z_loss: float = 0.0
    label_smoothing: float = 0.0
    loss_normalizing_factor: float | str | None = None
    chunk_positions: int | None = None

    def __post_init__(self) -> None:
        ids, rows = self.vocabulary.vocab_size, self.config.vocab_size
        if ids > rows:
            raise ValueError(
                f"the vocabulary has {ids} ids and T5Config.vocab_size is {rows}: raise it to at "
                "least that, or give the right vocabulary"
            )
        if rows - ids >= _ROWS_ROUND_UP_TO:
            log.warning(
                "The vocabulary has %d ids and the model has rows for %d: is it the right one? %r",
                ids,
                rows,
                self.vocabulary,
            )

    @functools.cached_property
    def module(self) -> Transformer:
        """The Flax module."""
        return Transformer(self.config)

    @property
    def loss_config(self) -> LossConfig:
        """How the train and eval steps weigh the loss."""
        return LossConfig(
            z_loss=self.z_loss,
            label_smoothing=self.label_smoothing,
            loss_normalizing_factor=self.loss_normalizing_factor,
            chunk_positions=self.chunk_positions,
        )

    def apply(
        self, params: Any, batch: Mapping[str, jax.Array], dropout_rng: jax.Array | None
    ) -> tuple[jax.Array, jax.Array]:
        """What logits are the product of, see `models.apply_projected`."""
        return apply_projected(self.module, params, batch, dropout_rng)

    def init_params(self, rng: jax.Array) -> Any:
        """Fresh parameters."""
        return init_params(self.module, rng)

    def abstract_params(self) -> Any:
        """Shapes and dtypes of the parameters."""
        return abstract_params(self.module)

    def logical_axes(self) -> Any:
        """Logical axis names of the parameters."""
        return logical_axes(self.module)
