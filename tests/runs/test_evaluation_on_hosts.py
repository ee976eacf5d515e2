"""Two processes evaluate together as one does alone: parameters in parts, each a share of rows."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.toy_run import REPOSITORY, train_toy
from tests.runs.toy_evaluation import evaluate_toy_suite

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("evaluate_on_hosts.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, its caches, and what one process makes of them."""
    where = tmp_path_factory.mktemp("hosts")
    train_toy(where / "model", where / "cache", steps=2)
    evaluate_toy_suite(where, "alone")
    return where


def on_two_hosts(folder: Path, num_partitions: int) -> list[int]:
    """What both processes print."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "JAX_PLATFORMS": "cpu"}
    arguments = [str(port), "{}", str(num_partitions), str(folder)]
    started = [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), *(a.format(process) for a in arguments)],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for process in range(2)
    ]
    finished = [process.communicate(timeout=600) for process in started]
    for process, (_, errors) in zip(started, finished, strict=True):
        assert process.returncode == 0, errors[-3000:]
    return [int(output.splitlines()[-1]) for output, _ in finished]


def read(folder: Path, output: str) -> dict:
    return json.loads((folder / output / "2/metrics.json").read_text())


def predictions(folder: Path, output: str) -> dict[str, list]:
    files = sorted((folder / output / "2/predictions").iterdir())
    lines = {file.name: file.read_text().splitlines() for file in files}
    return {name: [json.loads(line)["prediction"] for line in rows] for name, rows in lines.items()}


@pytest.mark.parametrize("num_partitions", [1, 2])
def test_two_hosts_give_the_figures_of_one(folder: Path, num_partitions: int) -> None:
    output = f"hosts_{num_partitions}"
    # Tasks that choose a template are no tasks of the result.
    assert on_two_hosts(folder, num_partitions) == [5, 5]
    alone, together = read(folder, "alone"), read(folder, output)
    assert alone["tasks"].keys() == together["tasks"].keys()
    for task, scores in alone["tasks"].items():
        assert together["tasks"][task] == pytest.approx(scores, rel=1e-4), task
    assert predictions(folder, output) == predictions(folder, "alone")


def test_hosts_go_on_with_what_the_first_has_finished(folder: Path) -> None:
    on_two_hosts(folder, 1)
    whole = read(folder, "hosts_1")
    shutil.copy(folder / "hosts_1/2/tasks/starter_titles.rank.json", folder / "kept.json")
    (folder / "hosts_1/2/tasks/starter_titles.rank.json").unlink()
    # The second host has nothing of what was finished before, and no part in writing.
    assert on_two_hosts(folder, 1) == [5, 1]
    assert read(folder, "hosts_1") == whole
