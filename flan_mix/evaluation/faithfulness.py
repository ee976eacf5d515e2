"""What summaries make up and leave out: marks in their texts, and the scores of older evaluations.

Tasks of summaries are scored by `metrics.faithfulness` when they are evaluated. Where that was not
so, because the evaluation is older or its task does not ask for it, the scores are added here, so
that every summary that is compared has them.
"""

from dataclasses import dataclass, replace

from flan_mix.evaluation.comparison import COVERAGE, FAITHFUL, FAITHFULNESS
from flan_mix.evaluation.evaluation import Evaluation
from flan_mix.evaluation.predictions import Prediction
from flan_mix.evaluation.task_result import TaskResult
from flan_mix.metrics import bootstrap_interval, faithfulness
from flan_mix.metrics.faithfulness import Mention, invented_mentions, missed_mentions

_SUMMARIES = ("summarization", "headline")


@dataclass(frozen=True)
class Marks:
    """invented: mentions in the prediction. missed: mentions in the first reference."""

    invented: tuple[Mention, ...]
    missed: tuple[Mention, ...]


def marks_of(prediction: Prediction) -> Marks | None:
    """The marks of a summary; None for an answer that was not scored as one."""
    if FAITHFUL not in prediction.scores:
        return None
    text, source = prediction.prediction, prediction.source
    # To look for what the scores say is not there takes milliseconds for each of thousands.
    known = prediction.scores if prediction.scored is None else {}
    is_faithful = known.get(FAITHFUL) == 100
    is_whole = known.get(COVERAGE) == 100 and len(prediction.references) == 1
    return Marks(
        () if is_faithful else invented_mentions(text, source),
        () if is_whole else missed_mentions(text, prediction.references[0], source),
    )


def with_faithfulness(evaluation: Evaluation) -> Evaluation:
    """The evaluation with these scores, and their intervals, on every task of summaries."""
    tasks = tuple(_with_faithfulness(task, evaluation) for task in evaluation.tasks)
    return replace(evaluation, tasks=tasks)


def _with_faithfulness(result: TaskResult, evaluation: Evaluation) -> TaskResult:
    is_summary = any(word in result.category for word in _SUMMARIES)
    if not is_summary or FAITHFUL in result.scores or result.mode != "generate":
        return result
    if not all(prediction.source.strip() for prediction in result.predictions):
        return result
    scored = tuple(_scored(prediction) for prediction in result.predictions)
    bootstrap = evaluation.bootstrap
    intervals = {
        key: bootstrap_interval(
            [prediction.scores[key] for prediction in scored],
            seed=bootstrap.seed,
            resamples=bootstrap.resamples,
            confidence=bootstrap.confidence,
        )
        for key in FAITHFULNESS
    }
    return replace(
        result,
        scores={**result.scores, **{key: interval.mean for key, interval in intervals.items()}},
        intervals={**result.intervals, **intervals},
        predictions=scored,
        protocols={**result.protocols, **dict.fromkeys(FAITHFULNESS, faithfulness.protocol)},
    )


def _scored(prediction: Prediction) -> Prediction:
    found = faithfulness.score(prediction.prediction, prediction.references, prediction.source)
    return replace(prediction, scores={**prediction.scores, **found})
