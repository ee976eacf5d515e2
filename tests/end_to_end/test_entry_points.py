"""The commands as processes: train, eval and infer on a warm cache, without TensorFlow."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.toy_run import GIN_FLAGS, REPOSITORY, command


def run(module: str, *flags: str) -> str:
    done = subprocess.run(
        command(module, *flags),
        cwd=REPOSITORY,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warm cache and a model trained for four steps by the commands."""
    folder = tmp_path_factory.mktemp("run")
    cache = f"--gin.CACHE_DIR='{folder / 'cache'}'"
    mixture = "--gin.MIXTURE_OR_TASK_NAME='toy'"
    assert "LOADED ['seqio', 'tensorflow'" in run(
        "flan_mix.cache", *GIN_FLAGS[:-1], "--gin_file=gin/runs/cache.gin", cache, mixture
    )
    output = run(
        "flan_mix.train",
        *GIN_FLAGS,
        "--gin_file=gin/runs/finetune.gin",
        cache,
        mixture,
        f"--gin.MODEL_DIR='{folder / 'model'}'",
        "--gin.TRAIN_STEPS=4",
        "--gin.BATCH_SIZE=4",
        "--gin.EVAL_STEPS=1",
    )
    assert output.splitlines()[-1] == "LOADED []"
    return folder


def test_training_leaves_a_configuration_checkpoints_and_scores(trained: Path) -> None:
    model = trained / "model"
    assert (model / "checkpoint_4").is_dir()
    assert "TRAIN_STEPS = 4" in (model / "config.gin").read_text()
    assert "token_embedder/embedding" in (model / "model-info.txt").read_text()
    assert json.loads((model / "run.json").read_text())["step"] == 4
    assert (model / "eval" / "4" / "metrics.json").exists()


def test_eval_writes_metrics_and_predictions_without_tensorflow(trained: Path) -> None:
    output = run(
        "flan_mix.eval",
        *GIN_FLAGS,
        "--gin_file=gin/runs/eval.gin",
        f"--gin.CACHE_DIR='{trained / 'cache'}'",
        "--gin.MIXTURE_OR_TASK_NAME='toy'",
        f"--gin.CHECKPOINT_PATH='{trained / 'model'}'",
        f"--gin.EVAL_OUTPUT_DIR='{trained / 'scores'}'",
        "--gin.BATCH_SIZE=4",
    )
    assert output.splitlines()[-1] == "LOADED []"
    metrics = json.loads((trained / "scores" / "4" / "metrics.json").read_text())
    in_training = json.loads((trained / "model" / "eval" / "4" / "metrics.json").read_text())
    assert metrics["tasks"] == in_training["tasks"]
    lines = (trained / "scores" / "4" / "predictions" / "toy_notes.jsonl").read_text().splitlines()
    assert len(lines) == 8
    assert {"inputs", "target", "prediction", "task", "template", "id"} <= json.loads(
        lines[0]
    ).keys()


def test_infer_answers_every_prompt_in_order_without_tensorflow(trained: Path) -> None:
    prompts = [{"inputs": f"What is number {i} about?", "n": i} for i in range(5)]
    source = trained / "prompts.jsonl"
    source.write_text("".join(json.dumps(prompt) + "\n" for prompt in prompts))
    output = run(
        "flan_mix.infer",
        *GIN_FLAGS,
        "--gin_file=gin/runs/infer.gin",
        f"--gin.CHECKPOINT_PATH='{trained / 'model' / 'checkpoint_4'}'",
        f"--gin.INPUT_PATH='{source}'",
        f"--gin.INFER_OUTPUT_DIR='{trained / 'answers'}'",
    )
    assert output.splitlines()[-1] == "LOADED []"
    lines = (trained / "answers" / "prompts.jsonl").read_text().splitlines()
    answers = [json.loads(line) for line in lines]
    assert [answer["n"] for answer in answers] == list(range(5))
    assert all(isinstance(answer["prediction"], str) for answer in answers)


def test_infer_answers_the_rows_of_a_task(trained: Path) -> None:
    run(
        "flan_mix.infer",
        *GIN_FLAGS,
        "--gin_file=gin/runs/infer.gin",
        f"--gin.CACHE_DIR='{trained / 'cache'}'",
        "--gin.MIXTURE_OR_TASK_NAME='toy_things'",
        "--gin.INFER_SPLIT='validation'",
        f"--gin.CHECKPOINT_PATH='{trained / 'model'}'",
        f"--gin.INFER_OUTPUT_DIR='{trained / 'rows'}'",
    )
    lines = (trained / "rows" / "toy_things.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"validation-{i}" for i in range(8)]
