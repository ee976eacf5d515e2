"""Where a task and its templates are written: file and line, from the source of loaded modules."""

import ast
import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates import Template


def template_place(spec: TaskSpec, number: int) -> str:
    """ "file:line" of a template's text; of its task where the text is put together in code."""
    template = spec.templates[number]
    found = _in_modules(template.inputs) or _in_modules(template.targets)
    return found or task_place(spec)


def task_place(spec: TaskSpec) -> str:
    """ "file:line" of a task's name, or of its field function; empty where neither is found.

    Where it is given as a name counts most: others may mention it, as hold-outs do.
    """
    name = spec.base_name
    return _in_modules(name, _names) or _of_function(spec.fields) or _in_modules(name)


def modules_with_tasks() -> tuple[ModuleType, ...]:
    """Loaded modules that write templates or tasks: those that have the class by its name."""
    return _modules_with_tasks(len(sys.modules))


@functools.lru_cache(maxsize=1)
def _modules_with_tasks(loaded: int) -> tuple[ModuleType, ...]:
    """Looked for again when more modules are loaded."""
    written = (Template, TaskSpec)
    return tuple(
        module
        for name, module in sorted(sys.modules.items())
        if not name.startswith(("flan_mix.templates", "flan_mix.registry"))
        and isinstance(module, ModuleType)
        and any(value in written for value in _classes(module))
    )


def shown_path(path: str) -> str:
    """A path as seen from the working directory, where it lies under it."""
    try:
        return Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path


def _classes(module: ModuleType) -> list[Any]:
    names = vars(module)
    return [names.get("Template"), names.get("TaskSpec")]


def _in_modules(text: str, strings: Callable[[str | None], Mapping[str, int]] | None = None) -> str:
    if not text:
        return ""
    for module in modules_with_tasks():
        if line := (strings or _strings)(getattr(module, "__file__", None)).get(text):
            return f"{shown_path(str(module.__file__))}:{line}"
    return ""


@functools.lru_cache(maxsize=512)
def _strings(file: str | None) -> Mapping[str, int]:
    """Every string that a source file writes -> the line where it starts."""
    tree = parsed(file)
    if tree is None:
        return {}
    lines: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines.setdefault(node.value, node.lineno)
    return lines


@functools.lru_cache(maxsize=512)
def _names(file: str | None) -> Mapping[str, int]:
    """Every string that a call is given as `name`, or first -> its line; `name` counts more."""
    tree = parsed(file)
    named: dict[str, int] = {}
    first: dict[str, int] = {}
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call):
            _add_string(named, *(word.value for word in node.keywords if word.arg == "name"))
            _add_string(first, *node.args[:1])
    return first | named


def _add_string(lines: dict[str, int], *nodes: ast.expr) -> None:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines.setdefault(node.value, node.lineno)


@functools.lru_cache(maxsize=512)
def parsed(file: str | None) -> ast.Module | None:
    """A source file's syntax tree; None where it is not to be had."""
    try:
        return ast.parse(Path(file or "").read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None


def _of_function(fields: Mapping[str, str] | Callable[[Any], Any]) -> str:
    while isinstance(fields, functools.partial):
        fields = fields.func
    code = getattr(fields, "__code__", None)
    return f"{shown_path(code.co_filename)}:{code.co_firstlineno}" if code else ""
