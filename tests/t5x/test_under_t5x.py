"""The other way: our tasks train under T5X itself, where it is installed, by their module alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flan_mix.t5x import finder
from flan_mix.tasks.starter import vocabulary_file

REPOSITORY = Path(__file__).resolve().parents[2]


def test_our_tasks_are_plain_seqio_tasks_and_mixtures_by_their_module() -> None:
    seqio = pytest.importorskip("seqio")
    import tests.t5x.our_tasks  # noqa: F401

    assert type(seqio.get_mixture_or_task("our_words")) is seqio.Task
    assert type(seqio.get_mixture_or_task("our_mixture")) is seqio.Mixture
    converter = seqio.EncDecFeatureConverter(pack=True)
    lengths = {"inputs": 256, "targets": 64}
    dataset = seqio.get_dataset(
        "our_mixture",
        task_feature_lengths=lengths,
        dataset_split="train",
        shuffle=True,
        feature_converter=converter,
        shard_info=seqio.ShardInfo(0, 2),
        seed=1,
    )
    row = next(dataset.as_numpy_iterator())
    assert row["encoder_input_tokens"].shape == (256,)
    assert row["decoder_segment_ids"].max() > 1


@pytest.mark.slow
def test_our_mixture_trains_two_steps_under_t5x(tmp_path: Path) -> None:
    if finder.installed_t5x() is None:
        pytest.skip("T5X is not installed (docs/moving-from-t5x.md says how)")
    flags = {
        "MIXTURE_OR_TASK_NAME": "'our_mixture'",
        "MIXTURE_OR_TASK_MODULE": "'tests.t5x.our_tasks'",
        "TASK_FEATURE_LENGTHS": "{'inputs': 32, 'targets': 16}",
        "MODEL_DIR": f"'{tmp_path}'",
        "TRAIN_STEPS": "2",
        "DROPOUT_RATE": "0.0",
        "USE_CACHED_TASKS": "False",
        "train/utils.DatasetConfig.batch_size": "4",
        "train_script.train.train_eval_dataset_cfg": "None",
        "seqio.SentencePieceVocabulary.sentencepiece_model_file": f"'{vocabulary_file()}'",
        "seqio.SentencePieceVocabulary.extra_ids": "100",
    }
    command = [
        *(sys.executable, "-m", "t5x.train"),
        "--gin_file=t5x/examples/t5/t5_1_1/tiny.gin",
        "--gin_file=t5x/configs/runs/pretrain.gin",
        *(f"--gin.{name}={value}" for name, value in flags.items()),
    ]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "checkpoint_2").is_dir()
