"""One task's figures, made from the scores of its predictions, and their file form.

The file under tasks/ is written last, so a task that has one is finished; a later run with the
same settings reads it back instead of asking the model again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from flan_mix.evaluation.bootstrap import (
    BootstrapSettings,
    CorpusSample,
    Sample,
    figure,
    weighted_mean_interval,
)
from flan_mix.evaluation.evaluation_task import RANK_ACCURACY, RANK_ACCURACY_PER_TOKEN
from flan_mix.evaluation.predictions import (
    Prediction,
    ScoredTexts,
    read_predictions,
    write_predictions,
)
from flan_mix.evaluation.result_files import ResultFiles, read_json, write_json
from flan_mix.evaluation.teacher_forcing import LOSS, TOKEN_ACCURACY, token_mean
from flan_mix.metrics import Interval, Metric, bootstrap_interval, corpus_metric
from flan_mix.registry import get_task, is_task

PROTOCOLS = {
    RANK_ACCURACY: "Share of examples of whose options a right one has the highest log-likelihood, "
    "summed over its tokens and EOS; of equals the first.",
    RANK_ACCURACY_PER_TOKEN: "The same with log-likelihoods divided by the option's tokens, EOS "
    "counted.",
    LOSS: "Cross-entropy of the target's tokens and EOS, given those before, in nats, averaged "
    "over all tokens of all examples.",
    TOKEN_ACCURACY: "Share of the target's tokens and EOS that are the likeliest ones, given "
    "those before, over all tokens of all examples.",
}
"""How the scores that no metric of a task gives come about."""


@dataclass(frozen=True)
class TaskResult:
    """What a model scored on one task.

    main_metric: the key that stands for the task in its category; None without metrics.
    scores: by key; 0 to 100, except `loss` (nats per target token) where it was measured.
    intervals: of the scores that can be drawn again from the examples.
    examples: how many were evaluated, out of `available`.
    predictions: in the order of the cache.
    corpus_keys: the scores that all examples have together, as BLEU; the others are means.
    protocols: how each score comes about, in a sentence or two.
    mode: "generate" or "rank". chance: what guessing scores on the main metric, 0 to 100.
    family: the task that this is one wording of; its own name where it is the only one.
    chooses: whether it only told which template of the family is best.
    """

    name: str
    category: str
    main_metric: str | None
    scores: Mapping[str, float]
    intervals: Mapping[str, Interval]
    examples: int
    available: int
    predictions: tuple[Prediction, ...]
    corpus_keys: tuple[str, ...] = ()
    mode: str = "generate"
    chance: float = 0.0
    family: str = ""
    chooses: bool = False
    protocols: Mapping[str, str] = field(default_factory=dict)
    # What it was scored with, to draw corpora again; not kept in files.
    metrics: tuple[Metric, ...] = field(default=(), compare=False, repr=False)

    @property
    def main_score(self) -> float | None:
        """The score that stands for the task."""
        return None if self.main_metric is None else self.scores[self.main_metric]

    def sample(self, key: str, rows: Sequence[int] | np.ndarray | None = None) -> Sample | None:
        """What a score is drawn again from, of all predictions or of those in `rows`.

        The scores of each example, float64 [examples]; for a corpus score, and for a mean over
        tokens, the corpus. None for a corpus score of an evaluation read from files by a metric
        that neither ships with Flan Mix nor is one of a registered task.
        """
        chosen = self.predictions if rows is None else [self.predictions[row] for row in rows]
        if key in self.corpus_keys:
            return self._corpus(key, chosen)
        if any(key not in prediction.scores for prediction in chosen):
            return token_mean(key, chosen)
        return np.array([prediction.scores[key] for prediction in chosen], np.float64)

    def _corpus(self, key: str, chosen: Sequence[Prediction]) -> CorpusSample | None:
        metric = self._corpus_metric(key)
        if metric is None:
            return None
        whole = _corpus_sample(metric, key, self.predictions)
        # A metric of the user's own may have the name of one of ours.
        if not np.isclose(figure(whole), self.scores[key]):
            return None
        return whole if chosen is self.predictions else _corpus_sample(metric, key, chosen)

    def _corpus_metric(self, key: str) -> Metric | None:
        """The metric of a corpus score: of this evaluation, of the registered task, or of ours."""
        known = list(self.metrics)
        if not known and is_task(self.name):
            known = list(get_task(self.name).metrics)
        own = (metric for metric in known if key in metric.keys and metric.is_of_corpus)
        return next(own, None) or corpus_metric(key)


def result_of(
    predictions: Sequence[Prediction],
    *,
    main_metric: str | None,
    available: int,
    bootstrap: BootstrapSettings,
    metrics: Sequence[Metric] = (),
    name: str | None = None,
    mode: str = "generate",
    chance: float = 0.0,
    family: str = "",
    chooses: bool = False,
) -> TaskResult:
    """The figures of one task's scored predictions; what TaskResult says of its fields.

    metrics: those that the predictions were scored with; needed where they score the corpus.
    """
    corpora = {
        key: _corpus_sample(metric, key, predictions)
        for metric in metrics
        if metric.is_of_corpus
        for key in metric.keys
    }
    keys = list(predictions[0].scores)
    intervals = {
        key: bootstrap_interval([p.scores[key] for p in predictions], **asdict(bootstrap))
        for key in keys
    }
    token_means = {key: token_mean(key, predictions) for key in (LOSS, TOKEN_ACCURACY)}
    for key, sample in {**corpora, **token_means}.items():
        if sample is not None:
            intervals[key] = weighted_mean_interval([sample], [1.0], bootstrap)
    return TaskResult(
        name=name or predictions[0].task,
        category=predictions[0].category,
        main_metric=main_metric,
        scores={key: interval.mean for key, interval in intervals.items()},
        intervals=intervals,
        examples=len(predictions),
        available=available,
        predictions=tuple(predictions),
        corpus_keys=tuple(corpora),
        mode=mode,
        chance=chance,
        family=family,
        chooses=chooses,
        protocols={
            **{key: text for key, text in PROTOCOLS.items() if key in intervals},
            **{k: m.protocol for m in metrics for k in m.keys if m.protocol},
        },
        metrics=tuple(metrics),
    )


def _corpus_sample(metric: Metric, key: str, predictions: Sequence[Prediction]) -> CorpusSample:
    """Raises ValueError naming the task for predictions that the metric cannot score together."""
    texts = [p.scored or ScoredTexts(p.prediction, p.references) for p in predictions]
    try:
        scores = metric.score_all(
            [t.prediction for t in texts],
            [t.references for t in texts],
            [p.id for p in predictions],
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"{predictions[0].task}, {metric.name}: {error}") from error
    assert scores is not None
    return CorpusSample(len(predictions), lambda weights: scores(weights)[key])


def save_result(files: ResultFiles, result: TaskResult, settings: Mapping[str, Any]) -> None:
    """Writes predictions, then the figures that mark the task as finished.

    Where the task was finished with other settings, metrics.json, which states that result, goes
    first: whenever this is stopped, no figures stand beside the answers of another evaluation.
    """
    if files.task(result.name).exists():
        files.metrics.unlink(missing_ok=True)
        files.task(result.name).unlink()
    write_predictions(files.predictions(result.name), result.predictions)
    without = replace(result, predictions=(), metrics=())
    row = {k: v for k, v in asdict(without).items() if k not in ("predictions", "metrics")}
    write_json(files.task(result.name), {**row, "settings": dict(settings)})


def load_result(
    files: ResultFiles, name: str, settings: Mapping[str, Any] | None = None
) -> TaskResult | None:
    """A finished task's result; None if there is none, or one of other `settings` when given."""
    if not files.task(name).exists():
        return None
    row = read_json(files.task(name))
    found = row.pop("settings")
    # Through JSON, as the file's were: a tuple comes back as a list.
    if settings is not None and found != json.loads(json.dumps(dict(settings))):
        return None
    row["corpus_keys"] = tuple(row.get("corpus_keys", ()))
    row["intervals"] = {key: Interval(**bounds) for key, bounds in row["intervals"].items()}
    return TaskResult(**row, predictions=read_predictions(files.predictions(name)))
