"""What a report shows, as plain values: filled by a run, drawn as a page or as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flan_mix.evaluation import Comparison
from flan_mix.reports.samples import Sample


@dataclass(frozen=True)
class LossPoint:
    """The training loss at a step, in nats per target token."""

    step: int
    loss: float


@dataclass(frozen=True)
class DataFacts:
    """A split that was trained on or evaluated, and what identifies its contents."""

    task: str
    category: str
    split: str
    examples: int
    fingerprint: str


@dataclass(frozen=True)
class ReportData:
    """Everything in a report.

    title: names the run. before, after: what is compared, in a few words ("the untrained model").
    comparison: the figures.
    loss: the training loss in order of steps; empty if unknown.
    samples: answers to show, any number for each task.
    settings, versions: how it was measured, by name.
    data: the splits behind the figures.
    """

    title: str
    before: str
    after: str
    comparison: Comparison
    loss: Sequence[LossPoint] = ()
    samples: Sequence[Sample] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    data: Sequence[DataFacts] = ()
