"""Ranked options: the likeliest one is the answer, whatever the cache looks like."""

import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from flan_mix.evaluation import (
    EvaluationSettings,
    EvaluationTask,
    ScoredOption,
    evaluate,
    evaluate_task,
    read_evaluation,
)
from flan_mix.metrics import accuracy
from flan_mix.metrics.ranking import rank_accuracy
from tests.evaluation.evaluated_tasks import VOCABULARY, Row, TextModel, cache_of

OPTIONS = ("red", "dark green", "blue")


def nothing(inputs: Sequence[Sequence[int]]) -> list[list[int]]:
    raise AssertionError("a ranked task generates nothing")


class Scorer:
    """Likelihoods from a table of texts; remembers what it was asked."""

    def __init__(self, likelihood):
        self._likelihood = likelihood
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, inputs, options):
        texts = [VOCABULARY.decode(tokens) for tokens in inputs]
        listed = [tuple(VOCABULARY.decode(o) for o in group) for group in options]
        self.asked += zip(texts, listed, strict=True)
        return [
            np.array([self._likelihood(text, option) for option in group], np.float32)
            for text, group in zip(texts, listed, strict=True)
        ]


def by_hash(text: str, option: str) -> float:
    """A likelihood that only the texts decide."""
    return -float(zlib.crc32(f"{text}|{option}".encode()) % 1000) / 10


def rows_by_option(answers: Sequence[str]) -> list[Row]:
    """What the cache of a `.rank` variant holds: a row for each option."""
    return [
        Row(
            f"e{n}#{i}",
            f"colour {n}?",
            option,
            options=OPTIONS,
            answer=answer,
            option=option,
        )
        for n, answer in enumerate(answers)
        for i, option in enumerate(OPTIONS)
    ]


def ranked_task(directory: Path, rows: Sequence[Row], **more) -> EvaluationTask:
    cache = cache_of(directory, rows)
    return EvaluationTask("made.rank", "colours", cache, (accuracy,), mode="rank", **more)


def test_rows_of_options_are_put_together_and_scored_as_seqio_scores_them(tmp_path: Path):
    answers = [OPTIONS[n % 3] for n in range(40)]
    scorer = Scorer(by_hash)
    task = ranked_task(tmp_path, rows_by_option(answers))
    result = evaluate_task(task, nothing, VOCABULARY, score_options=scorer)
    targets = [(n, option == answers[n]) for n in range(40) for option in OPTIONS]
    scores = [by_hash(f"colour {n}?", option) for n in range(40) for option in OPTIONS]
    assert result.scores["rank_accuracy"] == pytest.approx(
        rank_accuracy(targets, scores)["rank_accuracy"]
    )
    assert 0 < result.scores["rank_accuracy"] < 100
    assert (result.examples, result.available) == (40, 40)
    # Each input once, with all its options.
    assert scorer.asked == [(f"colour {n}?", OPTIONS) for n in range(40)]


def test_every_figure_of_a_ranked_task_says_how_it_comes_about(tmp_path: Path):
    task = ranked_task(tmp_path, rows_by_option(["blue"]))
    result = evaluate_task(task, nothing, VOCABULARY, score_options=Scorer(by_hash))
    assert result.protocols.keys() == result.scores.keys() == result.intervals.keys()
    assert "summed over its tokens" in result.protocols["rank_accuracy"]


