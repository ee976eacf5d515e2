"""A second run of a kind finds its programs compiled, and computes the same bits with them."""

import json
import os
import subprocess
from pathlib import Path

import jax
import pytest

from flan_mix.runs import compilation_cache
from tests.end_to_end.toy_run import GIN_FLAGS, REPOSITORY, command


def trained(folder: Path, name: str, cache: Path) -> tuple[list[dict], set[str]]:
    """The metrics of two steps, and the programs kept afterwards."""
    flags = [
        "--gin_file=gin/runs/finetune.gin",
        "--gin.MIXTURE_OR_TASK_NAME='toy'",
        "--gin.TRAIN_STEPS=2",
        "--gin.BATCH_SIZE=4",
        "--gin.trainer.Trainer.log_period=1",
        "--gin.train_script.train.train_eval_dataset_cfg=None",
        "--gin.train_script.train.infer_eval_dataset_cfg=None",
        f"--gin.MODEL_DIR='{folder / name}'",
        f"--gin.CACHE_DIR='{folder / 'tokens'}'",
        f"--compilation_cache={cache}",
    ]
    subprocess.run(
        command("flan_mix.train", *GIN_FLAGS, *flags),
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=True,
        capture_output=True,
    )
    lines = (folder / name / "metrics.jsonl").read_text().splitlines()
    kept = {file.name for file in cache.iterdir()} if cache.is_dir() else set()
    return [json.loads(line) for line in lines], {name for name in kept if name.endswith("-cache")}


@pytest.mark.slow
def test_a_second_run_takes_the_step_of_the_first_and_computes_the_same_bits(tmp_path: Path):
    cold, kept = trained(tmp_path, "cold", tmp_path / "compiled")
    warm, kept_then = trained(tmp_path, "warm", tmp_path / "compiled")
    # Small programs are kept or not by how long they took; the step always is.
    steps = [
        {name for name in names if name.startswith("jit_update")} for names in (kept, kept_then)
    ]
    assert steps[0]
    assert steps[1] == steps[0]
    assert [row["loss"] for row in warm] == [row["loss"] for row in cold]
    assert [row["weight_gradient_norm"] for row in warm] == [
        row["weight_gradient_norm"] for row in cold
    ]


@pytest.fixture
def no_folder():
    """JAX as it is without any setting, and afterwards as it was."""
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def folder_after(given: str | None) -> str | None:
    compilation_cache.use(given)
    return jax.config.jax_compilation_cache_dir


def test_the_folder_is_the_flags_then_jaxs_then_the_environments_then_the_users(
    no_folder, monkeypatch, tmp_path
):
    monkeypatch.setenv(compilation_cache.VARIABLE, "off")
    assert folder_after("off") is None and folder_after(None) is None
    monkeypatch.setenv(compilation_cache.VARIABLE, str(tmp_path / "variable"))
    assert folder_after(None) == str(tmp_path / "variable")
    # From here on it is as if JAX's own variable had said so.
    monkeypatch.delenv(compilation_cache.VARIABLE)
    assert folder_after(None) == str(tmp_path / "variable")
    assert folder_after(str(tmp_path / "flag")) == str(tmp_path / "flag")
    jax.config.update("jax_compilation_cache_dir", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_after(None) == str(tmp_path / ".cache/flan_mix/compiled")
