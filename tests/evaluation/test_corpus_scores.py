"""Scores of the whole corpus in an evaluation: the figure, its interval, means, comparisons."""

import json
from pathlib import Path

import numpy as np
import pytest

from flan_mix.evaluation import (
    Evaluation,
    EvaluationSettings,
    Prediction,
    compare,
    evaluate,
    evaluate_task,
    read_evaluation,
    task_result,
)
from flan_mix.evaluation.bootstrap import BootstrapSettings
from flan_mix.metrics import Metric, accuracy, bleu, correlation, matthews
from tests.evaluation.evaluated_tasks import VOCABULARY, Row, TextModel, last_word, task_of

SETTINGS = EvaluationSettings(bootstrap=BootstrapSettings(resamples=300))
SENTENCES = [
    f"the {colour} {animal} ran over the {place} and was gone at {hour}"
    for colour, place in (("red", "hill"), ("grey", "road"), ("white", "ice"))
    for animal, hour in (("fox", "one"), ("hare", "two"), ("dog", "six"), ("cat", "ten"))
]


def translated(count: int = 12) -> list[Row]:
    return [Row(f"s{n}", f"say: {text}", text) for n, text in enumerate(SENTENCES[:count])]


def shortened(text: str) -> str:
    """A translation that keeps four words of half the sentences and all but one of the others."""
    words = text.removeprefix("say: ").split()
    return " ".join(words[:4] if words[2] in ("fox", "hare") else words[:-1])


def completed(text: str) -> str:
    """The same with a word more wherever one is missing."""
    whole, short = text.removeprefix("say: ").split(), shortened(text).split()
    return " ".join(whole[: len(short) + 1])


def evaluated(tmp_path: Path, name: str, answer, **settings) -> Evaluation:
    task = task_of(tmp_path / name, translated(**settings), metrics=(bleu, accuracy))
    return evaluate(
        [task], TextModel(answer), VOCABULARY, tmp_path / name / "out", settings=SETTINGS
    )


def test_the_figure_is_the_corpus_score_with_an_interval_around_it(tmp_path: Path):
    result = evaluated(tmp_path, "a", shortened).tasks[0]
    expected = bleu(SENTENCES, [shortened(text) for text in SENTENCES])["bleu"]
    assert (result.main_metric, result.main_score) == ("bleu", pytest.approx(expected))
    interval = result.intervals["bleu"]
    assert interval.low < expected < interval.high
    assert set(result.scores) == {"bleu", "accuracy"}
    assert result.predictions[0].scores == {"accuracy": 0.0}


def test_postprocess_is_applied_before_the_corpus_is_scored(tmp_path: Path):
    rows = [Row(str(n), f"x {n}", f"score: {n}") for n in range(5)]
    task = task_of(
        tmp_path,
        rows,
        metrics=(correlation,),
        postprocess=lambda text: text.removeprefix("score: "),
    )
    result = evaluate_task(task, TextModel(last_word), VOCABULARY, settings=SETTINGS)
    assert result.scores == pytest.approx({"pearson": 100, "spearman": 100, "readable": 100})


def test_an_evaluation_read_back_has_the_same_figures_means_and_intervals(tmp_path: Path):
    written = evaluated(tmp_path, "a", shortened)
    read = read_evaluation(tmp_path / "a" / "out")
    assert read == written
    assert read.to_json() == json.loads((tmp_path / "a/out/metrics.json").read_text())
    category = read.categories["echoes"]
    assert category.score == pytest.approx(written.tasks[0].main_score)
    assert category.interval is not None and category.interval.low < category.score


def test_a_comparison_draws_both_corpora_alike(tmp_path: Path):
    before = evaluated(tmp_path, "before", shortened)
    # Better in every sentence by about the same, so pairs differ less than sentences do.
    after = evaluated(tmp_path, "after", completed)
    difference = compare(before, after).tasks[0].main
    assert difference.change == pytest.approx(
        after.tasks[0].scores["bleu"] - before.tasks[0].scores["bleu"]
    )
    spreads = [
        e.tasks[0].intervals["bleu"].high - e.tasks[0].intervals["bleu"].low
        for e in (before, after)
    ]
    assert difference.verdict == "better"
    assert difference.high - difference.low < min(spreads)
    same = compare(before, before)
    assert (same.tasks[0].main.low, same.tasks[0].main.high) == (0, 0)
    assert same.categories[0].score.verdict == "unclear"


def test_a_comparison_scores_the_shared_examples_only(tmp_path: Path):
    before = evaluated(tmp_path, "before", shortened, count=12)
    after = evaluated(tmp_path, "after", lambda text: text.removeprefix("say: "), count=7)
    task = compare(before, after).tasks[0]
    seven = bleu(SENTENCES[:7], [shortened(text) for text in SENTENCES[:7]])["bleu"]
    assert (task.examples, task.unmatched) == (7, 5)
    assert (task.main.before, task.main.after) == (pytest.approx(seven), pytest.approx(100))


