"""T5X's golden numbers for tests: committed under tests/golden/t5x, the rest beside the clone."""

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
from flax.traverse_util import unflatten_dict

from flan_mix.models import T5Config, Transformer
from tests.shared_data import shared_path

COMMITTED = Path(__file__).resolve().parent.parent / "golden" / "t5x"
MODELS = ("t5_1_1", "t5_1_0", "wide")


@dataclasses.dataclass(frozen=True)
class T5XGolden:
    """One of T5X's tiny models; reading a file skips the test where the file is absent."""

    name: str

    @property
    def config(self) -> dict:
        """T5Config's fields."""
        fields = json.loads(self.path("config.json").read_text())
        return {**fields, "dtype": "float32"}

    @property
    def model(self) -> Transformer:
        return Transformer(T5Config(**self.config))

    def path(self, file: str) -> Path:
        committed = COMMITTED / self.name / file
        return committed if committed.exists() else shared_path(f"golden/t5x/{self.name}/{file}")

    def arrays(self, file: str) -> dict[str, np.ndarray]:
        """The arrays of one .npz file."""
        with np.load(self.path(file)) as arrays:
            return dict(arrays)

    def tree(self, file: str) -> dict:
        """The arrays of one .npz file, nested by the slashes of their names."""
        return unflatten_dict(self.arrays(file), sep="/")


def assert_close_to_golden(actual, golden):
    """The tolerance of the golden numbers' README for logits, losses and gradients."""
    golden = np.asarray(golden)
    np.testing.assert_allclose(actual, golden, rtol=1e-5, atol=1e-5 * np.abs(golden).max())


def golden_jit(function):
    """jax.jit with the matrix products that the golden numbers were computed with.

    On some CPUs XLA hands products to YNNPACK, which rounds differently; one row of t5_1_0's
    logits is so sensitive that both then stand on opposite sides of the float64 result, each
    within the tolerance of it, but not of each other.
    """
    options = {"xla_cpu_experimental_ynn_fusion_type": ""}
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except Exception:  # A jaxlib or platform without the option has nothing to switch off.
        return jax.jit(function)
    return jax.jit(function, compiler_options=options)
