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
from flan_mix.evaluation.evaluator import EvaluationSettings, Hosts, evaluate, evaluate_task
from flan_mix.evaluation.families import BestTemplate, Family, families
from flan_mix.evaluation.predictions import (
    Prediction,
    ScoredOption,
    TargetSums,
    read_predictions,
    write_predictions,
)
from flan_mix.evaluation.scoring import score_predictions
from flan_mix.evaluation.several import (
    Worsening,
    compare_several,
    only,
    shared_examples,
    worsenings,
)
from flan_mix.evaluation.task_result import TaskResult, result_of
from flan_mix.evaluation.teacher_forcing import TeacherForcing

__all__ = [
    "Aggregate",
    "BestTemplate",
    "BootstrapSettings",
    "CategoryComparison",
    "Comparison",
    "Difference",
    "Evaluation",
    "EvaluationSettings",
    "EvaluationTask",
    "Family",
    "Hosts",
    "Prediction",
    "ScoredOption",
    "TargetSums",
    "TaskComparison",
    "TaskResult",
    "TeacherForcing",
    "Worsening",
    "best_constant_summary",
    "common_words_summary",
    "compare",
    "compare_several",
    "evaluate",
    "evaluate_task",
    "families",
    "first_turn",
    "only",
    "read_evaluation",
    "read_predictions",
    "result_of",
    "save_evaluation",
    "score_predictions",
    "shared_examples",
    "worsenings",
    "write_predictions",
]
