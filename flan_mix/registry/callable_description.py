"""Describes functions and objects by what they do, for fingerprints.

A row function that changes must rebuild the caches made with it, and so must a function or a
constant of the same package that it uses; what it calls in other packages is left out.
"""

import dataclasses
import functools
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from types import CodeType, ModuleType
from typing import Any

import numpy as np

_PLAIN = (str, bytes, int, float, complex, bool, type(None), re.Pattern)
_CONTAINERS = (list, tuple, Mapping, set, frozenset)


def describe(value: Any, special: Callable[[Any], str | None] = lambda value: None) -> str:
    """A description that changes when `value` would behave otherwise.

    Functions by source, closures and defaults included; dataclasses and containers by content;
    other objects by class and attributes. Memory addresses never appear in it.
    special: describes the objects it knows and gives None for others.
    """
    return _Describer(special).describe(value)


class _Describer:
    """One description under way; every function in it is written out once."""

    def __init__(self, special: Callable[[Any], str | None]):
        self._special = special
        self._functions: set[Callable] = set()
        self._open: list[Any] = []

    def describe(self, value: Any) -> str:
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, ModuleType):
            return f"module {value.__name__}"
        if any(value is outer for outer in self._open):
            return f"itself: {_qualified_name(value)}"
        if (known := self._special(value)) is not None:
            return known
        self._open.append(value)
        try:
            return self._container(value) if isinstance(value, _CONTAINERS) else self._object(value)
        finally:
            self._open.pop()

    def _container(self, value: Any) -> str:
        if isinstance(value, Mapping):
            items = [f"{self.describe(k)}: {self.describe(v)}" for k, v in value.items()]
            return f"{{{', '.join(items)}}}"
        items = [self.describe(item) for item in value]
        ordered = sorted(items) if isinstance(value, set | frozenset) else items
        return f"[{', '.join(ordered)}]"

    def _object(self, value: Any) -> str:
        if isinstance(value, functools.partial):
            return f"partial({self.describe([value.func, value.args, value.keywords])})"
        if inspect.isfunction(value):
            return self._function(value)
        if inspect.ismethod(value):
            return f"method {self.describe([value.__func__, value.__self__])}"
        if inspect.isclass(value):
            return f"class {_qualified_name(value)} {_source(value) or ''}"
        if isinstance(value, np.ndarray):
            digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            return f"array {value.shape} {value.dtype} {digest}"
        return f"{_qualified_name(type(value))}({self._container(_attributes(value))})"

    def _function(self, function: Callable) -> str:
        """Source, defaults, closure, and the globals of its own package that it names."""
        if function in self._functions:
            return f"function {_qualified_name(function)}"
        self._functions.add(function)
        variables = inspect.getclosurevars(function)
        parts = [
            _qualified_name(function),
            _source(function) or _describe_code(function.__code__),
            self.describe([function.__defaults__, function.__kwdefaults__]),
            self.describe(dict(variables.nonlocals)),
        ]
        for name, used in sorted(variables.globals.items()):
            if isinstance(used, _PLAIN + _CONTAINERS) or _package(used) == _package(function):
                parts.append(f"{name} = {self.describe(used)}")
        return "\n".join(parts)


def _attributes(value: Any) -> Mapping[str, Any]:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    held = getattr(value, "__dict__", {})
    # What a cached property remembers is no setting, and comes only with use.
    remembered = functools.cached_property
    return {k: v for k, v in held.items() if not isinstance(getattr(type(value), k, 0), remembered)}


def _package(value: Any) -> str:
    return (getattr(value, "__module__", None) or "").partition(".")[0]


def _describe_code(code: CodeType) -> str:
    """Byte code, for functions whose source is not to be had."""
    inner = [_describe_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {inner}"


def _source(value: Any) -> str | None:
    try:
        return inspect.getsource(value)
    except (OSError, TypeError):
        return None


def _qualified_name(value: Any) -> str:
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{getattr(named, '__module__', '')}.{named.__qualname__}"
