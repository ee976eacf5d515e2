"""What a run was: versions, devices, model, data. Written beside its results as run.json."""

import dataclasses
import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from flan_mix.data import MixtureCache
from flan_mix.registry import get_task, is_task
from flan_mix.runs.evaluation_set import OTHER_CATEGORY
from flan_mix.runs.mixture_facts import PartFacts
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.run_record import read_facts, write_facts

__all__ = ["read_facts", "run_facts", "versions", "write_facts", "write_model_info"]

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


def run_facts(
    model: EncoderDecoderModel,
    mixture: MixtureCache,
    *,
    feature_lengths: Mapping[str, int],
    **others: Any,
) -> dict[str, Any]:
    """Plain JSON values that say how the run was made."""
    device = jax.devices()[0]
    return {
        "mixture": mixture.name,
        "tasks": _task_facts(mixture, feature_lengths),
        "feature_lengths": dict(feature_lengths),
        "data_fingerprint": mixture.fingerprint,
        "vocabulary_fingerprint": model.vocabulary.fingerprint,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(model.abstract_params())),
        "model": dataclasses.asdict(model.config),
        "devices": f"{jax.device_count()} x {device.device_kind}",
        "versions": versions(),
        **others,
    }


def _task_facts(mixture: MixtureCache, lengths: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Task -> its share of the examples drawn and of their tokens, cut to the feature lengths."""
    total = sum(part.rate for part in mixture.parts)
    widths = (int(lengths["inputs"]), int(lengths["targets"])) if lengths else None
    facts, tokens = {}, {}
    for part in mixture.parts:
        of = PartFacts.of(part.task, _category(part.task), part.rate / total, part.cache)
        tokens[part.task] = of.share * sum(of.mean_tokens(widths) or (0.0,))
        facts[part.task] = {
            "category": of.category,
            "share": of.share,
            "examples": of.examples,
            "fingerprint": part.cache.manifest.fingerprint,
        }
    all_tokens = sum(tokens.values()) or 1.0
    return {task: {**of, "token_share": tokens[task] / all_tokens} for task, of in facts.items()}


def _category(task: str) -> str:
    return get_task(task).category if is_task(task) else OTHER_CATEGORY


def write_model_info(model_dir: Path, model: EncoderDecoderModel) -> None:
    """Writes MODEL_DIR/model-info.txt: every parameter with its shape, as T5X does."""
    leaves = jax.tree_util.tree_leaves_with_path(model.abstract_params())
    lines = [
        f"{'/'.join(str(key.key) for key in path):70} {leaf.shape!s:>16} {leaf.size:>14,}"
        for path, leaf in leaves
    ]
    total = sum(leaf.size for _, leaf in leaves)
    (model_dir / "model-info.txt").write_text("\n".join([*lines, f"total {total:,}"]) + "\n")
