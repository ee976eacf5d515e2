"""Lint: what is wrong with a task before anybody trains on it.

The checks of templates need no data; those of rows look at a sample of a source that is on this
machine, and those of characters and lengths at a vocabulary. One file is one idea.
"""

from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.linting.lint import lint_tasks

__all__ = ["Finding", "lint_tasks"]
