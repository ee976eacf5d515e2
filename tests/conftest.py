"""What all tests share: entry points keep compiled programs for one run of the tests, no longer."""

import os
import shutil
import tempfile

from flan_mix.runs.compilation_cache import VARIABLE


def pytest_configure(config) -> None:
    """The first process makes the folder; its workers inherit the variable."""
    if not hasattr(config, "workerinput"):
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="flan_mix_compiled_")


def pytest_unconfigure(config) -> None:
    """And takes it away."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)
