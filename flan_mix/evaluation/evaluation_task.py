"""What is evaluated: a task's cached examples, how they are scored, and under which category.

Evaluation reads tokens and records from the token cache only, so that it needs neither the
sources nor the libraries that rendered them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flan_mix.data import TokenCache
from flan_mix.metrics import Metric

RANK_ACCURACY = "rank_accuracy"
"""100 where the option of the highest summed log-likelihood is right: the mean is what
`metrics.ranking.rank_accuracy` gives SeqIO."""
RANK_ACCURACY_PER_TOKEN = "rank_accuracy_per_token"
"""The same where log-likelihoods are divided by the option's tokens, EOS included."""


@dataclass(frozen=True)
class EvaluationTask:
    """One task of an evaluation.

    name: the registered name; it names the files of the results.
    category: the kind of task it is averaged with.
    cache: a split whose texts are kept, so any but train.
    metrics: scored in this order; the first key of the first one is the task's main score.
    postprocess: applied to prediction and references before scoring, as the task registered it.
    mode: "generate" decodes an answer; "rank" takes the likeliest of the options.
    option_targets: to rank, a record -> what the target says for each option; None where the cache
        has a row for each option, as that of a `.rank` variant.
    family: what this is one wording of, if several are evaluated; its own name when not given.
    chooses: it only tells which template of its family is best (the validation split's).
    chance: what guessing scores; told from the options when not given.

    Raises ValueError for a name that cannot name a file and for a cache without examples or
    texts.
    """

    name: str
    category: str
    cache: TokenCache
    metrics: Sequence[Metric]
    postprocess: Callable[[str], str] | None = None
    mode: Literal["generate", "rank"] = "generate"
    option_targets: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    family: str = ""
    chooses: bool = False
    chance: float | None = None

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
        if self.mode == "rank":
            return RANK_ACCURACY
        return self.metrics[0].keys[0] if self.metrics else None
