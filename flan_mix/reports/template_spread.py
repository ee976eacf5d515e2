"""How far the wording of a task moves its score, for models side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from flan_mix.evaluation import Evaluation, Family


@dataclass(frozen=True)
class TemplateSpread:
    """A task that was asked in several wordings, for each model; see `Family`."""

    families: tuple[Family, ...]

    @property
    def task(self) -> str:
        """The task's name, without that of a template."""
        return self.families[0].name

    @property
    def metric(self) -> str:
        """The key of the score."""
        return self.families[0].members[0].main_metric or ""

    @property
    def templates(self) -> int:
        """How many wordings."""
        return len(self.families[0].members)


def template_spreads(evaluations: Sequence[Evaluation]) -> list[TemplateSpread]:
    """Of every task that all evaluations asked in the same two wordings or more."""
    by_model = [{family.name: family for family in e.families} for e in evaluations]
    spreads = []
    for name, family in by_model[-1].items():
        families = tuple(model[name] for model in by_model if name in model)
        same = len(families) == len(by_model) and all(
            list(other.scores) == list(family.scores) for other in families
        )
        if same and len(family.members) > 1:
            spreads.append(TemplateSpread(families))
    return spreads
