"""t5x.gin_utils: what T5X's gin files call of it."""

from pathlib import Path
from typing import Any

import jax

from flan_mix.runs import gin_config


def summarize_gin_config(model_dir: str, summary_writer: Any = None, step: int = 0) -> None:
    """Writes model_dir/config.gin, which parses again, here and in T5X."""
    del summary_writer, step
    if jax.process_index() == 0:
        folder = Path(model_dir)
        folder.mkdir(parents=True, exist_ok=True)
        gin_config.write_config(folder)


def sum_fn(var1: Any, var2: Any) -> Any:
    """The sum of two values."""
    return var1 + var2


def bool_fn(var1: Any) -> bool:
    """A value as True or False."""
    return bool(var1)


def string_split_fn(text: str, separator: str, maxsplit: int = -1, index: int | None = None) -> Any:
    """The parts of a text, or the one at `index`."""
    parts = text.split(separator, maxsplit)
    return parts if index is None else parts[index]
