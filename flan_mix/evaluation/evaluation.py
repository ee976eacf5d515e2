"""A whole evaluation: its tasks' results and the metrics.json that states them.

metrics.json is {"tasks": {name: {metric: value, "examples": n}}, "categories": {…},
"overall": {…}}, then the intervals of the same figures, the spread over templates of the tasks
that were tested in several ("templates"), and how all was measured.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flan_mix.evaluation.aggregates import Aggregate, aggregate_categories, aggregate_overall
from flan_mix.evaluation.bootstrap import BootstrapSettings
from flan_mix.evaluation.families import Family, families
from flan_mix.evaluation.result_files import ResultFiles, read_json, write_json
from flan_mix.evaluation.task_result import TaskResult, load_result
from flan_mix.metrics import Interval


@dataclass(frozen=True)
class Evaluation:
    """What one checkpoint scored.

    tasks: in the order they were evaluated in, one for each template where there are several.
    choosing: what the same templates scored on the validation split, to choose the best by.
    facts: what else decides the figures (step, checkpoint, decoding); written beside them.
    """

    tasks: tuple[TaskResult, ...]
    facts: Mapping[str, Any]
    bootstrap: BootstrapSettings
    choosing: tuple[TaskResult, ...] = ()

    @property
    def families(self) -> list[Family]:
        """The tasks that have a main score, each with all its templates."""
        return families([*self.tasks, *self.choosing])

    @property
    def categories(self) -> dict[str, Aggregate]:
        """The mean of each category's tasks."""
        return aggregate_categories(self.tasks, self.bootstrap)

    @property
    def overall(self) -> Aggregate | None:
        """The mean of the categories; None if no task has a metric."""
        return aggregate_overall(self.tasks, self.bootstrap)

    def task(self, name: str) -> TaskResult:
        """A task's result. Raises KeyError naming the tasks there are."""
        for result in self.tasks:
            if result.name == name:
                return result
        raise KeyError(f"{name!r} was not evaluated; these were: {[t.name for t in self.tasks]}.")

    def to_json(self) -> dict[str, Any]:
        """The contents of metrics.json."""
        categories, overall = self.categories, self.overall
        return {
            "tasks": {t.name: {**t.scores, "examples": t.examples} for t in self.tasks},
            "categories": {name: _figures(mean) for name, mean in categories.items()},
            "overall": {**_figures(overall), "categories": len(categories)} if overall else {},
            "intervals": {
                "tasks": {t.name: _bounds(t.intervals) for t in self.tasks},
                "categories": {n: _mean_bounds(mean) for n, mean in categories.items()},
                "overall": _mean_bounds(overall) if overall else {},
            },
            "templates": {
                f.name: f.to_json(self.bootstrap) for f in self.families if len(f.members) > 1
            },
            "measured": {
                "facts": dict(self.facts),
                "bootstrap": asdict(self.bootstrap),
                "tasks": {
                    t.name: {
                        "category": t.category,
                        "main_metric": t.main_metric,
                        "examples_available": t.available,
                        "mode": t.mode,
                        "chance": t.chance,
                        "protocols": dict(t.protocols),
                    }
                    for t in self.tasks
                },
                "choosing": [t.name for t in self.choosing],
            },
        }


def save_evaluation(directory: Path, evaluation: Evaluation) -> Path:
    """Writes metrics.json into `directory` and returns its path."""
    path = ResultFiles(directory).metrics
    write_json(path, evaluation.to_json())
    return path


def read_evaluation(directory: str | Path) -> Evaluation:
    """The evaluation in a folder, predictions included.

    Raises FileNotFoundError for a folder without a finished evaluation.
    """
    files = ResultFiles(Path(directory))
    if not files.metrics.exists():
        raise FileNotFoundError(
            f"no finished evaluation in {directory} (metrics.json is missing): make one with "
            "`python -m flan_mix.eval`."
        )
    measured = read_json(files.metrics)["measured"]
    return Evaluation(
        tasks=tuple(_finished(files, name) for name in measured["tasks"]),
        choosing=tuple(_finished(files, name) for name in measured.get("choosing", ())),
        facts=measured["facts"],
        bootstrap=BootstrapSettings(**measured["bootstrap"]),
    )


def _finished(files: ResultFiles, name: str) -> TaskResult:
    result = load_result(files, name)
    if result is None:
        raise FileNotFoundError(
            f"{files.metrics} lists {name}, but {files.task(name)} is missing: run "
            "`python -m flan_mix.eval` again."
        )
    return result


def _figures(mean: Aggregate) -> dict[str, Any]:
    return {
        **mean.means,
        "score": mean.score,
        "chance_normalized": mean.normalized,
        "tasks": mean.families,
        "examples": mean.examples,
    }


def _mean_bounds(mean: Aggregate) -> dict[str, list[float]]:
    score = {"score": mean.interval, "chance_normalized": mean.normalized_interval}
    return _bounds({**mean.mean_intervals, **score})


def _bounds(intervals: Mapping[str, Interval | None]) -> dict[str, list[float]]:
    return {key: [i.low, i.high] for key, i in intervals.items() if i is not None}
