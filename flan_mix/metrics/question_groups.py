"""Questions with several answers, each judged as an example of its own (MultiRC).

An example's id is the question's id, a hyphen and the answer's: ``passage-question-answer``.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from flan_mix.metrics.labels import positive_f1
from flan_mix.metrics.metric import CorpusScores, Metric, References, only_reference


def _question_of(id_: str) -> str:
    question, hyphen, answer = id_.rpartition("-")
    if not (question and hyphen and answer):
        raise ValueError(
            f"the id {id_!r} does not tell which question it belongs to: give the task's rows ids "
            "of the form 'question-answer'."
        )
    return question


def _score_questions(
    predictions: Sequence[str], references: Sequence[References], ids: Sequence[str]
) -> CorpusScores:
    pairs = zip(predictions, references, strict=True)
    right = np.array([_is_right(*pair) for pair in pairs], np.float64)
    _, first, question = np.unique(
        [_question_of(each) for each in ids], return_index=True, return_inverse=True
    )
    all_right = np.ones(len(first))
    np.minimum.at(all_right, question, right)

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        # A question is drawn with all its answers, as often as its first one is.
        counted = weights[:, first]
        total = counted.sum(axis=1)
        found = np.zeros(len(weights))
        np.divide(100.0 * (counted @ all_right), total, out=found, where=total > 0)
        return {"question_match": found}

    return scores


def _is_right(prediction: str, references: References) -> bool:
    return prediction.strip().lower() == only_reference(references).lower()


question_match = Metric(
    "question_match",
    ("question_match",),
    positive_f1.score_example,
    score_with_ids=_score_questions,
    protocol="MultiRC's exact match: share of questions all of whose answers are judged right; "
    "answers are put together by the question in their ids.",
)
"""100 where yes or no is right for all answers to a question, averaged over questions.

Khashabi et al. 2018, "Looking Beyond the Surface", section 5; SuperGLUE's EM for MultiRC beside
F1 over all answers (`positive_f1`). References are checked as `positive_f1` checks them.
"""
