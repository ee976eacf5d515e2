"""gin files of T5X's, configured in the test's own process."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import gin
import gin.config as gin_internals

from flan_mix.runs import gin_config
from flan_mix.t5x import finder
from flan_mix.t5x.entry import MODES

# Where a gin file finds what it binds. Others registered in this process may bear the same names.
REGISTERED = ("__main__", "train_script", "eval_script", "infer_script", "flan_mix", "t5x")

REQUIRED = [
    "MIXTURE_OR_TASK_NAME = 'first_words'",
    "TASK_FEATURE_LENGTHS = {'inputs': 16, 'targets': 8}",
    "MODEL_DIR = 'out'",
    "TRAIN_STEPS = 4",
    "INITIAL_CHECKPOINT_PATH = '/nowhere/checkpoint_4'",
    "DROPOUT_RATE = 0.0",
]


@contextlib.contextmanager
def t5x_names() -> Iterator[None]:
    """`t5x` is Flan Mix's inside, and gin forgets afterwards what it was told."""
    finder.install()
    _forget()
    try:
        yield
    finally:
        _forget()
        finder.uninstall()


def configured(mode: str, files: Sequence[str], bindings: Sequence[str] = ()) -> Callable[..., Any]:
    """The function of a mode with T5X's keywords, bound as the files and bindings say."""
    gin.clear_config()
    module = import_module(f"flan_mix.t5x.{mode}")
    names = [MODES[mode], *(["create_task_from_tfexample_file"] if mode == "infer" else [])]
    for name in names:
        setattr(sys.modules["__main__"], name, getattr(module, name))
    gin_config.parse(files, bindings)
    return gin.get_configurable(getattr(module, MODES[mode]))


def _forget() -> None:
    gin.clear_config()
    registry: Any = gin_internals._REGISTRY  # pyright: ignore[reportAttributeAccessIssue]
    inverse: Any = gin_internals._INVERSE_REGISTRY  # pyright: ignore[reportAttributeAccessIssue]
    for selector, configurable in list(registry.items()):
        if selector.partition(".")[0] in REGISTERED:
            registry.pop(selector)
            inverse.pop(configurable.wrapped, None)
            inverse.pop(configurable.wrapper, None)
