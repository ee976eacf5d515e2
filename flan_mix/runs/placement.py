"""Where a model's parameters lie when there is no optimizer beside them."""

from typing import Any

import jax

from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.training import Partitioner


def placed_parameters(model: EncoderDecoderModel, partitioner: Partitioner) -> Any:
    """The parameters' tree of ShapeDtypeStructs, each with its sharding on the mesh."""
    abstract = model.abstract_params()
    specs = partitioner.parameter_specs(abstract, model.logical_axes())
    return jax.tree.map(
        lambda leaf, sharding: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding),
        abstract,
        partitioner.shardings(specs),
    )
