"""Which tasks evaluation takes."""

from types import SimpleNamespace

import pytest

import flan_mix.tasks.starter  # noqa: F401  registers its tasks
from flan_mix.runs.evaluation import evaluation_tasks


class OneExample:
    """As much of a token cache as is asked for before anything is evaluated."""

    has_records = True

    def __len__(self) -> int:
        return 1


def mixture_of(*names: str) -> SimpleNamespace:
    return SimpleNamespace(parts=[SimpleNamespace(task=name, cache=OneExample()) for name in names])


def test_variants_are_evaluated_under_their_own_name_in_the_tasks_category():
    (task,) = evaluation_tasks(mixture_of("starter_reviews.few_shot"))
    assert task.name == "starter_reviews.few_shot"
    assert [metric.name for metric in task.metrics] == ["accuracy"]
    assert task.category == evaluation_tasks(mixture_of("starter_reviews"))[0].category


def test_rank_variants_are_refused_for_nothing_is_generated_there():
    with pytest.raises(ValueError, match=r"evaluate 'starter_reviews\.zero_shot'"):
        evaluation_tasks(mixture_of("starter_reviews.rank"))
