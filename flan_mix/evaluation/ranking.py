"""Answers by rank: the option that the model finds most likely, with what that was worth.

Raw scores choose as T5's and FLAN's rank classification does (summed log-likelihood, the first of
equally likely options); divided by the number of tokens they are reported beside it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from flan_mix.evaluation.chance import chance_of, right_share
from flan_mix.evaluation.evaluation_task import (
    RANK_ACCURACY,
    RANK_ACCURACY_PER_TOKEN,
    EvaluationTask,
)
from flan_mix.evaluation.predictions import Prediction, ScoredOption
from flan_mix.evaluation.ranked_rows import RankedExample, ScoreOptions, ranked_examples
from flan_mix.vocabularies import Vocabulary

InputIds = Callable[[int], list[int]]


def ranked_predictions(
    task: EvaluationTask,
    score_options: ScoreOptions,
    vocabulary: Vocabulary,
    input_ids: InputIds,
    limit: int | None,
) -> tuple[list[Prediction], float]:
    """Each example's likeliest option as its prediction, and what guessing would score.

    input_ids: index of a row -> tokens of its inputs, trimmed. The predictions hold the scores of
    ranking; those of the task's own metrics come on top.

    Raises ValueError where `score_options` loses an example or an option, and for likelihoods that
    are no numbers.
    """
    examples = ranked_examples(task.cache, vocabulary, task.option_targets, limit)
    inputs = [input_ids(example.index) for example in examples]
    scores = score_options(inputs, [example.option_ids for example in examples])
    if len(scores) != len(examples):
        raise ValueError(f"{task.name}: {len(scores)} lists of scores for {len(examples)} inputs.")
    pairs = zip(examples, scores, strict=True)
    predictions = [_prediction(task, *pair, vocabulary) for pair in pairs]
    if task.chance is not None:
        return predictions, task.chance
    shares = [right_share(e.options, _right(e)) for e in examples]
    return predictions, chance_of(task.main_metric, shares)


def _prediction(
    task: EvaluationTask, example: RankedExample, scores: Sequence[float], vocabulary: Vocabulary
) -> Prediction:
    likelihoods = np.asarray(scores, np.float64)
    tokens = np.array([len(ids) for ids in example.option_ids])
    _check(task, example, likelihoods)
    best = int(np.argmax(likelihoods))
    best_per_token = int(np.argmax(likelihoods / tokens))
    record, right = example.record, _right(example)
    columns = (example.options, likelihoods.tolist(), tokens.tolist(), example.is_right)
    return Prediction(
        task=task.name,
        category=task.category,
        id=example.id,
        template=record["template"],
        inputs=record["inputs"] or vocabulary.decode(task.cache[example.index]["inputs"]),
        target=right[0],
        references=right,
        prediction=example.options[best],
        scores={
            RANK_ACCURACY: 100.0 * example.is_right[best],
            RANK_ACCURACY_PER_TOKEN: 100.0 * example.is_right[best_per_token],
        },
        option_style=record.get("option_style"),
        shot_style=record.get("shot_style"),
        exemplars=tuple(record.get("exemplars", ())),
        query=record.get("query"),
        options=tuple(ScoredOption(*option) for option in zip(*columns, strict=True)),
    )


def _right(example: RankedExample) -> tuple[str, ...]:
    """The right options, each once."""
    pairs = zip(example.options, example.is_right, strict=True)
    return tuple(dict.fromkeys(option for option, is_right in pairs if is_right))


def _check(task: EvaluationTask, example: RankedExample, likelihoods: np.ndarray) -> None:
    where = f"{task.name}, example {example.id!r}"
    if likelihoods.shape != (len(example.options),):
        raise ValueError(f"{where}: {likelihoods.shape} scores for {len(example.options)} options.")
    if not np.isfinite(likelihoods).all():
        raise ValueError(
            f"{where}: log-likelihoods {likelihoods.tolist()} are no numbers to compare; do the "
            "parameters hold NaN, or is an option empty?"
        )
