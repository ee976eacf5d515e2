"""Hugging Face's golden models for tests, read as users' folders are."""

import dataclasses
from pathlib import Path

import numpy as np
from flax.traverse_util import unflatten_dict

from flan_mix.checkpoints import StoredCheckpoint, architecture, open_checkpoint
from flan_mix.models import Transformer
from tests.shared_data import shared_path

MODELS = ("flan_style", "t5_1_0_style")


@dataclasses.dataclass(frozen=True)
class HuggingFaceGolden:
    """One model directory under golden/hf; reading skips the test where it is absent."""

    name: str

    @property
    def path(self) -> Path:
        return shared_path(f"golden/hf/{self.name}")

    @property
    def checkpoint(self) -> StoredCheckpoint:
        return open_checkpoint(self.path)

    @property
    def model(self) -> Transformer:
        config = architecture(self.checkpoint)
        assert config is not None
        return Transformer(dataclasses.replace(config, dropout_rate=0.0))

    @property
    def params(self) -> dict:
        read = {path: array.read() for path, array in self.checkpoint.parameters.items()}
        return unflatten_dict(read, sep="/")

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        with np.load(self.path / "outputs.npz") as arrays:
            return dict(arrays)
