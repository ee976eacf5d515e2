"""A model of a few thousand parameters and the settings to train it on the toy tasks."""

import sys
from pathlib import Path
from typing import Any

from flan_mix.models.config import T5Config
from flan_mix.runs.checkpointing import CheckpointConfig
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.train import train
from flan_mix.runs.trainer import Trainer
from flan_mix.tasks.starter import vocabulary_file
from flan_mix.training import TrainState, create_learning_rate_scheduler
from flan_mix.vocabularies import SentencePieceVocabulary

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
MODULE = "tests.end_to_end.toy_tasks"
LENGTHS = {"inputs": 64, "targets": 32}

GIN_FLAGS = [
    "--gin_file=gin/models/cpu/tiny.gin",
    "--gin.t5.T5Config.emb_dim=16",
    "--gin.t5.T5Config.num_heads=2",
    "--gin.t5.T5Config.head_dim=8",
    "--gin.t5.T5Config.mlp_dim=32",
    "--gin.t5.T5Config.num_encoder_layers=1",
    "--gin.t5.T5Config.num_decoder_layers=1",
    f"--gin.MIXTURE_OR_TASK_MODULE='{MODULE}'",
    f"--gin.TASK_FEATURE_LENGTHS={LENGTHS}",
]
"""Flags that give the entry points the same model and tasks."""


def toy_model() -> EncoderDecoderModel:
    """A T5 1.1 with one layer each and dropout."""
    vocabulary = SentencePieceVocabulary(vocabulary_file())
    config = T5Config(
        vocab_size=1152,
        emb_dim=16,
        num_heads=2,
        head_dim=8,
        mlp_dim=32,
        num_encoder_layers=1,
        num_decoder_layers=1,
        mlp_activations=("gelu", "linear"),
        dropout_rate=0.1,
    )
    return EncoderDecoderModel(config, vocabulary, z_loss=1e-4)


def dataset(cache_dir: Path, **changes: Any) -> DatasetConfig:
    """The toy mixture's training split, packed."""
    settings = {
        "mixture_or_task_name": "toy",
        "task_feature_lengths": LENGTHS,
        "batch_size": 4,
        "shuffle": True,
        "pack": True,
        "module": MODULE,
        "cache_dir": str(cache_dir),
    }
    return DatasetConfig(**{**settings, **changes})


def train_toy(model_dir: Path, cache_dir: Path, steps: int, **changes: Any) -> TrainState:
    """Trains the toy model to `steps`."""
    settings = {
        "model": toy_model(),
        "model_dir": str(model_dir),
        "train_dataset_cfg": dataset(cache_dir),
        "checkpoint_cfg": CheckpointConfig(period=3),
        "trainer": Trainer(create_learning_rate_scheduler("constant", 0.01), log_period=2),
        "total_steps": steps,
    }
    return train(**{**settings, **changes})


def command(module: str, *flags: str) -> list[str]:
    """A command line that runs an entry point and then prints what it loaded of TensorFlow."""
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{module!r}, *{list(flags)!r}]\n"
        "try:\n"
        f"    runpy.run_module({module!r}, run_name='__main__', alter_sys=True)\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code, stop.code\n"
        "heavy = {'tensorflow', 'seqio', 'tensorflow_datasets'}\n"
        "print('LOADED', sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    return [sys.executable, "-c", code]
