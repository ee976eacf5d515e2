"""Runs that are stopped from outside: by SIGTERM, which saves, and by SIGKILL, which cannot."""

import os
import signal
import subprocess
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from flan_mix.checkpoints import CheckpointStore
from tests.end_to_end.toy_run import GIN_FLAGS, REPOSITORY, command, train_toy

pytestmark = pytest.mark.slow

PERIOD = 5


def start(folder: Path, steps: int) -> subprocess.Popen:
    """Training in a process of its own, with a checkpoint every few steps."""
    flags = [
        *GIN_FLAGS,
        "--gin_file=gin/runs/finetune.gin",
        f"--gin.CACHE_DIR='{folder / 'cache'}'",
        "--gin.MIXTURE_OR_TASK_NAME='toy'",
        f"--gin.MODEL_DIR='{folder / 'model'}'",
        f"--gin.TRAIN_STEPS={steps}",
        f"--gin.CHECKPOINT_PERIOD={PERIOD}",
        "--gin.BATCH_SIZE=4",
        "--gin.train_script.train.train_eval_dataset_cfg=None",
        "--gin.train_script.train.infer_eval_dataset_cfg=None",
    ]
    return subprocess.Popen(command("flan_mix.train", *flags), cwd=REPOSITORY, env=os.environ)


def wait_for_checkpoint(folder: Path, process: subprocess.Popen) -> None:
    for _ in range(1200):
        if steps_of(folder):
            return
        assert process.poll() is None, "training ended before its first checkpoint"
        time.sleep(0.1)
    raise AssertionError("no checkpoint within two minutes")


def steps_of(folder: Path) -> list[int]:
    """Of finished checkpoints: one that is being written bears a longer name until it is whole."""
    names = (path.name.removeprefix("checkpoint_") for path in folder.glob("model/checkpoint_*"))
    return sorted(int(name) for name in names if name.isdigit())


def test_sigterm_saves_the_step_it_stops_at_and_ends_well(tmp_path: Path) -> None:
    process = start(tmp_path, steps=1_000_000)
    wait_for_checkpoint(tmp_path, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    with CheckpointStore(tmp_path / "model") as store:
        assert store.latest_step() == steps_of(tmp_path)[-1]


def test_a_killed_run_goes_on_to_what_an_unbroken_one_reaches(tmp_path: Path) -> None:
    process = start(tmp_path, steps=1_000_000)
    wait_for_checkpoint(tmp_path, process)
    process.kill()
    process.wait()
    with CheckpointStore(tmp_path / "model") as store:
        reached = store.latest_step()
    assert reached
    target = reached + PERIOD
    assert start(tmp_path, steps=target).wait(timeout=300) == 0
    unbroken = start(tmp_path / "unbroken", steps=target)
    assert unbroken.wait(timeout=600) == 0
    like = train_toy(tmp_path / "like", tmp_path / "cache", 1)
    states = []
    for folder in (tmp_path, tmp_path / "unbroken"):
        with CheckpointStore(folder / "model") as store:
            states.append(store.restore(target, like).state)
    for left, right in zip(*map(jax.tree.leaves, states), strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right))
