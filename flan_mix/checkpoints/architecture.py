"""Which T5 a checkpoint holds, read from the shapes of its arrays, and whether a model is that one.

So that a wrong gin file is answered with the name of the right one rather than with a shape.
"""

import dataclasses
import re
from collections.abc import Mapping

from flan_mix.checkpoints.arrays import StoredArray
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.models import T5Config, parameter_count

# emb_dim, num_heads, encoder layers, decoder layers, head_dim, mlp_dim of the published models.
_SIZES_1_1 = {
    "small": (512, 6, 8, 8, 64, 1024),
    "base": (768, 12, 12, 12, 64, 2048),
    "large": (1024, 16, 24, 24, 64, 2816),
    "xl": (2048, 32, 24, 24, 64, 5120),
    "xxl": (4096, 64, 24, 24, 64, 10240),
}
_PUBLISHED = {
    "T5": {
        "small": (512, 8, 6, 6, 64, 2048),
        "base": (768, 12, 12, 12, 64, 3072),
        "large": (1024, 16, 24, 24, 64, 4096),
        "3b": (1024, 32, 24, 24, 128, 16384),
        "11b": (1024, 128, 24, 24, 128, 65536),
    },
    "T5 1.1 or FLAN-T5": _SIZES_1_1,
    "mT5": _SIZES_1_1,
    "ByT5": {
        "small": (1472, 6, 12, 4, 64, 3584),
        "base": (1536, 12, 18, 6, 64, 3968),
        "large": (1536, 16, 36, 12, 64, 3840),
        "xl": (2560, 32, 36, 12, 64, 6720),
        "xxl": (4672, 64, 36, 12, 64, 12352),
    },
}
_FORMS = {
    "T5": (32128, ("relu",), True),
    "T5 1.1 or FLAN-T5": (32128, ("gelu", "linear"), False),
    "mT5": (250112, ("gelu", "linear"), False),
    "ByT5": (384, ("gelu", "linear"), False),
}
_COMPARED = (
    "vocab_size",
    "emb_dim",
    "num_heads",
    "head_dim",
    "num_encoder_layers",
    "num_decoder_layers",
    "mlp_dim",
    "mlp_activations",
    "logits_via_embedding",
)


class CheckpointMismatchError(ValueError):
    """The checkpoint holds other parameters than the model: says what both are."""


def architecture(checkpoint: StoredCheckpoint) -> T5Config | None:
    """The model that a checkpoint's arrays are of; None where they are no T5's.

    Activations are taken from the checkpoint's own description; T5X's have none, and then one
    input projection means T5 1.0's relu and two mean T5 1.1's gated gelu.
    """
    shapes = {path: array.shape for path, array in checkpoint.parameters.items()}
    try:
        config = _from_shapes(shapes)
    except KeyError:
        return None
    activations = checkpoint.described.get("mlp_activations", config.mlp_activations)
    return dataclasses.replace(config, mlp_activations=tuple(activations))


def _from_shapes(shapes: Mapping[str, tuple[int, ...]]) -> T5Config:
    vocab_size, emb_dim = shapes["token_embedder/embedding"]
    num_heads = shapes["encoder/relpos_bias/rel_embedding"][0]
    gated = "encoder/layers_0/mlp/wi_0/kernel" in shapes
    return T5Config(
        vocab_size=vocab_size,
        emb_dim=emb_dim,
        num_heads=num_heads,
        head_dim=shapes["encoder/layers_0/attention/query/kernel"][1] // num_heads,
        num_encoder_layers=_layers(shapes, "encoder"),
        num_decoder_layers=_layers(shapes, "decoder"),
        mlp_dim=shapes["encoder/layers_0/mlp/wo/kernel"][0],
        mlp_activations=("gelu", "linear") if gated else ("relu",),
        logits_via_embedding="decoder/logits_dense/kernel" not in shapes,
    )


def _layers(shapes: Mapping[str, tuple[int, ...]], stack: str) -> int:
    matches = (re.match(rf"{stack}/layers_(\d+)/", path) for path in shapes)
    return len({match[1] for match in matches if match})


def described(config: T5Config) -> str:
    """The model's name, where it is a published one, and its size."""
    sizes = (
        config.emb_dim,
        config.num_heads,
        config.num_encoder_layers,
        config.num_decoder_layers,
        config.head_dim,
        config.mlp_dim,
    )
    form = (config.vocab_size, config.mlp_activations, config.logits_via_embedding)
    names = (
        f"{family} {name}"
        for family, published in _PUBLISHED.items()
        for name, known in published.items()
        if known == sizes and _FORMS[family] == form
    )
    name = next(names, "a T5 of no published size")
    return f"{name} ({parameter_count(config) / 1e6:,.1f}M parameters)"


_MEND = "Give the gin model file of the checkpoint (gin/models), or another checkpoint."


def check_architecture(checkpoint: StoredCheckpoint, model: T5Config, mend: str = _MEND) -> None:
    """Raises CheckpointMismatchError, naming both, where the checkpoint is of another model."""
    stored = architecture(checkpoint)
    if stored is None:
        return
    if "mlp_activations" not in checkpoint.described and (
        len(stored.mlp_activations) == len(model.mlp_activations)
    ):
        stored = dataclasses.replace(stored, mlp_activations=model.mlp_activations)
    differences = [
        f"{name}: {getattr(stored, name)} in the checkpoint, {getattr(model, name)} in the model"
        for name in _COMPARED
        if getattr(stored, name) != getattr(model, name)
    ]
    if differences:
        raise CheckpointMismatchError(
            f"{checkpoint.url} holds {described(stored)}, and the gin model is "
            f"{described(model)}:\n  " + "\n  ".join(differences) + f"\n{mend}"
        )


def check_parameters(
    stored: Mapping[str, StoredArray], wanted: Mapping[str, tuple[int, ...]], where: str
) -> None:
    """Raises CheckpointMismatchError that lists the first arrays that are not alike."""
    lines = differing_shapes(stored, wanted)
    if lines:
        shown = "\n  ".join(lines[:5]) + (f"\n  … {len(lines) - 5} more" if len(lines) > 5 else "")
        raise CheckpointMismatchError(
            f"{where} does not fit this model:\n  {shown}\n"
            "Use the gin model file that the checkpoint was trained with."
        )


def differing_shapes(
    stored: Mapping[str, StoredArray], wanted: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """A line for each array that only one side has, or that has two shapes."""
    have = {name: array.shape for name, array in stored.items()}
    lines = [f"missing from the checkpoint: {n} {wanted[n]}" for n in wanted if n not in have]
    lines += [f"only in the checkpoint: {n} {have[n]}" for n in have if n not in wanted]
    lines += [
        f"{name}: {have[name]} in the checkpoint, {wanted[name]} in the model"
        for name in wanted
        if name in have and have[name] != wanted[name]
    ]
    return lines
