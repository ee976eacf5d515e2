"""Lint of task modules: a filter that is written and never called lets through what it is for."""

import ast
from collections.abc import Iterator
from types import ModuleType

from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.linting.source_places import parsed, shown_path


def unused_function_findings(module: ModuleType) -> Iterator[Finding]:
    """Private functions of a module that nothing in it names."""
    file = getattr(module, "__file__", None)
    tree = parsed(file)
    if tree is None:
        return
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef)
            and node.name.startswith("_")
            and node.name not in named
        ):
            yield Finding(
                module.__name__,
                "unused_function",
                f"{node.name} is never used: was a task to have it as its filter or fields?",
                place=f"{shown_path(str(file))}:{node.lineno}",
            )
