"""Keeps compiled programs between runs, so that only the first run of a kind waits for XLA.

The entry points switch it on; whoever calls `train` from Python decides for themselves.
"""

import os
from pathlib import Path

import jax
from absl import flags

VARIABLE = "FLAN_MIX_COMPILATION_CACHE"
OFF = "off"
_SHORTEST_SECONDS = 0.1
"""What compiles faster is not worth a file."""


def define_flag() -> None:
    """--compilation_cache."""
    flags.DEFINE_string(
        "compilation_cache",
        None,
        "Folder of compiled programs, may be deleted at any time; 'off': compile anew each "
        f"time. Default: the environment's {VARIABLE}, else ~/.cache/flan_mix/compiled.",
    )


def use(folder: str | None = None) -> None:
    """Keeps compiled programs in `folder`, before anything is compiled; None is the default.

    What JAX's own JAX_COMPILATION_CACHE_DIR says goes before the default.
    """
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if folder is None and chosen is not None:
        return
    folder = folder or os.environ.get(VARIABLE) or "~/.cache/flan_mix/compiled"
    if folder == OFF:
        return
    jax.config.update("jax_compilation_cache_dir", str(Path(folder).expanduser().absolute()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _SHORTEST_SECONDS)
