"""Which tasks a command is about: modules are imported, names are looked up."""

import contextlib
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Sequence
from types import ModuleType

from flan_mix.registry import (
    TaskError,
    TaskSpec,
    get_task,
    is_mixture,
    is_suite,
    is_task,
    resolve,
    task_names,
)
from flan_mix.registry.linting.source_places import shown_path, task_place

SHIPPED = "flan_mix.tasks"


def register(modules: Sequence[str] = (), name: str | None = None) -> None:
    """Imports modules; without any, or where they lack `name`, all that come with Flan Mix.

    Raises ModuleNotFoundError for a module that is not there.
    """
    for module in modules:
        import_all(module)
    known = name is None or is_task(name) or is_mixture(name) or is_suite(name)
    if not modules or not known:
        import_all(SHIPPED)


def import_all(name: str) -> ModuleType:
    """A module, and where it is a package all modules in it."""
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        importlib.import_module(found.name)
    return module


def select(words: Iterable[str]) -> list[TaskSpec]:
    """The tasks that words stand for, each a module, a task, a variant or a mixture; all that come
    with Flan Mix where there are none.

    Raises TaskError for a word that is none of these.
    """
    selected: dict[str, TaskSpec] = {}
    for word in list(words) or [SHIPPED]:
        for name in _names(word):
            selected.setdefault(name, get_task(name))
    return list(selected.values())


def _names(word: str) -> list[str]:
    if not is_task(word) and not is_mixture(word):
        before = set(task_names())
        if module := _module(word):
            added = set(task_names()) - before | _written_in(module)
            if not added:
                raise TaskError(f"module {word!r} registers no task.")
            return [name for name in task_names() if name in added]
        import_all(SHIPPED)
    if is_task(word):
        return [word]
    tasks = [part.task for part in resolve(word)]
    return [task for task in tasks if is_task(task)]


def _module(word: str) -> ModuleType | None:
    """The module of that name with all in it; None where there is none."""
    found = None
    with contextlib.suppress(ImportError, ValueError):
        found = importlib.util.find_spec(word)
    # What goes wrong inside it is the user's to know.
    return import_all(word) if found is not None else None


def _written_in(module: ModuleType) -> set[str]:
    """Tasks of modules that were imported before, by where they are written."""
    modules = [module]
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        modules.append(importlib.import_module(found.name))
    files = {shown_path(str(module.__file__)) for module in modules}
    return {n for n in task_names() if task_place(get_task(n)).rpartition(":")[0] in files}
