"""What an optimizer is to the train step, and AdamW.

An `Optimizer` is told step and learning rate at each update, as T5X's are, so that one schedule
serves them all and nothing but parameters' statistics needs to be in its state. It also says how
its state is laid out on the mesh, given how the parameters are. Adafactor is in `adafactor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import optax
from jax.sharding import PartitionSpec

from flan_mix.models.layer_stacks import apart, is_together, path_of, together

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

Tree = Any


@dataclass(frozen=True)
class Optimizer:
    """Three pure functions over trees of parameters.

    init(params) -> state.
    update(gradients, state, params, step, learning_rate) -> (updates, state), where updates are
        added to the parameters; step counts the updates made before this one.
    state_specs(abstract_params, specs) -> a PartitionSpec for every array of the state, from the
        shapes and specs of the parameters.
    """

    init: Callable[[Tree], Tree]
    update: Callable[[Tree, Tree, Tree, Int[Array, ""], Float[Array, ""]], tuple[Tree, Tree]]
    state_specs: Callable[[Tree, Tree], Tree]


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    weight_decay is multiplied by the learning rate, and left out for parameters of one dimension
    (the norms' scales). Gradients are scaled down to max_gradient_norm where they exceed it.
    """

    b1: float = 0.9
    b2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    max_gradient_norm: float | None = None

    def build(self) -> Optimizer:
        """The optimizer with these settings."""
        steps = [
            optax.scale_by_adam(self.b1, self.b2, self.eps),
            optax.add_decayed_weights(self.weight_decay, mask=_has_several_dimensions),
        ]
        if self.max_gradient_norm is not None:
            steps.insert(0, optax.clip_by_global_norm(self.max_gradient_norm))
        return from_optax(optax.chain(*steps))


def from_optax(
    transformation: optax.GradientTransformation, *, has_learning_rate: bool = False
) -> Optimizer:
    """An optimizer whose update is -learning_rate times what an optax transformation gives.

    The transformation must hold no learning rate of its own (`optax.scale_by_adam`), unless
    `has_learning_rate` says that it does (`optax.adam`): then its updates are taken as they are.
    Its copies of the parameters are laid out as the parameters are, and whatever else it keeps is
    replicated. It sees layers that lie together apart, and keeps its state so: what it makes of a
    parameter may depend on its shape.
    """

    def init(params):
        return transformation.init(apart(params))

    def update(gradients, state, params, step, learning_rate):
        del step  # optax counts its own
        directions, state = transformation.update(apart(gradients), state, apart(params))
        if not has_learning_rate:
            directions = jax.tree.map(lambda d: -learning_rate * d, directions)
        is_apart = jax.tree.structure(directions) == jax.tree.structure(params)
        return directions if is_apart else together(directions), state

    def state_specs(abstract_params, specs):
        return optax.tree_map_params(
            transformation,
            lambda _, spec: spec,
            jax.eval_shape(init, abstract_params),
            _specs_apart(abstract_params, specs),
            transform_non_params=lambda _: PartitionSpec(),
        )

    return Optimizer(init, update, state_specs)


def _specs_apart(abstract_params: Tree, specs: Tree) -> Tree:
    """The PartitionSpecs of layers apart, from those of layers together."""

    def of_layers(path, param, spec):
        if not is_together(path_of(path)):
            return spec
        return lambda: [PartitionSpec(*spec[1:])] * param.shape[0]

    by_stack = jax.tree_util.tree_map_with_path(of_layers, abstract_params, specs)
    return apart(by_stack, lambda of_stack: of_stack())


def global_norm(tree: Tree) -> Float[Array, ""]:
    """The Euclidean norm over all entries of all arrays, summed in float32."""
    squares = [jnp.sum(jnp.square(x.astype(jnp.float32))) for x in jax.tree.leaves(tree)]
    return jnp.sqrt(sum(squares, jnp.float32(0.0)))


def _has_several_dimensions(params: Tree) -> Tree:
    return jax.tree.map(lambda p: p.ndim > 1, params)
