"""What all tests share: how programs are compiled, and for how long they are kept.

Compiling is most of what the fast tests take, so there LLVM does not optimize what XLA gives it.
Slow tests compile as users do. Entry points keep compiled programs for one run of the tests, no
longer. No test is timed, hypothesis's examples neither.
"""

import os
import shutil
import tempfile

from hypothesis import settings

from flan_mix.runs.compilation_cache import VARIABLE

# How long an example takes says more of the machine than of the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_configure(config) -> None:
    """The first process decides; its workers, and what they start, inherit the variables."""
    if not hasattr(config, "workerinput"):
        if config.option.markexpr == "not slow":
            given = os.environ.get("XLA_FLAGS", "")
            os.environ["XLA_FLAGS"] = f"--xla_backend_optimization_level=0 {given}"
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="flan_mix_compiled_")


def pytest_unconfigure(config) -> None:
    """And takes it away."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)
