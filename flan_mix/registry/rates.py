"""Mixture rates: fixed numbers, or in proportion to how many examples a task has."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ExamplesProportional:
    """A task's rate is min(examples, cap) ** (1 / temperature): T5's, and SeqIO's
    `mixing_rate_num_examples` with scale 1 (Raffel et al. 2020, section 3.5.2).

    Examples are those of the train split after the task's own filters and cap.
    """

    cap: int | None = None
    temperature: float = 1.0

    def __post_init__(self):
        if self.cap is not None and not self.cap > 0:
            raise ValueError(f"ExamplesProportional: cap must be positive, not {self.cap}.")
        if not self.temperature > 0:
            raise ValueError(
                f"ExamplesProportional: temperature must be positive, not {self.temperature}."
            )

    def rate(self, examples: int) -> float:
        """The rate of a task with so many training examples."""
        capped = examples if self.cap is None else min(examples, self.cap)
        return float(capped) ** (1.0 / self.temperature)


Rate = float | ExamplesProportional


def check_rate(rate: Rate, where: str) -> Rate:
    """`rate`, if it is one; TypeError or ValueError that says `where` it was given if not."""
    if isinstance(rate, ExamplesProportional):
        return rate
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise TypeError(f"{where}: a rate is a number or ExamplesProportional(…), not {rate!r}.")
    if not (rate > 0 and math.isfinite(rate)):
        raise ValueError(f"{where}: a rate must be positive and finite, not {rate!r}.")
    return float(rate)
