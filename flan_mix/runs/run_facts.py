"""What a run was: versions, devices, model, data. Written beside its results as run.json."""

import dataclasses
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

import jax

from flan_mix.data import MixtureCache
from flan_mix.runs.model import EncoderDecoderModel

FILE = "run.json"
_PACKAGES = ("flan-mix", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def versions() -> dict[str, str]:
    """Python and the packages that decide the numbers; absent ones are left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def run_facts(model: EncoderDecoderModel, mixture: MixtureCache, **others: Any) -> dict[str, Any]:
    """Plain JSON values that say how the run was made."""
    device = jax.devices()[0]
    total = sum(part.rate for part in mixture.parts)
    return {
        "mixture": mixture.name,
        "tasks": {
            part.task: {
                "share": part.rate / total,
                "examples": len(part.cache),
                "fingerprint": part.cache.manifest.fingerprint,
            }
            for part in mixture.parts
        },
        "data_fingerprint": mixture.fingerprint,
        "vocabulary_fingerprint": model.vocabulary.fingerprint,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(model.abstract_params())),
        "model": dataclasses.asdict(model.config),
        "devices": f"{jax.device_count()} x {device.device_kind}",
        "versions": versions(),
        **others,
    }


def write_facts(model_dir: Path, facts: dict[str, Any]) -> None:
    """Writes MODEL_DIR/run.json."""
    (model_dir / FILE).write_text(json.dumps(facts, indent=2) + "\n")


def read_facts(model_dir: Path) -> dict[str, Any]:
    """What `write_facts` wrote; empty where there is none."""
    path = model_dir / FILE
    return json.loads(path.read_text()) if path.exists() else {}


def write_model_info(model_dir: Path, model: EncoderDecoderModel) -> None:
    """Writes MODEL_DIR/model-info.txt: every parameter with its shape, as T5X does."""
    leaves = jax.tree_util.tree_leaves_with_path(model.abstract_params())
    lines = [
        f"{'/'.join(str(key.key) for key in path):70} {leaf.shape!s:>16} {leaf.size:>14,}"
        for path, leaf in leaves
    ]
    total = sum(leaf.size for _, leaf in leaves)
    (model_dir / "model-info.txt").write_text("\n".join([*lines, f"total {total:,}"]) + "\n")
