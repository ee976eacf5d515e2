"""Finds the material that lies beside a checkout (golden numbers, real datasets), or skips.

A user's clone has none of it: every test that needs it says so and is skipped.
"""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def shared_path(relative: str) -> Path:
    """The path of a shared file or folder; skips the calling test where it is absent."""
    root = Path(os.environ.get("FLAN_MIX_SHARED", REPOSITORY.parent / "shared"))
    path = root / relative
    if not path.exists():
        pytest.skip(f"{relative} not found under FLAN_MIX_SHARED ({root}): not part of a clone")
    return path