def test_the_chosen_option_is_the_prediction_and_all_are_written(tmp_path: Path):
    table = {"red": -4.0, "dark green": -5.0, "blue": -6.0}
    task = ranked_task(tmp_path / "cache", rows_by_option(["dark green"]))
    evaluate(
        [task],
        nothing,
        VOCABULARY,
        tmp_path / "out",
        score_options=Scorer(lambda text, option: table[option]),
    )
    (line,) = (tmp_path / "out/predictions/made.rank.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["id"], row["prediction"], row["references"]) == ("e0", "red", ["dark green"])
    # Bytes and EOS: -4 over 4 tokens is less than -5 over 11.
    assert row["scores"] == {
        "rank_accuracy": 0.0,
        "rank_accuracy_per_token": 100.0,
        "accuracy": 0.0,
    }
    (read,) = read_evaluation(tmp_path / "out").task("made.rank").predictions
    assert read.options == (
        ScoredOption("red", -4.0, 4, False),
        ScoredOption("dark green", -5.0, 11, True),
        ScoredOption("blue", -6.0, 5, False),
    )


def test_options_of_a_record_are_put_into_the_words_of_its_target(tmp_path: Path):
    rows = [Row("a", "which?", "(B)", options=("x", "y"), answer="y", references=("y",))]
    scorer = Scorer(lambda text, option: {"(A)": -2.0, "(B)": -1.0}[option])
    task = ranked_task(tmp_path, rows, option_targets=lambda record: ["(A)", "(B)"])
    result = evaluate_task(task, nothing, VOCABULARY, score_options=scorer)
    assert scorer.asked == [("which?", ("(A)", "(B)"))]
    assert result.predictions[0].prediction == "y"
    assert result.scores["rank_accuracy"] == 100.0


def test_the_first_of_equally_likely_options_is_taken(tmp_path: Path):
    task = ranked_task(tmp_path, rows_by_option(["red", "blue"]))
    result = evaluate_task(task, nothing, VOCABULARY, score_options=Scorer(lambda *_: -1.0))
    assert [p.scores["rank_accuracy"] for p in result.predictions] == [100.0, 0.0]


def test_a_limit_counts_examples_and_not_options(tmp_path: Path):
    task = ranked_task(tmp_path, rows_by_option(["red"] * 5))
    settings = EvaluationSettings(num_examples=2)
    result = evaluate_task(
        task, nothing, VOCABULARY, score_options=Scorer(by_hash), settings=settings
    )
    assert (result.examples, result.available) == (2, 5)
    assert [prediction.id for prediction in result.predictions] == ["e0", "e2"]


def test_chance_is_the_share_of_right_options(tmp_path: Path):
    task = ranked_task(tmp_path, rows_by_option(["red"] * 4))
    result = evaluate_task(task, nothing, VOCABULARY, score_options=Scorer(by_hash))
    assert result.chance == pytest.approx(100 / 3)
    # The same by generation, where the answer can be any text but the options are shown.
    rows = [Row(str(n), "?", "b", options=("a", "b", "c", "d"), answer="b") for n in range(3)]
    generated = EvaluationTask("g", "c", cache_of(tmp_path / "g", rows), (accuracy,))
    assert evaluate_task(generated, TextModel(str), VOCABULARY).chance == 25.0
    told = EvaluationTask("g", "c", cache_of(tmp_path / "g", rows), (accuracy,), chance=40.0)
    assert evaluate_task(told, TextModel(str), VOCABULARY).chance == 40.0


@pytest.mark.parametrize(
    ("rows", "scores", "message"),
    [
        ([Row("a#0", "?", "x", options=("x",), answer="y", option="x")], [[-1.0]], "none of its 1"),
        ([Row("a#0", "?", "x", options=("x",), answer="x", option="x")], [[np.nan]], "NaN"),
        ([Row("a#0", "?", "x", options=("x",), answer="x", option="x")], [[-1.0, 2.0]], "1 opt"),
        ([Row("a#0", "?", "x", options=("x",), answer="x", option="x")], [], "0 lists of scores"),
    ],
)
def test_what_cannot_be_ranked_is_refused_by_name(tmp_path: Path, rows, scores, message: str):
    task = ranked_task(tmp_path, rows)
    with pytest.raises(ValueError, match=message):
        evaluate_task(task, nothing, VOCABULARY, score_options=lambda *_: scores)


def test_a_task_without_options_is_refused_by_name(tmp_path: Path):
    task = ranked_task(tmp_path, [Row("a", "?", "x")], option_targets=lambda record: ["x"])
    with pytest.raises(ValueError, match="example 'a': it has no options"):
        evaluate_task(task, nothing, VOCABULARY, score_options=Scorer(by_hash))


def test_a_ranked_task_needs_something_to_score_options_with(tmp_path: Path):
    with pytest.raises(ValueError, match="ranks options, and nothing"):
        evaluate_task(ranked_task(tmp_path, rows_by_option(["red"])), nothing, VOCABULARY)
