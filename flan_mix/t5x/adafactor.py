"""t5x.adafactor: Adafactor under T5X's signature."""

from collections.abc import Mapping
from typing import Any

from flan_mix.t5x.not_there import NotThereError, names_not_there, only
from flan_mix.training import Adafactor as OurAdafactor

__getattr__ = names_not_there(
    "adafactor", {"HParamMap": "hyperparameters that differ by parameter"}
)

_RULES = {
    "vocab": "COLUMN",
    "embed": "ROW",
    "mlp": "COLUMN",
    "heads": "COLUMN",
    "kv": "COLUMN",
    "joined_kv": "COLUMN",
    "relpos_buckets": "NONE",
    "layers": "BATCH",
    "stack": "BATCH",
    "q_wi_fused": "COLUMN",
    "o_wo_fused": "COLUMN",
    "multiquery_heads": "COLUMN",
    "kv_fused": "COLUMN",
    "layer_norm_scale": "NONE",
    "mlp_activations": "COLUMN",
}


def standard_logical_factor_rules(
    rules: Mapping[str, str] | None = None,
) -> Mapping[str, str]:
    """Which logical axes T5X factors as rows and columns, with the changes of `rules`.

    As in T5X they decide nothing for parameters of one or two dimensions, and there are no
    others here: the two largest dimensions are factored.
    """
    return {**_RULES, **(rules or {})}


def Adafactor(
    learning_rate: float | None = None,
    factored: bool = True,
    multiply_by_parameter_scale: bool = True,
    beta1: float | None = None,
    decay_rate: float = 0.8,
    step_offset: int = 0,
    clipping_threshold: float | None = 1.0,
    weight_decay_rate: float | None = None,
    min_dim_size_to_factor: int = 128,
    epsilon1: float = 1e-30,
    epsilon2: float = 1e-3,
    dtype_momentum: Any = "float32",
    factor_map: Any = None,
    logical_factor_rules: Mapping[str, str] | None = None,
    weight_decay_rate_lr_exponent: float | None = None,
    global_norm_clip_threshold: float | None = None,
    max_parameter_scale: float | None = None,
    skip_nan_updates: bool = False,
) -> OurAdafactor:
    """Adafactor of T5X's arguments.

    Raises NotThereError for what is not there, and for hyperparameters by parameter (HParamMap).
    """
    where = "Adafactor"
    only(
        where,
        "the rate comes from trainer.Trainer.learning_rate_fn, as in T5X's own runs",
        learning_rate=learning_rate,
    )
    only(where, "moments are float32", ("float32",), dtype_momentum=_dtype_name(dtype_momentum))
    only(where, "the two largest dimensions are factored", factor_map=factor_map)
    only(
        where,
        "weight decay has a constant rate",
        weight_decay_rate_lr_exponent=weight_decay_rate_lr_exponent,
    )
    only(where, "the parameter scale has no limit", max_parameter_scale=max_parameter_scale)
    only(
        where,
        "a run stops at a loss that is not finite, and saves nothing of it",
        False,
        skip_nan_updates=skip_nan_updates,
    )
    batched = [name for name, kind in (logical_factor_rules or {}).items() if kind == "BATCH"]
    if set(batched) - {"layers", "stack"}:
        raise NotThereError(f"Adafactor.logical_factor_rules: BATCH for {batched}: nothing batches")
    if not isinstance(multiply_by_parameter_scale, bool):
        raise NotThereError("Adafactor.multiply_by_parameter_scale is True or False for all here")
    return OurAdafactor(
        factored=factored,
        multiply_by_parameter_scale=multiply_by_parameter_scale,
        beta1=beta1,
        decay_rate=decay_rate,
        step_offset=step_offset,
        clipping_threshold=clipping_threshold,
        weight_decay_rate=weight_decay_rate,
        min_dim_size_to_factor=min_dim_size_to_factor,
        epsilon1=epsilon1,
        epsilon2=epsilon2,
        global_norm_clip_threshold=global_norm_clip_threshold,
    )


def _dtype_name(dtype: Any) -> str:
    return dtype if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype))
