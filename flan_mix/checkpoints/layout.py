"""Where checkpoints lie: MODEL_DIR/checkpoint_<step>/, the folder names of T5X."""

import re
from pathlib import Path

PREFIX = "checkpoint"
STATE_ITEM = "state"
LOADER_ITEM = "loader"
METADATA_ITEM = "metadata"
PIN_FILE = "PINNED"
"""A file in a checkpoint's folder that keeps it from being deleted."""
LEGACY_INDEX = "checkpoint"
"""The file that makes a folder a checkpoint of T5X's own format."""

_STEP_FOLDER = re.compile(rf"{PREFIX}_(\d+)")


def checkpoint_step(path: str | Path) -> int:
    """The step that a checkpoint folder's name states; ValueError for another name."""
    match = _STEP_FOLDER.fullmatch(Path(path).name)
    if match is None:
        raise ValueError(f"{path}: a checkpoint folder is named {PREFIX}_<step>")
    return int(match.group(1))


def checkpoint_steps(model_dir: str | Path) -> list[int]:
    """The steps whose checkpoints are complete under `model_dir`, ascending."""
    folder = Path(model_dir)
    if not folder.is_dir():
        return []
    matches = (_STEP_FOLDER.fullmatch(child.name) for child in folder.iterdir() if child.is_dir())
    return sorted(
        int(match.group(1))
        for match in matches
        if match is not None and _is_complete(folder / match.group(0))
    )


def _is_complete(folder: Path) -> bool:
    return (folder / STATE_ITEM).is_dir() or (folder / LEGACY_INDEX).is_file()


def checkpoint_folder(path: Path, step: int) -> Path:
    """Where a checkpoint of `step` goes: `path`, where it is named as one, or a folder in it."""
    if _STEP_FOLDER.fullmatch(path.name):
        return path
    return path / f"{PREFIX}_{step}"
