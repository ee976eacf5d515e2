"""Importing the upper floors loads only what everything needs."""

import subprocess
import sys

import pytest

HEAVY = [
    "tensorflow",
    "seqio",
    "tensorflow_datasets",
    "jax",
    "matplotlib",
    "rich",
    "jinja2",
    "tensorboardX",
    "rouge_score",
]


@pytest.mark.parametrize("package", ["flan_mix.evaluation", "flan_mix.reports"])
def test_import_is_light(package: str):
    code = f"import sys, {package}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
