"""A task in several wordings: their mean, their spread, and the one that validation would choose.

The results of one task under several templates form a family, which counts as one task in every
mean. FLAN 2021 reports the mean over templates with its standard deviation, and the test score of
the template that did best on the validation split (Wei et al. 2022, section 3 and appendix D).
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flan_mix.evaluation.bootstrap import (
    BootstrapSettings,
    CorpusSample,
    Sample,
    weighted_mean_interval,
)
from flan_mix.evaluation.chance import normalized
from flan_mix.evaluation.task_result import TaskResult


@dataclass(frozen=True)
class BestTemplate:
    """The wording with the highest validation score, the first of equals, and its test score."""

    name: str
    validation_score: float
    score: float


@dataclass(frozen=True)
class Family:
    """The results of one task; usually a single one.

    members: of one main metric, in the order they were evaluated in. validation: what the same
    templates scored on the validation split, where that was evaluated, in the members' order.
    """

    name: str
    members: tuple[TaskResult, ...]
    validation: tuple[TaskResult, ...] = ()

    @property
    def category(self) -> str:
        """The category of all members."""
        return self.members[0].category

    @property
    def scores(self) -> dict[str, float]:
        """Member -> its main score."""
        return {member.name: _main(member) for member in self.members}

    @property
    def score(self) -> float:
        """The mean over the members."""
        return statistics.fmean(self.scores.values())

    @property
    def spread(self) -> float | None:
        """The sample standard deviation over the members (n - 1); None for a single one."""
        return statistics.stdev(self.scores.values()) if len(self.members) > 1 else None

    @property
    def chance(self) -> float:
        """What guessing scores."""
        return statistics.fmean(member.chance for member in self.members)

    @property
    def normalized(self) -> float:
        """The score counted from chance."""
        return normalized(self.score, self.chance)

    @property
    def best(self) -> BestTemplate | None:
        """The wording that validation chooses; None where it was not evaluated."""
        if not self.validation:
            return None
        chosen = max(range(len(self.validation)), key=lambda i: _main(self.validation[i]))
        member = self.members[chosen]
        return BestTemplate(member.name, _main(self.validation[chosen]), _main(member))

    def sample(self, key: str | None = None) -> Sample | None:
        """What the mean of a score (None: the main one) is drawn again from, if it can be.

        Members scored on the same examples are drawn again together, since what makes an example
        hard is the same in every wording.
        """
        samples = [member.sample(key or member.main_metric or "") for member in self.members]
        if len(samples) == 1:
            return samples[0]
        ids = [[prediction.id for prediction in member.predictions] for member in self.members]
        if any(sample is None for sample in samples) or any(other != ids[0] for other in ids):
            return None
        arrays = [sample for sample in samples if isinstance(sample, np.ndarray)]
        if len(arrays) == len(samples):
            return np.mean(arrays, axis=0)
        return _mean_of_corpora(samples)

    def to_json(self, bootstrap: BootstrapSettings) -> dict[str, Any]:
        """The spread over templates as metrics.json states it."""
        best, sample = self.best, self.sample()
        bounds = sample is not None and weighted_mean_interval([sample], [1.0], bootstrap)
        return {
            "category": self.category,
            "mode": self.members[0].mode,
            "main_metric": self.members[0].main_metric,
            "templates": len(self.members),
            "mean": self.score,
            "interval": [bounds.low, bounds.high] if bounds else None,
            "standard_deviation": self.spread,
            "scores": self.scores,
            "best_on_validation": None
            if best is None
            else {"task": best.name, "validation": best.validation_score, "score": best.score},
        }


def families(results: Sequence[TaskResult]) -> list[Family]:
    """The results that have a main score, put together by family, in order of first appearance.

    Raises ValueError where a family has members of different categories or main metrics, or
    results that choose without results of the same templates to choose from.
    """
    grouped: dict[str, list[TaskResult]] = {}
    for result in results:
        if result.main_metric is not None:
            grouped.setdefault(result.family or result.name, []).append(result)
    return [_family(name, members) for name, members in grouped.items()]


def _family(name: str, results: Sequence[TaskResult]) -> Family:
    members = tuple(result for result in results if not result.chooses)
    validation = tuple(result for result in results if result.chooses)
    if len({(result.category, result.main_metric) for result in results}) > 1:
        raise ValueError(f"{name}: its templates were scored by different metrics or categories.")
    if validation and len(validation) != len(members):
        raise ValueError(
            f"{name}: {len(validation)} templates were scored on the validation split and "
            f"{len(members)} on the test split; evaluate all of both."
        )
    return Family(name, members, validation)


def _mean_of_corpora(samples: Sequence[Any]) -> CorpusSample | None:
    corpora = [sample for sample in samples if isinstance(sample, CorpusSample)]
    if len(corpora) < len(samples):
        return None
    return CorpusSample(
        corpora[0].size, lambda weights: np.mean([c.scores(weights) for c in corpora], axis=0)
    )


def _main(result: TaskResult) -> float:
    assert result.main_metric is not None  # `families` leaves the others out
    return result.scores[result.main_metric]
