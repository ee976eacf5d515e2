"""Whose gin files a command is given, Flan Mix's own or T5X's, and which function they mean.

Files that import `t5x` are T5X's: they get the names of this package and the functions with T5X's
keywords, or, where T5X is installed and `--t5x=installed` asks for it, T5X itself.
"""

import contextlib
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from absl import flags

from flan_mix.runs import gin_main
from flan_mix.runs.gin_config import PACKAGE_SEARCH_PATHS, GinConfigError
from flan_mix.runs.gin_imports import imported_modules
from flan_mix.t5x import finder

log = logging.getLogger(__name__)

MODES = {"train": "train", "eval": "evaluate", "infer": "infer"}
"""A mode, also the name of its module, and its function."""

_FUNCTIONS_BESIDE = {
    "infer": ("create_task_from_tfexample_file", "write_inferences_to_file"),
}


def main(mode: str | None = None, instead: gin_main.Instead | None = None) -> None:
    """Runs a mode, or does something else with it; without one, that of the flag `--run_mode`."""
    if mode is None:
        flags.DEFINE_enum("run_mode", None, sorted(MODES), "What to do.", required=True)
    flags.DEFINE_enum(
        "t5x",
        "flan_mix",
        ["flan_mix", "installed"],
        "Who runs gin files of T5X's: Flan Mix, or the T5X that is installed.",
    )
    flags.DEFINE_integer("shard_id", None, "infer: which part of the rows, from 0.")
    gin_main.main(
        lambda files, paths: choose(mode or flags.FLAGS.run_mode, files, paths),
        by_files=True,
        instead=instead,
    )


def choose(mode: str, files: Sequence[str], search_paths: Sequence[str]) -> Callable[..., Any]:
    """The function of a mode that the gin files mean; puts it into `__main__`, for gin to find.

    Raises GinConfigError for `--t5x=installed` where T5X is not installed.
    """
    modules = imported_modules(files, [*search_paths, *PACKAGE_SEARCH_PATHS])
    is_t5x = any(name.split(".")[0] == finder.NAME for name in modules)
    runs = {"eval": "flan_mix.runs.evaluate"}.get(mode, f"flan_mix.runs.{mode}")
    given = flags.FLAGS if flags.FLAGS.is_parsed() else None
    source = f"{t5x_package(given.t5x if given else 'flan_mix')}.{mode}" if is_t5x else runs
    module = import_module(source)
    if is_t5x:
        _keep_tensorflow_off_accelerators()
    for name in (MODES[mode], *(_FUNCTIONS_BESIDE.get(mode, ()) if is_t5x else ())):
        setattr(sys.modules["__main__"], name, getattr(module, name))
    function = getattr(module, MODES[mode])
    if given is not None and given.shard_id is not None:
        if mode != "infer" or not is_t5x:
            raise GinConfigError("--shard_id is for gin files of T5X's infer")
        gin_main.override(shard_id=given.shard_id)
    return function


def _keep_tensorflow_off_accelerators() -> None:
    """SeqIO's pipelines run on the host; TensorFlow would take the memory that JAX needs."""
    import tensorflow as tf

    for kind in ("GPU", "TPU"):
        with contextlib.suppress(RuntimeError):  # It has its devices already.
            tf.config.set_visible_devices([], kind)


def t5x_package(wanted: str) -> str:
    """The package that runs gin files of T5X's, by the flag `--t5x`; says so in the log."""
    installed = finder.installed_t5x()
    if wanted == "installed":
        if installed is None:
            raise GinConfigError("--t5x=installed: there is no T5X installed (docs say how)")
        log.info("Gin files of T5X's: run by T5X itself, %s", installed)
        return finder.NAME
    finder.install()
    unseen = f"; the T5X at {installed} is left alone, --t5x=installed uses it" if installed else ""
    log.info("Gin files of T5X's: run by Flan Mix%s", unseen)
    return "flan_mix.t5x"
