"""The platform that a model is traced for, where what it computes depends on it."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

import jax

_ASSUMED: contextvars.ContextVar[str | None] = contextvars.ContextVar("assumed", default=None)


def platform() -> str:
    """JAX's name of it (cpu, gpu, tpu): of this process's devices, unless another is assumed."""
    return _ASSUMED.get() or jax.default_backend()


@contextlib.contextmanager
def assume(name: str) -> Iterator[None]:
    """What is traced inside is traced for `name`, which need not be there."""
    token = _ASSUMED.set(name)
    try:
        yield
    finally:
        _ASSUMED.reset(token)
