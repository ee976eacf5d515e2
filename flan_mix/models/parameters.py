"""Parameters of a model: fresh ones, their shapes and logical axes without allocating any."""

from __future__ import annotations

import collections
import dataclasses
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jax.sharding import PartitionSpec

from flan_mix.models.config import T5Config
from flan_mix.models.layer_stacks import apart, together
from flan_mix.models.logical_axes import DescribedParam
from flan_mix.models.t5 import Transformer

Params = dict[str, Any]
"""Nested dicts of float32 arrays under T5X's names: params["encoder"]["layers_0"]["mlp"]...

With `T5Config.scan_layers`, params["encoder"]["layers"]["mlp"]... has all layers along dimension 0.
"""

_USED_IN_FLOAT32 = {"embedding", "logits_dense", "rel_embedding"}


def init_params(model: Transformer, rng: jax.Array) -> Params:
    """Fresh parameters with T5X's initializers; jit it with `out_shardings` for large models.

    Layers are apart, or together with `T5Config.scan_layers`; the numbers are the same. Each
    parameter's depend on `rng`, its path (of layers apart) and its shape alone. Parameters that
    start alike (the same projection of all layers) are drawn in one loop, so that XLA compiles
    one generator for them instead of one each: half a second for every parameter of a deep model.
    """
    alike = collections.defaultdict(list)
    for path, param in _described_params(model).items():
        alike[param.init, param.value.shape].append(path)
    params = {}
    for (init, shape), paths in alike.items():
        salts = jnp.asarray([zlib.crc32(path.encode()) for path in paths], jnp.uint32)
        keys = jax.vmap(lambda salt: jax.random.fold_in(rng, salt))(salts)
        drawn = jax.lax.map(lambda key, init=init, shape=shape: init(key, shape, jnp.float32), keys)
        params.update(zip(paths, drawn, strict=True))
    return _as_kept(model, params, jnp.stack)


def abstract_params(model: Transformer) -> Params:
    """The tree of `init_params` with a `jax.ShapeDtypeStruct` for each array."""

    def stack(layers):
        return jax.ShapeDtypeStruct((len(layers), *layers[0].shape), layers[0].dtype)

    return _as_kept(model, flat_abstract_params(model), stack)


def flat_abstract_params(model: Transformer) -> dict[str, Any]:
    """What parameters there are by T5X's path ("encoder/layers_0/mlp/wo/kernel", layers apart)."""
    return {path: param.value for path, param in _described_params(model).items()}


def logical_axes(model: Transformer) -> Params:
    """The tree of `init_params` with a PartitionSpec of logical axis names for each array.

    For example `PartitionSpec("embed", "joined_kv")`; names are those of T5X's axis rules, and
    "layers" for the axis of layers together.
    """
    described = _described_params(model)
    flat = {path: PartitionSpec(*param.names) for path, param in described.items()}
    return _as_kept(model, flat, lambda layers: PartitionSpec("layers", *layers[0]))


def in_compute_dtype(config: T5Config, params: Mapping[str, Any]) -> Params:
    """Parameters as the model would cast them at every use, cast once; for inference only.

    The embedding table, the logits projection and the position biases stay float32, because they
    are used so: results do not change. Layers that are together come apart, as decoding needs
    them.
    """

    def cast_once(path, value):
        names = {key.key for key in path}
        return value if names & _USED_IN_FLOAT32 else value.astype(config.dtype)

    return jax.tree_util.tree_map_with_path(cast_once, apart(dict(params)))


def parameter_count(config: T5Config) -> int:
    """How many numbers the parameters of such a model are."""
    described = _described_params(Transformer(config))
    return sum(math.prod(param.value.shape) for param in described.values())


def _as_kept(
    model: Transformer, by_path: Mapping[str, Any], stack: Callable[[Sequence[Any]], Any]
) -> Params:
    """The tree of what is given by T5X's path, in the form in which the model keeps its layers."""
    tree = unflatten_dict(by_path, sep="/")
    return together(tree, stack) if model.config.scan_layers else tree


def _described_params(model: Transformer) -> dict[str, DescribedParam]:
    """By path; the values are `jax.ShapeDtypeStruct`s.

    The layers of a stack are alike, so one of each is traced: the whole of an 11B model takes
    over a second, and every start of a run needs it several times.
    """
    config = model.config
    one_of_each = Transformer(
        dataclasses.replace(config, num_encoder_layers=1, num_decoder_layers=1)
    )
    token = jnp.ones((1, 1), jnp.int32)
    boxed = jax.eval_shape(
        lambda rng: one_of_each.init(rng, token, token, token, token)["params"], jax.random.key(0)
    )
    layers = {"encoder": config.num_encoder_layers, "decoder": config.num_decoder_layers}
    described = {}
    for path, param in cast(dict[str, DescribedParam], flatten_dict(boxed, sep="/")).items():
        stack, _, rest = path.partition("/layers_0/")
        copies = [f"{stack}/layers_{i}/{rest}" for i in range(layers[stack])] if rest else [path]
        described.update(dict.fromkeys(copies, param))
    return described
