"""Models: T5 and its kin (1.1, FLAN-T5, mT5, ByT5) as pure functions of parameters and batches."""

from flan_mix.models.config import T5Config
from flan_mix.models.parameters import (
    Params,
    abstract_params,
    flat_abstract_params,
    init_params,
    logical_axes,
    parameter_count,
)
from flan_mix.models.t5 import Transformer, apply, apply_projected

__all__ = [
    "Params",
    "T5Config",
    "Transformer",
    "abstract_params",
    "apply",
    "apply_projected",
    "flat_abstract_params",
    "init_params",
    "logical_axes",
    "parameter_count",
]
