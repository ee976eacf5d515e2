"""Datasets of TensorFlow Datasets for tasks/, or local files in their place.

Where TFDS cannot prepare a dataset any more (its download is gone, or it never had a builder), the
same task reads files from the folder that FLAN_MIX_TFDS_FILES names, a gin macro or an environment
variable; see `TfdsSource`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flan_mix.registry import TfdsSource
from flan_mix.tasks.data_dir import tfds_files


def tfds_source(
    name: str,
    splits: Mapping[str, str],
    keep: Callable[[Mapping[str, Any]], Any] | None = None,
) -> TfdsSource:
    """A TfdsSource that takes local files where FLAN_MIX_TFDS_FILES has some for it."""
    return TfdsSource(name, splits, keep=keep, files=tfds_files)
