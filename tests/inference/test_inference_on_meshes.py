"""Answers and scores on data x model meshes and several processes are those of one device."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("infer_on_devices.py")
REPOSITORY = PROGRAM.parents[2]


def started(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def printed(process: subprocess.Popen) -> list[dict]:
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors[-3000:]
    return json.loads(output.splitlines()[-1])


def assert_alike(found: dict, alone: dict) -> None:
    for way in ("greedy", "sample", "beam"):
        assert found[way] == alone[way], way
    assert [len(of_input) for of_input in found["scores"]] == [4, 1, 0, 2, 5, 4, 4, 3, 3, 4, 2]
    for one, other in zip(found["scores"], alone["scores"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    "meshes", ["[null, 2]", pytest.param("[null, 1, 4]", marks=pytest.mark.slow)]
)
def test_meshes_of_four_devices_give_what_one_device_gives(meshes: str) -> None:
    alone, *on_meshes = printed(started(meshes))
    # Eleven inputs in batches of four: the last batch is short. Some samples are long.
    assert all(len(answers) == 2 for answers in alone["sample"])
    assert max(len(tokens) for answers in alone["sample"] for tokens in answers) > 64
    for found in on_meshes:
        assert_alike(found, alone)


@pytest.mark.slow
@pytest.mark.parametrize("partitions", [1, 2, 4])
def test_two_processes_give_what_one_device_gives(partitions: int) -> None:
    (alone,) = printed(started("[null]"))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    pair = [started(f"[{partitions}]", port, str(number)) for number in range(2)]
    for process in pair:
        (found,) = printed(process)
        assert_alike(found, alone)
