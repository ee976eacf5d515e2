"""What a report shows, as plain values: filled by runs, drawn as a page.

The first model is the baseline; every other one is compared with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flan_mix.evaluation import Comparison
from flan_mix.reports.answers import Answers
from flan_mix.reports.template_spread import TemplateSpread


@dataclass(frozen=True)
class TrainingPoint:
    """Training at a step.

    loss: nats per target token. tokens_per_second: of inputs and targets, padding not counted.
    """

    step: int
    loss: float
    tokens_per_second: float | None = None


@dataclass(frozen=True)
class MixturePart:
    """A task that a run trained on.

    share, token_share: of the examples drawn and of their tokens, 0 to 1; token_share is None
    where the run did not record it. examples: of its training split.
    """

    task: str
    category: str
    share: float
    token_share: float | None
    examples: int
    fingerprint: str


@dataclass(frozen=True)
class RunReport:
    """A training run behind one or more of the models.

    models: the places of the models that it made. points: in order of steps. settings, versions:
    how it was made, by name. configuration: its gin text.
    """

    name: str
    models: tuple[int, ...] = (1,)
    points: Sequence[TrainingPoint] = ()
    mixture: Sequence[MixturePart] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    configuration: str = ""


@dataclass(frozen=True)
class ReportModel:
    """One of the models side by side.

    label: short, tells it apart. description: which checkpoint of what it is. trained_on: those of
    the compared tasks that it trained on, trained_kinds: of the categories, as far as its run says.
    measured: how its answers were made, by name.
    from_chance: the mean over categories of scores counted from chance; None where not known.
    """

    label: str
    description: str = ""
    trained_on: frozenset[str] = frozenset()
    measured: Mapping[str, str] = field(default_factory=dict)
    from_chance: float | None = None
    trained_kinds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReportData:
    """Everything in a report.

    title: names it. models: two or more, the baseline first. comparisons: each other model with
    the baseline, on the same tasks in the same order.
    answers: side by side, as many as the page is to hold; answers_available: out of how many.
    spreads: how far the wording of a task moves its score, where that was measured.
    evaluated_on: task -> what identifies the examples it was evaluated on.
    protocols: score -> how it comes about, in the words of its metric.
    unlike: what was not measured alike, by name, with each model's value.

    Raises ValueError where models and comparisons do not fit together.
    """

    title: str
    models: Sequence[ReportModel]
    comparisons: Sequence[Comparison]
    runs: Sequence[RunReport] = ()
    answers: Sequence[Answers] = ()
    answers_available: int = 0
    spreads: Sequence[TemplateSpread] = ()
    evaluated_on: Mapping[str, str] = field(default_factory=dict)
    protocols: Mapping[str, str] = field(default_factory=dict)
    unlike: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.models) < 2 or len(self.comparisons) != len(self.models) - 1:
            raise ValueError(
                f"{len(self.models)} models need {len(self.models) - 1} comparisons, not "
                f"{len(self.comparisons)}, and a report two models or more."
            )
        names = [[task.name for task in comparison.tasks] for comparison in self.comparisons]
        if any(other != names[0] for other in names):
            raise ValueError("the comparisons are of different tasks: use `compare_several`.")
