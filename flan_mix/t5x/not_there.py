"""What T5X has and Flan Mix has not: refused by name, where it is named."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NoReturn


class NotThereError(NotImplementedError):
    """A gin file names a part of T5X, or a value for it, that Flan Mix does not have."""


def names_not_there(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__` that raises NotThereError, with what it is, for T5X's `names`."""

    def missing(name: str) -> NoReturn:
        if name in names:
            raise NotThereError(f"t5x.{module}.{name}: Flan Mix does not have {names[name]}")
        raise AttributeError(f"module 't5x.{module}' has no attribute {name!r}")

    return missing


def only(where: str, mend: str, allowed: Any = None, **given: Any) -> None:
    """Refuses a keyword that has any value but the `allowed` one (or one of a tuple of them)."""
    values = allowed if isinstance(allowed, tuple) else (allowed,)
    for name, value in given.items():
        if not any(value is each or value == each for each in values):
            raise NotThereError(f"{where}.{name} = {value!r} cannot be honoured: {mend}")


def is_default(where: str, given: Any, default: Any) -> None:
    """Refuses a function or class of the user's own where only `default` can stand.

    gin gives its own wrapper of what it is told to configure, or a subclass.
    """
    plain = inspect.unwrap(given) if callable(given) else given
    if plain is default or (isinstance(plain, type) and default in plain.__mro__):
        return
    raise NotThereError(f"{where}: {given} cannot be used in place of {default.__name__}")
