"""Learning rate as a function of the step, from T5X's named factors.

The train step evaluates the schedule on the device; the names, defaults and formulas are those of
T5X's `utils.create_learning_rate_scheduler`, which gin files bind.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

if TYPE_CHECKING:
    pass

Schedule = Callable[[Any], Any]
"""Step (int32 scalar, or int) -> learning rate (float32 scalar)."""


def create_learning_rate_scheduler(
    factors: str = "constant * linear_warmup * rsqrt_decay",
    base_learning_rate: float = 0.5,
    warmup_steps: int = 1000,
    decay_factor: float = 0.5,
    steps_per_decay: int = 20000,
    steps_per_cycle: int = 100000,
    step_offset: int = 0,
    min_learning_rate: float = 1e-8,
) -> Schedule:
    """A schedule that multiplies the factors named in `factors`, joined by `*`.

    With s = max(0, step - step_offset), w = max(1, warmup_steps):
      constant: base_learning_rate.
      linear_warmup: min(1, s / w).
      linear_decay: base_learning_rate * min(s / w, 1 + decay_factor * (w - s)), so it holds the
        constant and the warm-up.
      rsqrt_decay: 1 / sqrt(max(s, w)).
      rsqrt_normalized_decay: sqrt(w / max(s, w)).
      decay_every: decay_factor ^ floor(s / steps_per_decay).
      cosine_decay: (1 + cos(pi * (c mod 1))) / 2 with c = max(0, s - w) / steps_per_cycle.
    The rate never falls under min_learning_rate. Raises ValueError on an unknown factor.
    """
    w = float(max(1, warmup_steps))

    def linear_decay(s):
        return base_learning_rate * jnp.minimum(s / w, 1.0 + decay_factor * (w - s))

    def cosine_decay(s):
        cycles = jnp.maximum(0.0, s - w) / steps_per_cycle
        return jnp.maximum(0.0, 0.5 * (1.0 + jnp.cos(jnp.pi * (cycles % 1.0))))

    known = {
        "constant": lambda s: base_learning_rate,
        "linear_warmup": lambda s: jnp.minimum(1.0, s / w),
        "linear_decay": linear_decay,
        "rsqrt_decay": lambda s: 1.0 / jnp.sqrt(jnp.maximum(s, w)),
        "rsqrt_normalized_decay": lambda s: jnp.sqrt(w) / jnp.sqrt(jnp.maximum(s, w)),
        "decay_every": lambda s: decay_factor ** jnp.floor(s / steps_per_decay),
        "cosine_decay": cosine_decay,
    }
    names = [name.strip() for name in factors.split("*")]
    chosen = [_factor(name, known, factors) for name in names]

    def learning_rate(step):
        s = jnp.maximum(0, step - step_offset).astype(jnp.float32)
        rate = jnp.float32(1.0)
        for factor in chosen:
            rate *= factor(s)
        return jnp.maximum(rate, min_learning_rate).astype(jnp.float32)

    return learning_rate


def _factor(name: str, known: dict[str, Callable], factors: str) -> Callable:
    if name in known:
        return known[name]
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"unknown learning rate factor {name!r} in factors={factors!r}; nearest is {nearest!r}, "
        f"known are {', '.join(known)}"
    )
