"""MODEL_DIR/run.json: what a run was, as plain JSON values. Reading it needs no JAX."""

import json
from pathlib import Path
from typing import Any

FILE = "run.json"


def write_facts(model_dir: Path, facts: dict[str, Any]) -> None:
    """Writes MODEL_DIR/run.json."""
    (model_dir / FILE).write_text(json.dumps(facts, indent=2) + "\n")


def read_facts(model_dir: Path) -> dict[str, Any]:
    """What `write_facts` wrote; empty where there is none."""
    path = model_dir / FILE
    return json.loads(path.read_text()) if path.exists() else {}
