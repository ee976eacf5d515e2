"""Which tasks evaluation takes, and in which mode."""

from types import SimpleNamespace

import pytest

import flan_mix.tasks.starter  # noqa: F401  registers its tasks
from flan_mix.registry import get_task
from flan_mix.runs.evaluation_set import evaluation_tasks, option_targets


class OneExample:
    """As much of a token cache as is asked for before anything is evaluated."""

    has_records = True

    def __init__(self, templates: tuple[int, ...] = (0,), options: tuple[str, ...] = ()):
        self.manifest = SimpleNamespace(templates={str(number): 1 for number in templates})
        self._options = options

    def __len__(self) -> int:
        return 1

    def record(self, index: int) -> dict:
        return {"options": list(self._options)}


def mixture_of(*names: str, **cache) -> SimpleNamespace:
    return SimpleNamespace(
        parts=[SimpleNamespace(task=name, cache=OneExample(**cache)) for name in names]
    )


def test_variants_are_evaluated_under_their_own_name_in_the_tasks_category():
    (task,) = evaluation_tasks(mixture_of("starter_reviews.few_shot"))
    assert (task.name, task.mode) == ("starter_reviews.few_shot", "generate")
    assert [metric.name for metric in task.metrics] == ["accuracy"]
    assert task.category == evaluation_tasks(mixture_of("starter_reviews"))[0].category


def test_rank_variants_are_ranked_by_the_rows_of_their_cache():
    (task,) = evaluation_tasks(mixture_of("starter_reviews.rank"))
    assert (task.name, task.mode, task.option_targets) == ("starter_reviews.rank", "rank", None)
    assert task.main_metric == "rank_accuracy"


def test_other_tasks_with_options_are_ranked_only_on_request():
    mixture = mixture_of("starter_reviews.zero_shot", options=("good", "bad"))
    assert evaluation_tasks(mixture)[0].mode == "generate"
    (task,) = evaluation_tasks(mixture, ranks=True)
    assert (task.name, task.mode) == ("starter_reviews.zero_shot.rank", "rank")
    assert task.option_targets is not None
    (task,) = evaluation_tasks(mixture_of("starter_reviews.zero_shot"), ranks=True)
    assert (task.name, task.mode) == ("starter_reviews.zero_shot", "generate")


@pytest.mark.parametrize("name", ["starter_reviews", "starter_titles"])
def test_options_are_put_into_words_as_the_template_puts_the_answer(name: str):
    spec = get_task(name)
    options = ["one", "two", "one"]
    for number, template in enumerate(spec.templates):
        if template.target_fields != {"answer"}:
            continue
        for style in spec.option_styles:
            record = {"template": number, "options": options, "option_style": style.name}
            said = [style.answer(options, o) if template.uses_options else o for o in options]
            expected = [
                template.render({"answer": text} | _blank(template)).targets for text in said
            ]
            assert option_targets(spec, record) == expected


def _blank(template) -> dict[str, str]:
    return dict.fromkeys(template.input_fields, "")
