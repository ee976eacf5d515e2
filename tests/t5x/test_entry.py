"""The commands on T5X's gin files: who runs them, --dry_run, --check, and several processes."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flan_mix.runs.gin_config import PACKAGE_SEARCH_PATHS, GinConfigError
from flan_mix.runs.gin_imports import imported_modules
from flan_mix.t5x import entry, finder
from tests.t5x.gin_runs import t5x_names

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": str(REPOSITORY),
}


def command(module: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", module, *flags]


def run(module: str, *flags: str) -> str:
    """The log of a command that succeeds."""
    done = subprocess.run(
        command(module, *flags), cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def test_imports_are_found_through_includes_without_importing(tmp_path: Path) -> None:
    file = tmp_path / "mine.gin"
    file.write_text("import nowhere.at_all\ninclude 't5x/configs/runs/finetune.gin'\nA = %B\n")
    found = imported_modules([str(file)], PACKAGE_SEARCH_PATHS)
    assert {"nowhere.at_all", "t5x.utils", "seqio", "__main__"} <= found
    ours = imported_modules(["gin/recipes/demo.gin"], PACKAGE_SEARCH_PATHS)
    assert ours and not any(name.startswith("t5x") for name in ours)


def test_gin_files_choose_the_function_that_runs_them() -> None:
    with t5x_names():
        theirs = entry.choose("train", ["t5x/configs/runs/finetune.gin"], ["."])
        ours = entry.choose("train", ["gin/runs/finetune.gin"], ["."])
    assert theirs.__module__ == "flan_mix.t5x.train"
    assert ours.__module__ == "flan_mix.runs.train"


def test_an_installed_t5x_is_left_alone_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "installed_t5x", lambda: "/site/t5x/__init__.py")
    with t5x_names():
        assert entry.t5x_package("flan_mix") == "flan_mix.t5x"
        assert entry.t5x_package("installed") == "t5x"
    monkeypatch.setattr(finder, "installed_t5x", lambda: None)
    with pytest.raises(GinConfigError, match="no T5X installed"):
        entry.t5x_package("installed")


@pytest.mark.slow
def test_dry_run_logs_the_configuration_and_check_says_what_it_comes_to() -> None:
    flags = [
        "--run_mode=train",
        "--gin_file=tests/t5x/finetune.gin",
        "--gin.MODEL_DIR='never_made'",
        "--gin.partitioning.PjitPartitioner.num_partitions=2",
    ]
    log = run("flan_mix.main", *flags, "--dry_run")
    assert "run by Flan Mix" in log and "TRAIN_STEPS = 4" in log
    log = run("flan_mix.main", *flags, "--check")
    assert re.search(r"Model: [\d]+ parameters; .* on each of 2 devices", log)
    assert "traced" in log and "2 tasks" in log
    assert not (REPOSITORY / "never_made").exists()


@pytest.mark.slow
def test_two_processes_train_evaluate_and_infer_as_one(tmp_path: Path) -> None:
    def on_two(module: str, *flags: str) -> None:
        with socket.socket() as free:
            free.bind(("localhost", 0))
            address = f"localhost:{free.getsockname()[1]}"
        together = ["--multiprocess_gpu", f"--coordinator_address={address}", "--process_count=2"]
        running = [
            subprocess.Popen(
                command(module, *flags, *together, f"--process_index={index}"),
                cwd=REPOSITORY,
                env=ENVIRONMENT,
                stderr=subprocess.PIPE,
                text=True,
            )
            for index in range(2)
        ]
        logs = [process.communicate()[1] for process in running]
        assert [process.returncode for process in running] == [0, 0], logs[0][-3000:]

    cache = f"--gin.utils.DatasetConfig.cache_dir='{tmp_path / 'cache'}'"
    model = tmp_path / "model"
    on_two(
        "flan_mix.train",
        "--gin_file=tests/t5x/finetune.gin",
        f"--gin.MODEL_DIR='{model}'",
        "--gin.TRAIN_STEPS=2",
        cache,
    )
    shared = [
        "--gin_file=tests/t5x/tiny.gin",
        "--gin.MIXTURE_OR_TASK_NAME='first_word'",
        "--gin.DROPOUT_RATE=0.0",
        f"--gin.CHECKPOINT_PATH='{model / 'checkpoint_2'}'",
        "--gin.utils.DatasetConfig.split='validation'",
        "--gin.utils.DatasetConfig.batch_size=4",
    ]
    output = f"--gin.EVAL_OUTPUT_DIR='{tmp_path / 'eval'}'"
    on_two("flan_mix.eval", *shared, "--gin_file=t5x/configs/runs/eval.gin", output)
    line = (tmp_path / "eval" / "inference_eval" / "first_word-metrics.jsonl").read_text()
    assert json.loads(line.splitlines()[-1])["step"] == 2
    on_two(
        "flan_mix.infer",
        *shared,
        "--gin_file=t5x/configs/runs/infer.gin",
        "--gin.TASK_FEATURE_LENGTHS={'inputs': 16, 'targets': 8}",
        f"--gin.INFER_OUTPUT_DIR='{tmp_path / 'infer'}'",
    )
    answers = tmp_path / "infer" / "first_word-predict.jsonl-00000-of-00001"
    assert len(answers.read_text().splitlines()) == 6
