"""Tasks in several templates: mean, spread, the best on validation, and averages from chance."""

import json
import statistics
from pathlib import Path

import numpy as np
import pytest

from flan_mix.evaluation import (
    BootstrapSettings,
    Evaluation,
    Prediction,
    families,
    read_evaluation,
    result_of,
    save_evaluation,
)
from flan_mix.evaluation.aggregates import aggregate_categories, aggregate_overall
from flan_mix.evaluation.chance import normalized
from flan_mix.evaluation.result_files import ResultFiles
from flan_mix.evaluation.task_result import save_result

BOOTSTRAP = BootstrapSettings(resamples=200)


def result(name, scores, *, category="c", family="", chooses=False, chance=0.0):
    predictions = [
        Prediction(name, category, f"e{n}", 0, "?", "x", ("x",), "x", {"accuracy": 100.0 * s})
        for n, s in enumerate(scores)
    ]
    return result_of(
        predictions,
        main_metric="accuracy",
        available=len(scores),
        bootstrap=BOOTSTRAP,
        family=family,
        chooses=chooses,
        chance=chance,
    )


RESULTS = [
    result("a.t0", [1, 1, 0, 0], family="a"),
    result("a.t1", [1, 0, 0, 0], family="a"),
    result("a.t2", [1, 1, 1, 0], family="a"),
    result("b", [1, 1, 1, 1]),
]
CHOOSING = [
    result("a.t0.validation", [1, 0], family="a", chooses=True),
    result("a.t1.validation", [1, 1], family="a", chooses=True),
    result("a.t2.validation", [0, 0], family="a", chooses=True),
]


def test_a_task_scores_the_mean_over_its_templates_with_their_standard_deviation():
    (task, _) = families(RESULTS)
    assert task.score == 50.0
    assert task.spread == pytest.approx(statistics.stdev([50.0, 25.0, 75.0]))
    assert task.best is None
    assert families([RESULTS[-1]])[0].spread is None


def test_the_template_that_validation_chooses_is_reported_with_its_test_score():
    (task, _) = families([*RESULTS, *CHOOSING])
    best = task.best
    assert best is not None
    # The second is worst on the test split, which has no say.
    assert (best.name, best.validation_score, best.score) == ("a.t1", 100.0, 25.0)


def test_a_task_counts_once_however_many_templates_it_has():
    overall = aggregate_overall(RESULTS, BOOTSTRAP)
    assert overall is not None
    assert overall.score == (50.0 + 100.0) / 2
    assert overall.means == {"accuracy": 75.0}
    assert (overall.families, len(overall.tasks), overall.examples) == (2, 4, 16)


def test_templates_are_drawn_again_on_the_same_examples():
    """Two templates that agree everywhere say no more than one: the interval must not shrink."""
    random = np.random.default_rng(1)
    scores = random.integers(0, 2, 60).tolist()
    once = aggregate_overall([result("a", scores)], BOOTSTRAP)
    twice = aggregate_overall([result(f"a.t{i}", scores, family="a") for i in (0, 1)], BOOTSTRAP)
    assert once is not None and twice is not None
    assert once.interval == twice.interval


def test_every_mean_of_a_category_and_of_templates_has_its_interval():
    metrics = Evaluation(tuple(RESULTS), {}, BOOTSTRAP).to_json()
    for where, figures in (("categories", metrics["categories"]["c"]), ("overall", None)):
        figures = figures or metrics["overall"]
        bounds = metrics["intervals"][where]
        bounds = bounds if where == "overall" else bounds["c"]
        assert bounds.keys() == {"accuracy", "score", "chance_normalized"}
        for key in bounds:
            low, high = bounds[key]
            assert low < figures[key] < high, key
    low, high = metrics["templates"]["a"]["interval"]
    assert low < metrics["templates"]["a"]["mean"] == 50.0 < high


def test_scores_are_counted_from_chance_before_they_are_averaged():
    results = [
        result("two", [1, 1, 1, 0], category="x", chance=50.0),  # 75: half way from chance
        result("open", [1, 0, 0, 0], category="y", chance=0.0),  # 25
        result("four", [0, 0, 0, 0], category="z", chance=25.0),  # a third below chance
    ]
    found = aggregate_categories(results, BOOTSTRAP)
    assert found["x"].normalized == pytest.approx(50.0)
    assert found["z"].normalized == pytest.approx(-100 / 3)
    overall = aggregate_overall(results, BOOTSTRAP)
    assert overall is not None
    assert overall.normalized == pytest.approx((50 + 25 - 100 / 3) / 3)
    interval = overall.normalized_interval
    assert interval is not None
    assert interval.mean == pytest.approx(overall.normalized)
    assert interval.low < overall.normalized < interval.high


@pytest.mark.parametrize(
    ("scores", "published"),
    [
        # MMLU direct and CoT, BBH direct and CoT, TyDiQA, MGSM (Chung et al. 2022, table 5).
        ((55.1, 48.6, 45.3, 41.4, 19.0, 4.9), 23.7),  # Flan-T5-XXL
        ((52.4, 45.5, 41.0, 35.2, 16.6, 1.9), 19.1),  # Flan-T5-XL
        ((71.3, 62.9, 49.1, 63.7, 52.9, 45.9), 49.1),  # PaLM 540B
        ((73.5, 70.9, 57.9, 66.3, 67.8, 57.0), 58.4),  # Flan-PaLM 540B
    ],
)
def test_the_published_normalised_averages_come_out(scores, published: float):
    # MMLU has four options; guessing on BBH scores 25.7 (Suzgun et al. 2022, table 2).
    chances = (25.0, 25.0, 25.7, 25.7, 0.0, 0.0)
    mean = sum(map(normalized, scores, chances)) / 6
    assert mean == pytest.approx(published, abs=0.35)


def test_the_metrics_file_states_the_spread_and_reads_back(tmp_path: Path):
    files = ResultFiles(tmp_path)
    for each in (*RESULTS, *CHOOSING):
        save_result(files, each, {})
    evaluation = Evaluation(tuple(RESULTS), {}, BOOTSTRAP, choosing=tuple(CHOOSING))
    metrics = json.loads(save_evaluation(tmp_path, evaluation).read_text())
    assert set(metrics["tasks"]) == {"a.t0", "a.t1", "a.t2", "b"}
    assert set(metrics["templates"]) == {"a"}
    assert metrics["templates"]["a"]["best_on_validation"] == {
        "task": "a.t1",
        "validation": 100.0,
        "score": 25.0,
    }
    assert metrics["templates"]["a"]["scores"] == {"a.t0": 50.0, "a.t1": 25.0, "a.t2": 75.0}
    assert metrics["categories"]["c"]["tasks"] == 2
    assert "chance_normalized" in metrics["intervals"]["overall"]
    assert read_evaluation(tmp_path).to_json() == metrics


def test_templates_of_which_only_some_were_validated_are_refused():
    with pytest.raises(ValueError, match="a: 2 templates were scored on the validation split"):
        families([*RESULTS, *CHOOSING[:2]])
