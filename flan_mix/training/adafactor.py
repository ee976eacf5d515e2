"""Adafactor as T5X has it, so that the optimizer state of published checkpoints carries on.

Shazeer and Stern, 2018 (https://arxiv.org/abs/1804.04235): the second moment of a matrix is kept
as its row and column means, and updates are scaled to the size of the parameter. T5X's choices
that other versions make differently are marked below; the state holds T5X's four arrays a
parameter under T5X's names. Layers that lie together in one array (`models.layer_stacks`) are each
a parameter: their means, clipping and scale are those of layers apart.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import flax.struct
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from flan_mix.models.layer_stacks import is_together, path_of
from flan_mix.training.optimizers import Optimizer, global_norm

if TYPE_CHECKING:
    from jaxtyping import Array, Float


@flax.struct.dataclass
class Moments:
    """Adafactor's state of one parameter, float32. What is not in use is zeros of shape (1,).

    m: the first moment, shaped as the parameter (with beta1).
    v: the second moment, shaped as the parameter (not factored).
    v_row, v_col: its means over the parameter's largest and second largest dimension (factored).
    """

    m: Any
    v: Any
    v_row: Any
    v_col: Any


@dataclass(frozen=True)
class Adafactor:
    """T5X's Adafactor; the defaults are T5X's.

    factored: keep row and column means of the second moment instead of all of it, for parameters
        whose two largest dimensions have at least min_dim_size_to_factor entries.
    multiply_by_parameter_scale: multiply the learning rate by max(RMS of the parameter, epsilon2).
    beta1: decay of the first moment; None keeps none.
    decay_rate, step_offset: the second moment decays by 1 - t^-decay_rate at
        t = step - step_offset + 1.
    clipping_threshold: an update whose RMS exceeds it (before the learning rate) is scaled down.
    weight_decay_rate: share of the parameter taken off at each step, whatever the learning rate.
    epsilon1: added to the squared gradient.
    global_norm_clip_threshold: gradients are scaled down to this norm over all parameters.
    """

    factored: bool = True
    multiply_by_parameter_scale: bool = True
    beta1: float | None = None
    decay_rate: float = 0.8
    step_offset: int = 0
    clipping_threshold: float | None = 1.0
    weight_decay_rate: float | None = None
    min_dim_size_to_factor: int = 128
    epsilon1: float = 1e-30
    epsilon2: float = 1e-3
    global_norm_clip_threshold: float | None = None

    def build(self) -> Optimizer:
        """The optimizer with these settings; its state is the parameters' tree of `Moments`."""
        return Optimizer(self._init, self._update, self._state_specs)

    def factored_dimensions(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """The (second largest, largest) dimension to average over, or None when not factored.

        Of equal dimensions the later one counts as larger, as in T5X.
        """
        if not self.factored or len(shape) < 2:
            return None
        *_, second, largest = sorted(range(len(shape)), key=lambda d: shape[d])
        if shape[second] < self.min_dim_size_to_factor:
            return None
        return second, largest

    def _init(self, params):
        return jax.tree_util.tree_map_with_path(
            lambda path, param: _per_layer(self._init_moments, path)(param), params
        )

    def _init_moments(self, param) -> Moments:
        unused = jnp.zeros((1,), jnp.float32)
        m = unused if self.beta1 is None else jnp.zeros(param.shape, jnp.float32)
        dimensions = self.factored_dimensions(param.shape)
        if dimensions is None:
            return Moments(m, jnp.zeros(param.shape, jnp.float32), unused, unused)
        second, largest = dimensions
        v_row = jnp.zeros(_without(param.shape, largest), jnp.float32)
        v_col = jnp.zeros(_without(param.shape, second), jnp.float32)
        return Moments(m, unused, v_row, v_col)

    def _update(self, gradients, state, params, step, learning_rate):
        if self.global_norm_clip_threshold is not None:
            gradients = _clip_norm(gradients, self.global_norm_clip_threshold)
        decay = self._second_moment_decay(step)
        update_one = functools.partial(self._update_one, decay=decay, learning_rate=learning_rate)
        leaves, tree = jax.tree_util.tree_flatten_with_path(params)
        pairs = [
            _per_layer(update_one, path)(gradient, moments, param)
            for gradient, moments, (path, param) in zip(
                tree.flatten_up_to(gradients), tree.flatten_up_to(state), leaves, strict=True
            )
        ]
        changes, moments = zip(*pairs, strict=True)
        return tree.unflatten(changes), tree.unflatten(moments)

    def _second_moment_decay(self, step) -> Float[Array, ""]:
        t = jnp.asarray(step - self.step_offset + 1, jnp.float32)
        return 1.0 - t**-self.decay_rate

    def _update_one(self, gradient, moments: Moments, param, decay, learning_rate):
        gradient, param = gradient.astype(jnp.float32), param.astype(jnp.float32)
        direction, moments = self._precondition(gradient, moments, decay)
        if self.clipping_threshold is not None:
            direction /= jnp.maximum(1.0, _rms(direction) / self.clipping_threshold)
        change = direction * learning_rate
        if self.multiply_by_parameter_scale:
            change *= jnp.maximum(_rms(param), self.epsilon2)
        if self.beta1 is not None:
            change = self.beta1 * moments.m + (1.0 - self.beta1) * change
            moments = replace(moments, m=change)
        if self.weight_decay_rate is not None:
            change += self.weight_decay_rate * param
        return -change, moments

    def _precondition(self, gradient, moments: Moments, decay):
        """The gradient over the root of its second moment, and the moments with it taken in."""
        squared = jnp.square(gradient) + self.epsilon1
        dimensions = self.factored_dimensions(gradient.shape)
        if dimensions is None:
            v = decay * moments.v + (1.0 - decay) * squared
            return gradient * jax.lax.rsqrt(v), replace(moments, v=v)
        second, largest = dimensions
        v_row = decay * moments.v_row + (1.0 - decay) * jnp.mean(squared, axis=largest)
        v_col = decay * moments.v_col + (1.0 - decay) * jnp.mean(squared, axis=second)
        rows, columns = jnp.expand_dims(v_row, largest), jnp.expand_dims(v_col, second)
        # v is estimated as the outer product of row and column means over the mean of the rows;
        # taking the roots apart keeps every factor within float32.
        rows /= jnp.mean(rows, axis=second, keepdims=True)
        direction = gradient * jax.lax.rsqrt(rows) * jax.lax.rsqrt(columns)
        return direction, replace(moments, v_row=v_row, v_col=v_col)

    def _state_specs(self, abstract_params, specs):
        def moment_specs(path, param, spec):
            if not is_together(path_of(path)):
                return self._moment_specs(param.shape, spec)
            axis, *of_layer = tuple(spec) or (None,)
            moments = self._moment_specs(param.shape[1:], PartitionSpec(*of_layer))
            return jax.tree.map(lambda spec: PartitionSpec(axis, *spec), moments)

        return jax.tree_util.tree_map_with_path(moment_specs, abstract_params, specs)

    def _moment_specs(self, shape: tuple[int, ...], spec: PartitionSpec) -> Moments:
        """Full moments lie as the parameter does; means lie so along the dimensions they keep."""
        unused = PartitionSpec()
        m = unused if self.beta1 is None else spec
        dimensions = self.factored_dimensions(shape)
        if dimensions is None:
            return Moments(m, spec, unused, unused)
        second, largest = dimensions
        axes = tuple(spec) + (None,) * (len(shape) - len(spec))
        v_row = PartitionSpec(*_without(axes, largest))
        v_col = PartitionSpec(*_without(axes, second))
        return Moments(m, unused, v_row, v_col)


def _per_layer(function, path):
    """A function of one parameter's arrays, for the parameter at `path`."""
    return jax.vmap(function) if is_together(path_of(path)) else function


def _without(items: tuple, position: int) -> tuple:
    return items[:position] + items[position + 1 :]


def _rms(x: Array) -> Float[Array, ""]:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


def _clip_norm(gradients, threshold: float):
    scale = jnp.minimum(1.0, threshold / jnp.maximum(global_norm(gradients), 1e-30))
    return jax.tree.map(lambda g: g * scale, gradients)
