"""Rewrites a checkpoint in another format, and proves that the copy is the same model.

What is written is opened again: every parameter is compared with the source's (after the cast
that was asked for), and both models' logits on a probe batch with each other.
"""

import dataclasses
import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
from flax.traverse_util import unflatten_dict

from flan_mix.checkpoints.architecture import architecture
from flan_mix.checkpoints.arrays import StoredArray, cast
from flan_mix.checkpoints.formats import open_checkpoint
from flan_mix.checkpoints.host_memory import map_within_largest
from flan_mix.checkpoints.hugging_face_writing import MAX_SHARD_BYTES, write_hugging_face
from flan_mix.checkpoints.layout import checkpoint_folder
from flan_mix.checkpoints.orbax_writing import write_orbax
from flan_mix.checkpoints.placing import read_onto_devices
from flan_mix.checkpoints.scanned_layers import Layers, scanned
from flan_mix.checkpoints.scanned_slots import scanned_slots
from flan_mix.checkpoints.stored_checkpoint import Format, StoredCheckpoint
from flan_mix.checkpoints.t5x_writing import write_t5x
from flan_mix.models import T5Config, Transformer, apply

Verification = Literal["full", "parameters", "none"]
DTYPES = ("float32", "bfloat16")


class ConversionError(RuntimeError):
    """What was written is not the model that was read: says where they differ."""


@dataclasses.dataclass(frozen=True)
class ConversionSettings:
    """How a checkpoint is rewritten.

    dtype: of the parameters, "float32" or "bfloat16"; None keeps them. Optimizer slots are kept
    as they are. layers: see `scanned_layers.Layers`. verification: "full" compares parameters and
    logits (which needs room for one model in float32), "parameters" and "none" less.
    """

    to: Format
    dtype: str | None = None
    layers: Layers = "unrolled"
    verification: Verification = "full"
    max_shard_bytes: int = MAX_SHARD_BYTES

    def __post_init__(self) -> None:
        if self.dtype is not None and self.dtype not in DTYPES:
            raise ValueError(
                f"dtype {self.dtype!r}: choose one of {DTYPES} (T5 overflows in float16)"
            )
        if self.to == "hf" and self.layers != "unrolled":
            raise ValueError("Hugging Face has no scanned layers: leave layers 'unrolled'")


@dataclasses.dataclass(frozen=True)
class Converted:
    """What came of a conversion.

    slots: how many of the source's arrays of optimizer state were written. cast_difference: the
    largest change of a probe logit by the cast; None without one. All other differences are nil, or
    an error.
    """

    source: StoredCheckpoint
    folder: Path
    config: T5Config
    slots: int
    verification: Verification
    cast_difference: float | None


def convert(
    source: str | Path,
    destination: str | Path,
    settings: ConversionSettings,
    finish: Callable[[Path, StoredCheckpoint, T5Config], None] = lambda *_: None,
) -> Converted:
    """Writes the checkpoint at `source` under `destination` and verifies it.

    Hugging Face's form fills `destination` itself; the others `destination/checkpoint_<step>`,
    unless it is named so already. `finish(folder, source, config)` may add files to the folder
    before it gets its name, which it does when it is whole and verified.

    Raises FileExistsError, ValueError for what is no T5, and ConversionError.
    """
    checkpoint = open_checkpoint(source)
    config = architecture(checkpoint)
    if config is None:
        raise ValueError(f"{checkpoint.url} does not hold a T5: it has other parameters")
    config = dataclasses.replace(config, **_kept(checkpoint))
    folder = _folder(Path(destination).expanduser().absolute(), checkpoint, settings)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there already: give another destination")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    wanted = _as_wanted(checkpoint, settings)
    _write(unfinished, wanted, config, settings)
    difference = None
    if settings.verification != "none":
        written = open_checkpoint(unfinished)
        _compare(checkpoint, written, wanted, settings)
        if settings.verification == "full":
            difference = _compare_logits(checkpoint, written, config, settings)
    finish(unfinished, checkpoint, config)
    if folder.exists():
        folder.rmdir()
    unfinished.rename(folder)
    slots = len(checkpoint.slots) if settings.to != "hf" and wanted.slots else 0
    return Converted(checkpoint, folder, config, slots, settings.verification, difference)


def _kept(checkpoint: StoredCheckpoint) -> dict[str, Any]:
    """What the source says of its model besides its shape, and a copy should say too."""
    rate = checkpoint.described.get("dropout_rate")
    return {} if rate is None else {"dropout_rate": rate}


def _folder(destination: Path, checkpoint: StoredCheckpoint, settings: ConversionSettings) -> Path:
    if settings.to == "hf":
        return destination
    return checkpoint_folder(destination, checkpoint.step or 0)


