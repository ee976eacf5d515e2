"""The house stands on its floors: each folder imports only from those below it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "flan_mix"

# Folder -> what it may import, besides itself (the order of docs/architecture.md).
GROUND = {"vocabularies", "metrics"}
TEMPLATES = GROUND | {"templates"}
REGISTRY = TEMPLATES | {"registry"}
DATA = REGISTRY | {"data"}
SEES_BATCHES = {"vocabularies", "metrics"}
CHECKPOINTS = DATA | {"models", "training", "inference", "checkpoints"}
EVALUATION = CHECKPOINTS | {"evaluation"}
REPORTS = EVALUATION | {"reports"}
RUNS = REPORTS | {"runs"}
ALLOWED = {
    "vocabularies": set(),
    "metrics": set(),
    "templates": GROUND,
    "registry": TEMPLATES,
    "data": REGISTRY,
    "models": SEES_BATCHES,
    "training": SEES_BATCHES | {"models"},
    "inference": SEES_BATCHES | {"models"},
    "checkpoints": CHECKPOINTS,
    "evaluation": CHECKPOINTS,
    "reports": EVALUATION,
    "runs": REPORTS,
    "t5x": RUNS,
    "tasks": {"templates", "registry", "metrics"},
}


def imported_folders(file: Path) -> set[str]:
    """The folders of flan_mix that a file imports, at the top or inside a function."""
    names = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    parts = [name.split(".") for name in names]
    return {part[1] for part in parts if part[0] == "flan_mix" and len(part) > 1} & set(ALLOWED)


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_a_folder_imports_only_from_the_floors_below(folder: str) -> None:
    files = sorted((PACKAGE / folder).rglob("*.py"))
    assert files, f"{folder} is empty"
    for file in files:
        above = imported_folders(file) - ALLOWED[folder] - {folder}
        assert not above, f"{file.relative_to(PACKAGE)} imports {sorted(above)}"


def test_nothing_imports_tasks_as_a_second_copy() -> None:
    for file in PACKAGE.parent.rglob("*.py"):
        if ".venv" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            assert not any(n.split(".")[0] == "tasks" for n in names), file


def test_importing_every_floor_loads_no_tensorflow_and_no_seqio() -> None:
    modules = [f"flan_mix.{folder}" for folder in ALLOWED]
    code = (
        f"import sys; [__import__(name) for name in {modules!r}]; "
        "print(sorted({m.split('.')[0] for m in sys.modules} "
        "& {'tensorflow', 'seqio', 'tensorflow_datasets'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
