"""What a model can do: answers generated, scored, averaged by category, and compared.

Stands between inference, which it reaches through plain functions, and the reports that show its
figures. Imports neither JAX nor TensorFlow.
"""

from flan_mix.evaluation.aggregates import Aggregate
from flan_mix.evaluation.baselines import best_constant_summary, common_words_summary, first_turn
from flan_mix.evaluation.bootstrap import BootstrapSettings
from flan_mix.evaluation.comparison import (
    CategoryComparison,
    Comparison,
    Difference,
    TaskComparison,
    compare,
)
from flan_mix.evaluation.evaluation import Evaluation, read_evaluation, save_evaluation
from flan_mix.evaluation.evaluation_task import EvaluationTask
from flan_mix.evaluation.evaluator import EvaluationSettings, evaluate, evaluate_task
from flan_mix.evaluation.predictions import Prediction, read_predictions, write_predictions
from flan_mix.evaluation.scoring import score_predictions
from flan_mix.evaluation.task_result import TaskResult, result_of
from flan_mix.evaluation.teacher_forcing import TeacherForcing

__all__ = [
    "Aggregate",
    "BootstrapSettings",
    "CategoryComparison",
    "Comparison",
    "Difference",
    "Evaluation",
    "EvaluationSettings",
    "EvaluationTask",
    "Prediction",
    "TaskComparison",
    "TaskResult",
    "TeacherForcing",
    "best_constant_summary",
    "common_words_summary",
    "compare",
    "evaluate",
    "evaluate_task",
    "first_turn",
    "read_evaluation",
    "read_predictions",
    "result_of",
    "save_evaluation",
    "score_predictions",
    "write_predictions",
]