def _as_wanted(checkpoint: StoredCheckpoint, settings: ConversionSettings) -> StoredCheckpoint:
    """The source, cast and with its layers laid out as asked for. Nothing is read yet."""
    parameters = dict(_cast(checkpoint, settings))
    if settings.layers == "unrolled":
        return dataclasses.replace(checkpoint, parameters=parameters)
    heads = parameters["encoder/relpos_bias/rel_embedding"].shape[0]
    shared = settings.layers == "scanned-shared-bias"
    together = scanned(parameters, heads, shared_bias=shared)
    slots = scanned_slots(checkpoint.slots, parameters, heads, shared_bias=shared)
    return dataclasses.replace(checkpoint, parameters=together, slots=slots)


def _cast(checkpoint: StoredCheckpoint, settings: ConversionSettings) -> dict[str, StoredArray]:
    if settings.dtype is None:
        return dict(checkpoint.parameters)
    dtype = np.dtype(jax.numpy.dtype(settings.dtype))
    return {path: cast(array, dtype) for path, array in checkpoint.parameters.items()}


def _write(
    folder: Path, checkpoint: StoredCheckpoint, config: T5Config, settings: ConversionSettings
) -> None:
    if settings.to == "t5x":
        folder.mkdir()
        write_t5x(folder, checkpoint)
    elif settings.to == "t5x-orbax":
        write_orbax(folder, checkpoint)
    elif settings.to == "flan_mix":
        described = {"model": dataclasses.asdict(config), "run_first_step": checkpoint.step or 0}
        write_orbax(folder, checkpoint, described)
    else:
        folder.mkdir()
        write_hugging_face(folder, checkpoint, config, max_shard_bytes=settings.max_shard_bytes)


def _compare(
    source: StoredCheckpoint,
    written: StoredCheckpoint,
    wanted: StoredCheckpoint,
    settings: ConversionSettings,
) -> None:
    """Raises ConversionError where parameters, or slots that were written, are not the source's."""
    if settings.to != "hf" and (written.step or 0) != (source.step or 0):
        raise ConversionError(f"step {source.step} was written as {written.step}")
    _compare_arrays(_cast(source, settings), written.parameters)
    if settings.to != "hf":  # Which has no slots; nor has what is scanned with another optimizer.
        _compare_arrays(source.slots if wanted.slots else {}, written.slots)


def _compare_arrays(source: Any, written: Any) -> None:
    if source.keys() != written.keys():
        other = sorted(source.keys() ^ written.keys())
        raise ConversionError(f"{len(other)} arrays are on one side alone, such as {other[0]}")

    def compare(path: str) -> None:
        ours, theirs = source[path].read(), written[path].read()
        if ours.dtype != theirs.dtype or not np.array_equal(ours, theirs, equal_nan=True):
            raise ConversionError(f"{path} was not written as it was read")

    map_within_largest(compare, {path: 2 * array.nbytes for path, array in source.items()})


def _compare_logits(
    source: StoredCheckpoint,
    written: StoredCheckpoint,
    config: T5Config,
    settings: ConversionSettings,
) -> float | None:
    """How far the cast moved the logits; None without one. Raises ConversionError for the rest."""
    described = architecture(written)
    if described is None:
        raise ConversionError("what was written is no T5")
    reread = _probe_logits(written.parameters, described)
    as_cast = _probe_logits(_cast(source, settings), config)
    if not np.array_equal(as_cast, reread):
        worst = float(np.max(np.abs(as_cast - reread)))
        raise ConversionError(f"logits on the probe batch differ by up to {worst:.3g}")
    if settings.dtype is None:
        return None
    return float(np.max(np.abs(_probe_logits(source.parameters, config) - as_cast)))


def _probe_logits(parameters: Any, config: T5Config) -> np.ndarray:
    """Float32 logits [2, 8, vocab] of random tokens, the same for every model of a vocabulary."""
    random = np.random.default_rng(0)
    tokens = {"encoder": (2, 16), "decoder": (2, 8)}
    batch: dict[str, Any] = {}
    for side, shape in tokens.items():
        batch[f"{side}_input_tokens"] = random.integers(2, config.vocab_size, shape, np.int32)
        batch[f"{side}_segment_ids"] = np.ones(shape, np.int32)
    model = Transformer(dataclasses.replace(config, dtype="float32", dropout_rate=0.0))
    wanted = {
        path: jax.ShapeDtypeStruct(array.shape, np.float32) for path, array in parameters.items()
    }
    params = unflatten_dict(read_onto_devices(parameters, wanted), sep="/")
    return np.asarray(_logits(model, params, batch))


@functools.partial(jax.jit, static_argnums=0)
def _logits(model: Transformer, params: Any, batch: Any) -> jax.Array:
    """Compiled once for the source, the cast and the copy."""
    return apply(model, params, batch)
