"""The layers of a stack apart (`layers_0`, `layers_1`, …) or in one array each (`layers`).

Apart is T5X's form, in which everything is read and written. Together, with the layers along
dimension 0, is the form of a model with `T5Config.scan_layers` while it trains: parameters and
optimizer state lie so for the whole of a run, and nothing is stacked from step to step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

Tree = Any

TOGETHER = "layers"
_ONE_LAYER = re.compile(r"layers_(\d+)")


def path_of(keys: jax.tree_util.KeyPath) -> str:
    """The path, joined with "/", of a leaf of nested dicts as `jax.tree_util` gives it."""
    return jax.tree_util.keystr(keys, simple=True, separator="/")


def is_together(path: str) -> bool:
    """Whether the array at a path ("encoder/layers/mlp/wo/kernel") holds all layers of a stack."""
    return TOGETHER in path.split("/")


def layer_paths(path: str, count: int) -> list[str]:
    """The paths that the layers of the array at such a path have apart."""
    before, after = path.split(f"/{TOGETHER}/")
    return [f"{before}/{TOGETHER}_{layer}/{after}" for layer in range(count)]


def apart(tree: Tree, split: Callable[[Any], Sequence[Any]] = tuple) -> Tree:
    """Nested dicts with every stack's layers apart; what holds none together stays as it is.

    split: from an array of all layers to one for each.
    """
    if not isinstance(tree, Mapping):
        return tree
    result = {}
    for name, branch in tree.items():
        if name != TOGETHER:
            result[name] = apart(branch, split)
            continue
        leaves, structure = jax.tree.flatten(branch)
        for layer, parts in enumerate(zip(*map(split, leaves), strict=True)):
            result[f"{TOGETHER}_{layer}"] = structure.unflatten(parts)
    return result


def together(tree: Tree, stack: Callable[[Sequence[Any]], Any] = jnp.stack) -> Tree:
    """Nested dicts with the layers of every stack in one array each: the inverse of `apart`.

    stack: from the arrays of the layers, in order, to the one of all.
    """
    if not isinstance(tree, Mapping):
        return tree
    layers = {int(m[1]): tree[m[0]] for m in map(_ONE_LAYER.fullmatch, tree) if m}
    result = {
        name: together(branch, stack)
        for name, branch in tree.items()
        if not _ONE_LAYER.fullmatch(name)
    }
    if layers:
        in_order = [layers[layer] for layer in sorted(layers)]
        result[TOGETHER] = jax.tree.map(lambda *parts: stack(parts), *in_order)
    return result
