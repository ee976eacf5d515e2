"""Answers and scores on data x model meshes and several processes are those of one device."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import Mesh

from flan_mix.inference import Generator
from flan_mix.models import Transformer
from tests.inference.infer_on_devices import OPTIONS
from tests.models.small_models import small_config

PROGRAM = Path(__file__).with_name("infer_on_devices.py")
REPOSITORY = PROGRAM.parents[2]
# In batches of four: one input, a full batch, and short last batches of two and three.
COUNTS = [1, 4, 6, 11]


def started(meshes: str, counts: list[int], *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), meshes, json.dumps(counts), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def printed(process: subprocess.Popen) -> list[list[dict]]:
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors[-3000:]
    return json.loads(output.splitlines()[-1])


def assert_alike(found: list[dict], alone: list[dict], counts: list[int]) -> None:
    """Answers and scores of each number of inputs, one for every input and in its place."""
    for count, here, there in zip(counts, found, alone, strict=True):
        for way in ("greedy", "sample", "beam"):
            assert len(here[way]) == count
            assert here[way] == there[way], (count, way)
        assert [len(of_input) for of_input in here["scores"]] == list(OPTIONS[:count])
        for one, other in zip(here["scores"], there["scores"], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    ("meshes", "counts"),
    [
        ("[null, 2]", [11]),
        pytest.param("[null, 1, 2, 4]", COUNTS, marks=pytest.mark.slow),
    ],
)
def test_meshes_of_four_devices_give_what_one_device_gives(meshes: str, counts: list[int]) -> None:
    alone, *on_meshes = printed(started(meshes, counts))
    # Some samples are long.
    assert all(len(answers) == 2 for answers in alone[-1]["sample"])
    assert max(len(tokens) for answers in alone[-1]["sample"] for tokens in answers) > 64
    for found in on_meshes:
        assert_alike(found, alone, counts)


@pytest.mark.slow
@pytest.mark.parametrize("partitions", [1, 2, 4])
def test_two_processes_give_what_one_device_gives(partitions: int) -> None:
    (alone,) = printed(started("[null]", COUNTS))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    pair = [started(f"[{partitions}]", COUNTS, port, str(number)) for number in range(2)]
    for process in pair:
        (found,) = printed(process)
        assert_alike(found, alone, COUNTS)


def test_a_batch_that_the_devices_cannot_share_is_refused() -> None:
    mesh = Mesh(np.array(jax.devices()[:1] * 2).reshape(2, 1), ("data", "model"))
    config = small_config()
    with pytest.raises(ValueError, match="data axis of 2 devices does not divide"):
        Generator(Transformer(config), {}, 3, 6, mesh=mesh)
