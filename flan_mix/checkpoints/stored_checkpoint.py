"""A checkpoint on disk, whatever its format: what it holds, before anything of it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from flan_mix.checkpoints.arrays import StoredArray, in_memory

Format = Literal["flan_mix", "t5x", "t5x-orbax", "hf"]
"""flan_mix: a run's own (Orbax, with the place in the data). t5x: msgpack index and zarr arrays.
t5x-orbax: what T5X writes through Orbax. hf: Hugging Face (safetensors and config.json)."""


@dataclass(frozen=True)
class StoredCheckpoint:
    """Parameters by T5X path with "/" (heads joined, layers apart), and what lies beside them.

    url: where, for messages. step: None where the format has none. slots: the optimizer's arrays
    by path (for T5X's Adafactor the parameter's path and /m, /v, /v_row or /v_col); empty where
    there are none. described: fields of T5Config that the checkpoint states besides its arrays.
    """

    url: str
    format: Format
    step: int | None
    parameters: Mapping[str, StoredArray]
    slots: Mapping[str, StoredArray] = field(default_factory=dict)
    described: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state_arrays(self) -> dict[str, StoredArray]:
        """All arrays by their names in T5X's state: target/…, state/step, state/param_states/…."""
        step = in_memory(np.int32(self.step or 0))
        return {
            "state/step": step,
            **{f"state/param_states/{path}": array for path, array in self.slots.items()},
            **{f"target/{path}": array for path, array in self.parameters.items()},
        }

    @property
    def parameter_count(self) -> int:
        """How many numbers the parameters are."""
        return sum(array.size for array in self.parameters.values())
