"""Where the datasets of tasks/ lie on this machine.

The folder holds one subfolder per dataset (``samsum/``, ``gsm8k/``, …) and is named by the gin
macro ``FLAN_MIX_DATA_DIR`` or, failing that, by the environment variable of the same name, which
also works where no flag of ours exists (under T5X, SeqIO or in a notebook). It is looked up when a
file is about to be read, never on import, so that tasks can be registered before it is known.
``FLAN_MIX_TFDS_FILES`` likewise names the folder of local files that stand in for TFDS's data.
"""

import os
import sys
from pathlib import Path

NAME = "FLAN_MIX_DATA_DIR"
TFDS_FILES = "FLAN_MIX_TFDS_FILES"


def data_dir() -> str:
    """The folder of the datasets: the gin macro, else the environment variable.

    Raises:
      ValueError: neither is set, or the macro is not a plain path.
    """
    folder = _folder(NAME)
    if not folder:
        raise ValueError(
            f"the tasks read their datasets from the folder that {NAME} names, and it is not set: "
            f"export {NAME}=/path/to/datasets, or bind --gin.{NAME}=\"'/path/to/datasets'\""
        )
    return folder


def tfds_files() -> str | None:
    """The folder of local files that stand in for TFDS's data; None where none is named.

    Raises:
      ValueError: the macro is not a plain path.
    """
    return _folder(TFDS_FILES)


def in_data_folder(folder: str) -> bool:
    """Whether the data folder is named and has such a folder in it."""
    try:
        return (Path(data_dir()).expanduser() / folder).is_dir()
    except ValueError:  # Nobody has named the data folder.
        return False


def _folder(name: str) -> str | None:
    return _gin_macro(name) or os.environ.get(name) or None


def _gin_macro(name: str) -> str | None:
    """The macro's value; None where it is unbound or gin is not in use."""
    gin = sys.modules.get("gin")
    if gin is None:
        return None
    try:
        folder = gin.config.query_parameter(f"%{name}")
    except ValueError:  # gin's word for a macro that nobody bound
        return None
    if folder is not None and not isinstance(folder, str):
        raise ValueError(f"the gin macro {name} must be a path in quotes, not {folder!r}")
    return folder
