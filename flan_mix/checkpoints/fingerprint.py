"""Tells a checkpoint from another one at the same place, without reading its arrays.

A run that is started over writes other parameters under the same names; what was measured on the
earlier ones must not pass for theirs.
"""

import hashlib
from pathlib import Path

from flan_mix.checkpoints.hugging_face import CONFIG
from flan_mix.checkpoints.layout import LEGACY_INDEX
from flan_mix.checkpoints.location import Location, locate

# Of Orbax; it holds the times at which the checkpoint was begun and finished.
_ORBAX_METADATA = "_CHECKPOINT_METADATA"


def checkpoint_fingerprint(path: str | Path) -> str:
    """A fingerprint of the checkpoint at `path`, which is the checkpoint itself, of any format.

    A copy of one that Orbax wrote has the same; others go by the sizes and times of their files.
    "" for a URL whose format says nothing of the kind.
    """
    location = locate(path)
    known = None if _is_file(location) else location.read(_ORBAX_METADATA)
    if known is None:
        known = "\n".join(map(_described, _files(location))).encode("utf-8", "surrogateescape")
    return hashlib.sha256(known).hexdigest() if known else ""


def _is_file(location: Location) -> bool:
    return location.local is not None and location.local.is_file()


def _files(location: Location) -> list[Path]:
    """The checkpoint's own files, without what an evaluation writes into a Hugging Face folder."""
    if location.local is None:
        return []
    if location.local.is_file():
        return [location.local]
    found = [*location.local.glob("*.safetensors"), location.local / LEGACY_INDEX]
    return sorted(each for each in (*found, location.local / CONFIG) if each.is_file())


def _described(file: Path) -> str:
    status = file.stat()
    return f"{file.name} {status.st_size} {status.st_mtime_ns}"
