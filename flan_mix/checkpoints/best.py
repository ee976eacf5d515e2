"""Which checkpoints a run keeps by what was measured of them: T5X's SaveBestCheckpointer.

The latest is always kept, to go on from. Of the others the best are, and what they are judged by
was measured and logged at their own step.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RUNS = ("train", "training_eval", "inference_eval", "eval_summary")
"""What a metric's name begins with: the folders of MODEL_DIR that have event files."""


@dataclass(frozen=True)
class KeepBest:
    """metric: a folder of event files and a name in them, such as "train/accuracy" or
    "inference_eval/<task>/eval/<metric>". mode: "max" or "min". keeps_unmeasured: whether those
    without a value stay; else they are the first to go.
    """

    metric: str = "train/accuracy"
    mode: str = "max"
    keeps_unmeasured: bool = True

    def __post_init__(self) -> None:
        if self.mode not in ("max", "min"):
            raise ValueError(f"the mode of the best checkpoints is {self.mode!r}: 'max' or 'min'")
        run, _, name = self.metric.partition("/")
        if run not in RUNS or not name:
            raise ValueError(
                f"checkpoints cannot be kept by {self.metric!r}: give 'train/<metric>', "
                "'training_eval/<task>/<metric>' or 'inference_eval/<task>/eval/<metric>'"
            )

    def kept(self, steps: Sequence[int], values: Mapping[int, float], count: int) -> set[int]:
        """Of ascending `steps` the last, and the `count` best by their `values`.

        Of equal ones the older goes first. A value that is not a number is worse than all others.
        """
        *earlier, latest = steps
        judged = [step for step in earlier if step in values or not self.keeps_unmeasured]
        worst_first = sorted(judged, key=lambda step: (self._worth(values.get(step)), step))
        return {*steps} - {*worst_first[: max(0, len(judged) - count)]} | {latest}

    def _worth(self, value: float | None) -> float:
        if value is None or math.isnan(value):
            return -math.inf
        return value if self.mode == "max" else -value
