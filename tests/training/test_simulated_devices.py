"""A mesh of several devices trains as one device does, dropout on."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
STEPS = 20
TOLERANCE = 2e-6  # of the loss; 3e-7 was the most seen


def start(program: str, *arguments) -> subprocess.Popen:
    """Starts a program of this folder on the CPU."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(program)), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result_of(process: subprocess.Popen):
    """The JSON on the last line that a program prints."""
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors[-2000:]
    return json.loads(output.splitlines()[-1])


def losses_on(meshes: list[dict], steps: int = STEPS) -> np.ndarray:
    """Losses [mesh, step] of a tiny T5, in a process with 4 CPU devices."""
    return np.array(result_of(start("train_on_mesh.py", 4, steps, json.dumps(meshes))))


def assert_as_on_one_device(meshes: list[dict], steps: int = STEPS, **shared) -> None:
    one, *others = losses_on([{"devices": 1, **shared}, *({**m, **shared} for m in meshes)], steps)
    for mesh, losses in zip(meshes, others, strict=True):
        np.testing.assert_allclose(losses, one, rtol=TOLERANCE, err_msg=str(mesh))


def test_parameters_and_batch_split_over_a_2x2_mesh_give_the_losses_of_one_device():
    assert_as_on_one_device([{"num_partitions": 2, "parameter_dims": 2}], steps=5)


@pytest.mark.slow
def test_meshes_4x1_2x2_and_1x4_give_the_losses_of_one_device():
    assert_as_on_one_device([{"num_partitions": parts} for parts in (1, 2, 4)])


@pytest.mark.slow
def test_every_way_of_sharding_gives_the_losses_of_one_device():
    assert_as_on_one_device(
        [
            {"num_partitions": 1, "parameter_dims": 2},
            {"num_partitions": 2, "activation_dims": 2},
            {"num_partitions": 2, "activation_dims": 2, "parameter_dims": 2},
        ]
    )


@pytest.mark.slow
def test_accumulated_gradients_on_a_mesh_are_those_of_one_large_batch():
    assert_as_on_one_device(
        [{"num_partitions": 2}, {"num_partitions": 2, "num_microbatches": 2}], dropout_rate=0.0
    )


@pytest.mark.slow
def test_layers_kept_together_are_split_over_a_mesh_too():
    meshes = [{"num_partitions": 2, "parameter_dims": 2}, {"num_partitions": 4}]
    assert_as_on_one_device(meshes, steps=5, scan_layers=True)


@pytest.mark.slow
def test_blocks_of_queries_on_a_mesh_give_the_losses_of_whole_attention():
    meshes = [{"num_partitions": 1}, {"num_partitions": 2, "parameter_dims": 2}]
    assert_as_on_one_device([{**mesh, "most_pairs": 60} for mesh in meshes], steps=5)


@pytest.mark.slow
@pytest.mark.parametrize(("num_partitions", "slices"), [(2, 2), (4, 1)])
def test_two_processes_that_load_their_own_rows_train_as_one(num_partitions, slices):
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    processes = [start("train_on_hosts.py", port, process, num_partitions, 4) for process in (0, 1)]
    first, second = map(result_of, processes)
    assert first["shard"] == [0, slices]
    assert second["shard"] == [slices - 1, slices]
    assert first["losses"] == second["losses"]
    (one,) = losses_on([{"devices": 1}], steps=4)
    np.testing.assert_allclose(first["losses"], one, rtol=TOLERANCE)
