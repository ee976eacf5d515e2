"""Tasks asked in several wordings: their mean and spread, beside each model's."""

import dataclasses
import statistics

from flan_mix.reports import render_report, template_spreads
from tests.evaluation.test_comparison import evaluation, result
from tests.reports.starter_models import starter_report
from tests.reports.test_html_report import Page


def wordings(*scores: float, chooses: bool = False):
    return [
        dataclasses.replace(
            result([score] * 6, f"a.template_{i}{'.validation' * chooses}"),
            family="a",
            chooses=chooses,
        )
        for i, score in enumerate(scores)
    ]


def chosen_on_validation(scores, validation):
    whole = evaluation(*wordings(*scores), result([1] * 6, "b"))
    return dataclasses.replace(whole, choosing=tuple(wordings(*validation, chooses=True)))


def test_spread_is_that_over_the_templates_of_each_model():
    models = [
        evaluation(*wordings(10, 20, 60), result([5] * 6, "b")),
        chosen_on_validation((30, 40, 50), (3, 9, 1)),
    ]
    (spread,) = template_spreads(models)
    assert (spread.task, spread.templates, spread.metric) == ("a", 3, "accuracy")
    assert [family.score for family in spread.families] == [30, 40]
    assert spread.families[0].spread == statistics.stdev([10, 20, 60])
    page = Page(render_report(starter_report(spreads=[spread]))).words
    wording = page.split("How much the wording matters")[-1].split("Answers, side by side")[0]
    assert "a Accuracy 3 30.0 ± 26.5 10.0 to 60.0 40.0 ± 10.0 30.0 to 50.0" in wording
    assert "chosen on validation: 40.0" in wording


def test_models_asked_in_other_wordings_are_not_set_side_by_side():
    assert template_spreads([evaluation(*wordings(1, 2)), evaluation(*wordings(1, 2, 3))]) == []
    assert template_spreads([evaluation(*wordings(1)), evaluation(*wordings(1))]) == []
