"""A suite from tasks to metrics.json: ranked and generated, several checkpoints, gone on with."""

import json
import os
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from flan_mix.evaluation import Evaluation, evaluate_task
from flan_mix.runs.checkpointing import CheckpointConfig
from flan_mix.runs.evaluate import find_checkpoints
from flan_mix.runs.evaluation_set import open_evaluation
from flan_mix.runs.model import EncoderDecoderModel
from tests.end_to_end.toy_run import GIN_FLAGS, REPOSITORY, command, dataset, toy_model, train_toy
from tests.runs.toy_evaluation import EXAMPLES, MODULE, evaluate_toy_suite


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of steps 2 and 4, caches, and the suite evaluated on both."""
    where = tmp_path_factory.mktemp("suite")
    train_toy(where / "model", where / "cache", steps=4, checkpoint_cfg=CheckpointConfig(period=2))
    run(where, steps="all")
    return where


def run(where: Path, steps: str | list[int] | None = None) -> list[Evaluation]:
    return evaluate_toy_suite(where, "scores", checkpoint_steps=steps)


def metrics(where: Path, step: int) -> dict:
    return json.loads((where / "scores" / str(step) / "metrics.json").read_text())


def test_every_checkpoint_gets_the_figures_of_all_tasks_and_templates(folder: Path) -> None:
    for step in (2, 4):
        found = metrics(folder, step)
        assert list(found["tasks"]) == [
            "starter_nli.template_0.rank",
            "starter_nli.template_1.rank",
            "starter_titles.rank",
            "starter_answers.template_0",
            "starter_answers.template_1",
        ]
        assert set(found["templates"]) == {"starter_nli.rank", "starter_answers"}
        nli = found["templates"]["starter_nli.rank"]
        assert nli["best_on_validation"]["task"] in nli["scores"]
        assert found["measured"]["tasks"]["starter_nli.template_0.rank"]["chance"] > 30
        assert found["measured"]["facts"]["step"] == step
    assert metrics(folder, 2)["tasks"] != metrics(folder, 4)["tasks"]


def test_ranked_predictions_tell_the_scores_of_all_options(folder: Path) -> None:
    path = folder / "scores/4/predictions/starter_nli.template_1.rank.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == EXAMPLES
    for row in rows:
        options = row["options"]
        assert len(options) >= 2
        best = max(options, key=lambda option: option["log_likelihood"])
        assert row["prediction"] == best["text"]
        assert row["scores"]["rank_accuracy"] == 100.0 * best["is_right"]
        assert [o["text"] for o in options if o["is_right"]] == row["references"]


def test_a_half_done_evaluation_is_gone_on_with(folder: Path) -> None:
    whole = metrics(folder, 4)
    kept = (folder / "scores/4/tasks/starter_titles.rank.json").stat().st_mtime_ns
    os.remove(folder / "scores/4/tasks/starter_nli.template_0.rank.json")
    os.remove(folder / "scores/4/metrics.json")
    run(folder, steps=[4])
    assert metrics(folder, 4) == whole
    assert (folder / "scores/4/tasks/starter_titles.rank.json").stat().st_mtime_ns == kept


def test_a_finished_checkpoint_is_not_even_loaded(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "model"
    shutil.copytree(folder / "model", moved)
    before = metrics(folder, 2)
    # Arrays that nobody reads may as well be gone.
    shutil.rmtree(folder / "model" / "checkpoint_2" / "state" / "d")
    try:
        run(folder, steps=[2])
    finally:
        shutil.rmtree(folder / "model")
        shutil.copytree(moved, folder / "model")
    assert metrics(folder, 2) == before


def test_a_checkpoint_that_was_trained_again_is_evaluated_again(
    folder: Path, tmp_path: Path
) -> None:
    for each in ("model", "cache"):
        shutil.copytree(folder / each, tmp_path / each)

    def likelihoods() -> bytes:
        evaluate_toy_suite(tmp_path, "one", "starter_titles.rank", checkpoint_steps=[2])
        return (tmp_path / "one/2/predictions/starter_titles.rank.jsonl").read_bytes()

    before = likelihoods()
    # Another run has come to the same step, under the same name.
    shutil.rmtree(tmp_path / "model/checkpoint_2")
    shutil.copytree(tmp_path / "model/checkpoint_4", tmp_path / "model/checkpoint_2")
    assert likelihoods() != before


def test_a_suite_is_evaluated_on_warm_caches_without_tensorflow(folder: Path) -> None:
    flags = [flag for flag in GIN_FLAGS if "MODULE" not in flag and "LENGTHS" not in flag]
    done = subprocess.run(
        command(
            "flan_mix.eval",
            *flags,
            "--gin_file=gin/runs/eval.gin",
            f"--gin.MIXTURE_OR_TASK_MODULE='{MODULE}'",
            f"--gin.CACHE_DIR='{folder / 'cache'}'",
            "--gin.MIXTURE_OR_TASK_NAME='toy_suite'",
            f"--gin.CHECKPOINT_PATH='{folder / 'model'}'",
            "--gin.CHECKPOINT_STEPS=[2, 4]",
            f"--gin.EVAL_OUTPUT_DIR='{folder / 'others'}'",
            "--gin.EVAL_NUM_EXAMPLES=3",
            "--gin.BATCH_SIZE=4",
        ),
        cwd=REPOSITORY,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "LOADED []"
    assert "best on validation" in done.stdout
    assert json.loads((folder / "others/2/metrics.json").read_text())["overall"]


def test_steps_that_are_not_there_are_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"asks for 3; the checkpoints there are of: 2, 4"):
        find_checkpoints(str(folder / "model"), [2, 3])


def likelihood(inputs: str, option: str) -> float:
    return -float(zlib.crc32(f"{inputs}|{option}".encode()) % 997)


def test_ranks_from_the_cache_are_those_of_seqio(folder: Path) -> None:
    """The same scores through SeqIO's own dataset, postprocessor and metric, and through ours."""
    model: EncoderDecoderModel = toy_model()
    config = dataset(
        folder / "cache",
        mixture_or_task_name="starter_titles.rank",
        module=MODULE,
        split="validation",
        task_feature_lengths=None,
    )
    (task,) = open_evaluation(config, model.vocabulary)
    decode = model.vocabulary.decode

    def score(inputs, options):
        return [
            np.array([likelihood(decode(tokens), decode(option)) for option in group])
            for tokens, group in zip(inputs, options, strict=True)
        ]

    ours = evaluate_task(task, lambda inputs: [], model.vocabulary, score_options=score)

    import seqio

    ranked = seqio.get_mixture_or_task("starter_titles.rank")
    assert isinstance(ranked, seqio.Task)
    targets, scores = [], []
    for example in ranked.get_dataset(None, "validation", shuffle=False).as_numpy_iterator():
        asked, option = (
            decode(model.vocabulary.encode(example[f"{side}_pretokenized"].decode()))
            for side in ("inputs", "targets")
        )
        scores.append(likelihood(asked, option))
        targets.append(
            ranked.postprocess_fn(
                example["targets_pretokenized"].decode(), example=example, is_target=True
            )
        )
    (metric,) = ranked.metric_fns
    assert ours.scores["rank_accuracy"] == pytest.approx(metric(targets, scores)["rank_accuracy"])
    assert ours.examples == len({row for row, _ in targets}) > 10
