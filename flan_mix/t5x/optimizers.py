"""t5x.optimizers: optax's optimizers as T5X's gin files name them.

As in T5X, such an optimizer has its learning rate, a number or an optax schedule, in itself: that
of the Trainer is logged and otherwise not used.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import optax

from flan_mix.t5x.not_there import names_not_there
from flan_mix.training import Optimizer
from flan_mix.training.optimizers import from_optax

__getattr__ = names_not_there(
    "optimizers",
    {
        "MultiOptimizer": "optimizers for parts of the parameters (freeze with optax.masked)",
        "amos": "Amos, which is in no package that installs",
        "dpsgd": "differentially private training",
        "sm3": "SM3, whose state T5X could not partition either",
    },
)


@dataclasses.dataclass(frozen=True)
class OptaxWrapper:
    """An optax transformation as a model's optimizer; its updates are taken as they are."""

    optax_optimizer: optax.GradientTransformation

    def build(self) -> Optimizer:
        """The optimizer for the train step."""
        return from_optax(self.optax_optimizer, has_learning_rate=True)


def wrap_optax_optimizer(
    optax_optimizer: Callable[..., optax.GradientTransformation],
) -> Callable[..., OptaxWrapper]:
    """The function with the same arguments that gives an `OptaxWrapper`."""

    @functools.wraps(optax_optimizer)
    def wrapped(*args: Any, **kwargs: Any) -> OptaxWrapper:
        return OptaxWrapper(optax_optimizer(*args, **kwargs))

    return wrapped


def chain(transformations: Sequence[optax.GradientTransformation]) -> OptaxWrapper:
    """The transformations one after the other."""
    return OptaxWrapper(optax.chain(*transformations))


adabelief = wrap_optax_optimizer(optax.adabelief)
adagrad = wrap_optax_optimizer(optax.adagrad)
adam = wrap_optax_optimizer(optax.adam)
adamw = wrap_optax_optimizer(optax.adamw)
fromage = wrap_optax_optimizer(optax.fromage)
lamb = wrap_optax_optimizer(optax.lamb)
lars = wrap_optax_optimizer(optax.lars)
lion = wrap_optax_optimizer(optax.lion)
noisy_sgd = wrap_optax_optimizer(optax.noisy_sgd)
radam = wrap_optax_optimizer(optax.radam)
rmsprop = wrap_optax_optimizer(optax.rmsprop)
sgd = wrap_optax_optimizer(optax.sgd)
yogi = wrap_optax_optimizer(optax.yogi)
