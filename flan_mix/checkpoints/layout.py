"""Where checkpoints lie: MODEL_DIR/checkpoint_<step>/, the folder names of T5X."""

import re
from pathlib import Path

PREFIX = "checkpoint"
STATE_ITEM = "state"
LOADER_ITEM = "loader"
METADATA_ITEM = "metadata"

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
        if match is not None and (folder / match.group(0) / STATE_ITEM).is_dir()
    )


def find_checkpoint(path: str | Path) -> Path:
    """The checkpoint folder that `path` means: itself, or the latest one of a MODEL_DIR.

    Raises FileNotFoundError that says what is there instead.
    """
    folder = Path(path).expanduser().absolute()
    if (folder / STATE_ITEM).is_dir():
        return folder
    steps = checkpoint_steps(folder)
    if steps:
        return folder / f"{PREFIX}_{steps[-1]}"
    siblings = checkpoint_steps(folder.parent)
    hint = f"; beside it are the steps {siblings}" if siblings else ""
    raise FileNotFoundError(f"{folder}: no checkpoint here (a folder {PREFIX}_<step>){hint}")
