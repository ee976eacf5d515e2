"""What is evaluated: a task's cached examples, how they are scored, and under which category.

Evaluation reads tokens and records from the token cache only, so that it needs neither the
sources nor the libraries that rendered them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flan_mix.data import TokenCache
from flan_mix.metrics import Metric


@dataclass(frozen=True)
class EvaluationTask:
    """One task of an evaluation.

    name: the registered name; it names the files of the results.
    category: the kind of task it is averaged with.
    cache: a split whose texts are kept, so any but train.
    metrics: scored in this order; the first key of the first one is the task's main score.
    postprocess: applied to prediction and references before scoring, as the task registered it.

    Raises ValueError for a name that cannot name a file and for a cache without examples or
    texts.
    """

    name: str
    category: str
    cache: TokenCache
    metrics: Sequence[Metric]
    postprocess: Callable[[str], str] | None = None

    def __post_init__(self) -> None:
        if "/" in self.name or self.name in ("", ".", ".."):
            raise ValueError(
                f"task name {self.name!r} cannot name a file of results: rename the task "
                "without '/'."
            )
        if not len(self.cache):
            raise ValueError(
                f"{self.name}: {self.cache!r} holds no examples, so there is nothing to evaluate."
            )
        if not self.cache.has_records:
            raise ValueError(
                f"{self.name}: {self.cache!r} holds tokens without texts, so there is nothing to "
                "compare answers with: evaluate another split than train."
            )

    @property
    def main_metric(self) -> str | None:
        """The key that stands for the task in its category's mean; None without metrics."""
        return self.metrics[0].keys[0] if self.metrics else None