def test_a_corpus_metric_of_ones_own_is_drawn_again_where_its_code_is_at_hand(tmp_path: Path):
    def longest(predictions, references):
        lengths = np.array([len(text) for text in predictions], np.float64)
        return lambda weights: {"bleu": (weights.astype(bool) * lengths).max(axis=1)}

    own = Metric("longest", ("bleu",), lambda prediction, references: {}, longest)
    task = task_of(tmp_path, translated(), metrics=(own,))
    evaluation = evaluate([task], TextModel(shortened), VOCABULARY, tmp_path / "out")
    result = evaluation.tasks[0]
    assert result.scores == {"bleu": max(len(shortened(text)) for text in SENTENCES)}
    assert result.intervals["bleu"].low <= result.scores["bleu"]
    category = evaluation.categories["echoes"]
    assert category.interval is not None and category.interval.low <= category.score
    assert compare(evaluation, evaluation).tasks[0].main.low == 0
    # Files hold no code, and no task of this name is registered.
    read = read_evaluation(tmp_path / "out")
    assert read.tasks[0].intervals == result.intervals
    assert read.categories["echoes"].interval is None
    assert compare(read, read).tasks[0].main.low is None


def test_a_metric_of_a_registered_task_is_found_again_for_an_evaluation_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def share(predictions, references):
        short = np.array([len(text) < 20 for text in predictions], np.float64)
        return lambda weights: {"short": 100 * (weights @ short) / weights.sum(axis=1)}

    own = Metric("short", ("short",), lambda prediction, references: {}, share)
    task = task_of(tmp_path, translated(), metrics=(own,))
    evaluate([task], TextModel(shortened), VOCABULARY, tmp_path / "out", settings=SETTINGS)
    monkeypatch.setattr(task_result, "is_task", lambda name: name == "made")
    monkeypatch.setattr(task_result, "get_task", lambda name: task)
    interval = read_evaluation(tmp_path / "out").categories["echoes"].interval
    assert interval is not None and interval.low < interval.high


def test_the_protocol_of_each_figure_stands_in_the_file(tmp_path: Path):
    evaluated(tmp_path, "a", shortened)
    written = json.loads((tmp_path / "a/out/metrics.json").read_text())["measured"]["tasks"]
    assert written["made"]["protocols"] == {"bleu": bleu.protocol, "accuracy": accuracy.protocol}
    assert "sacrebleu" in bleu.protocol
    assert read_evaluation(tmp_path / "a" / "out").tasks[0].protocols["bleu"] == bleu.protocol


def test_a_metric_that_looks_into_the_source_gets_the_query_without_its_exemplars(tmp_path: Path):
    def says(prediction, references, source):
        return {"in_source": 100.0 * (prediction in source)}

    own = Metric("in_source", ("in_source",), lambda *_: {}, score_with_source=says)
    shots = ("Bo lives here.", "Al lives there.\n\nBo lives here.")
    row = Row("r", shots[1], "Bo", exemplars=("e",), shot_style="s", inputs_by_shots=shots)
    task = task_of(tmp_path, [row, Row("plain", "Al lives there.", "Al")], metrics=(own,))
    result = evaluate_task(task, TextModel(lambda text: "Al"), VOCABULARY, settings=SETTINGS)
    assert [p.scores["in_source"] for p in result.predictions] == [0, 100]
    assert [p.query for p in result.predictions] == ["Bo lives here.", None]
    assert Prediction.from_json(result.predictions[0].to_json()) == result.predictions[0]


def test_a_metric_that_puts_examples_together_gets_their_ids(tmp_path: Path):
    def all_right(predictions, references, ids):
        wrong = {i[0] for p, r, i in zip(predictions, references, ids, strict=True) if p != r[0]}
        return lambda weights: {"all_right": np.full(len(weights), float(len(wrong)))}

    own = Metric("all_right", ("all_right",), lambda *_: {}, score_with_ids=all_right)
    rows = [Row("a1", "say 1", "1"), Row("a2", "say 2", "3"), Row("b1", "say 4", "4")]
    result = evaluate_task(
        task_of(tmp_path, rows, metrics=(own,)), TextModel(last_word), VOCABULARY
    )
    assert result.scores == {"all_right": 1.0} and result.corpus_keys == ("all_right",)


def test_labels_of_two_tasks_are_averaged_with_an_interval(tmp_path: Path):
    rows = [
        Row(str(n), f"is it {'good' if n % 3 else 'bad'}", "good" if n % 2 else "bad")
        for n in range(24)
    ]
    tasks = [
        task_of(tmp_path, rows, name="labels", metrics=(matthews,)),
        task_of(tmp_path, translated(), name="sentences", metrics=(accuracy,)),
    ]
    found = evaluate(tasks, TextModel(last_word), VOCABULARY, tmp_path / "out", settings=SETTINGS)
    expected = (found.tasks[0].scores["matthews"] + found.tasks[1].scores["accuracy"]) / 2
    overall = found.overall
    assert overall is not None and overall.interval is not None
    assert overall.score == pytest.approx(expected)
    assert overall.interval.low <= expected <= overall.interval.high


def test_an_unscorable_reference_names_task_and_example(tmp_path: Path):
    task = task_of(tmp_path, [Row("r1", "x", "high")], metrics=(correlation,))
    with pytest.raises(ValueError, match="made, example 'r1': the reference 'high' is no number"):
        evaluate_task(task, TextModel(last_word), VOCABULARY)
