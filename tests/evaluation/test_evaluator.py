"""Evaluation asks, scores, writes, and goes on where it was cut short."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flan_mix.evaluation import (
    EvaluationSettings,
    EvaluationTask,
    TargetSums,
    TeacherForcing,
    evaluate,
    evaluate_task,
    read_evaluation,
    read_predictions,
)
from flan_mix.metrics import accuracy, exact_match, rouge
from flan_mix.vocabularies import ByteVocabulary
from tests.evaluation.evaluated_tasks import (
    VOCABULARY,
    Row,
    TextModel,
    cache_of,
    last_word,
    numbered_rows,
    task_of,
)


def wrong_from_three(text: str) -> str:
    """Right on the numbers 0, 1 and 2 only."""
    return last_word(text) if int(last_word(text)) < 3 else "wrong"


def test_a_prediction_line_holds_what_was_asked_answered_and_meant(tmp_path: Path):
    rows = [Row("a-1", "say ümlaut 7", "7", references=("7", "seven"), template=4)]
    evaluate([task_of(tmp_path, rows)], TextModel(last_word), VOCABULARY, tmp_path / "out")
    lines = (tmp_path / "out/predictions/made.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "task": "made",
            "category": "echoes",
            "id": "a-1",
            "template": 4,
            "inputs": "say ümlaut 7",
            "target": "7",
            "references": ["7", "seven"],
            "prediction": "7",
            "scores": {"accuracy": 100.0},
            "seed": 0,
            "pass_index": 0,
        }
    ]


def test_the_target_is_the_reference_where_the_data_names_none(tmp_path: Path):
    result = evaluate_task(task_of(tmp_path, numbered_rows(1)), TextModel(last_word), VOCABULARY)
    assert result.predictions[0].references == ("0",)
    assert result.scores == {"accuracy": 100.0}


def test_metrics_file_has_tasks_categories_overall_and_intervals(tmp_path: Path):
    tasks = [
        task_of(tmp_path, numbered_rows(4), name="easy", category="numbers"),
        task_of(tmp_path, numbered_rows(6), name="hard", category="numbers"),
        task_of(tmp_path, numbered_rows(2), name="other", category="words"),
    ]
    evaluate(tasks, TextModel(wrong_from_three), VOCABULARY, tmp_path / "out")
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["tasks"] == {
        "easy": {"accuracy": 75.0, "examples": 4},
        "hard": {"accuracy": 50.0, "examples": 6},
        "other": {"accuracy": 100.0, "examples": 2},
    }
    # A category is the mean of its tasks, not of its examples; overall likewise of categories.
    assert metrics["categories"]["numbers"]["score"] == 62.5
    assert metrics["categories"]["words"]["score"] == 100.0
    assert metrics["overall"]["score"] == 81.25
    low, high = metrics["intervals"]["tasks"]["hard"]["accuracy"]
    assert 0 <= low < 50 < high <= 100
    assert metrics["intervals"]["tasks"]["other"]["accuracy"] == [100.0, 100.0]
    low, high = metrics["intervals"]["overall"]["score"]
    assert low < 81.25 < high


def test_main_score_is_the_first_key_of_the_first_metric(tmp_path: Path):
    task = task_of(tmp_path, numbered_rows(2), metrics=(rouge, exact_match))
    result = evaluate_task(task, TextModel(lambda _: "0"), VOCABULARY)
    assert result.main_metric == "rouge1"
    assert result.main_score == 50.0
    assert set(result.scores) == {*rouge.keys, "exact_match"}


def test_postprocess_applies_to_both_sides_and_is_shown(tmp_path: Path):
    rows = [Row("1", "how many?", "I count: 12", references=("I count: 12",))]
    task = task_of(tmp_path, rows, postprocess=lambda text: text.rsplit(":", 1)[-1].strip())
    result = evaluate_task(task, TextModel(lambda _: "Six and six: 12"), VOCABULARY)
    prediction = result.predictions[0]
    assert prediction.scores == {"accuracy": 100.0}
    assert prediction.prediction == "Six and six: 12"
    assert prediction.scored is not None
    assert (prediction.scored.prediction, prediction.scored.references) == ("12", ("12",))


def test_num_examples_are_spread_over_the_split_and_told(tmp_path: Path):
    model = TextModel(last_word)
    settings = EvaluationSettings(num_examples=3)
    evaluate(
        [task_of(tmp_path, numbered_rows(5))],
        model,
        VOCABULARY,
        tmp_path / "out",
        settings=settings,
    )
    assert model.asked == ["say 0", "say 1", "say 3"]
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["tasks"]["made"]["examples"] == 3
    assert metrics["measured"]["tasks"]["made"]["examples_available"] == 5
    assert metrics["measured"]["facts"]["num_examples"] == 3


def test_long_inputs_lose_their_end_and_keep_eos(tmp_path: Path):
    seen = []

    def generate(inputs):
        seen.extend(inputs)
        return [""] * len(inputs)

    settings = EvaluationSettings(max_input_length=4)
    evaluate_task(
        task_of(tmp_path, [Row("1", "abcdefgh", "x"), Row("2", "ab", "x")]),
        generate,
        VOCABULARY,
        settings=settings,
    )
    eos = VOCABULARY.eos_id
    assert seen == [[*VOCABULARY.encode("abc"), eos], [*VOCABULARY.encode("ab"), eos]]


class Interrupted(Exception):
    """Stands for a kill."""


def test_a_resumed_evaluation_asks_only_what_is_left(tmp_path: Path):
    tasks = [task_of(tmp_path, numbered_rows(3), name=name) for name in ("first", "second")]
    model = TextModel(wrong_from_three)

    def dies_on_second(inputs):
        if len(model.asked) >= 3:
            raise Interrupted
        return model(inputs)

    with pytest.raises(Interrupted):
        evaluate(tasks, dies_on_second, VOCABULARY, tmp_path / "out")
    assert not (tmp_path / "out/metrics.json").exists()

    again = TextModel(wrong_from_three)
    told = []
    resumed = evaluate(
        tasks,
        again,
        VOCABULARY,
        tmp_path / "out",
        on_task=lambda result, found: told.append((result.name, found)),
    )
    assert told == [("first", True), ("second", False)]
    assert len(again.asked) == 3
    whole = evaluate(tasks, TextModel(wrong_from_three), VOCABULARY, tmp_path / "whole")
    assert resumed == whole
    assert (tmp_path / "out/metrics.json").read_bytes() == (
        tmp_path / "whole/metrics.json"
    ).read_bytes()


SETTINGS = EvaluationSettings(facts={"checkpoint": "100", "shape": (1, 2)})


@pytest.mark.parametrize(
    "change",
    [
        {"settings": EvaluationSettings(facts={"checkpoint": "200", "shape": (1, 2)})},
        {"settings": EvaluationSettings(num_examples=2)},
        {"content": "v2"},
        {"metrics": (accuracy, exact_match)},
        # The same keys, the same protocol, another rule.
        {"metrics": (replace(accuracy, score_example=lambda given, wanted: {"accuracy": 1.0}),)},
        {"postprocess": str.upper},
        {"settings": replace(SETTINGS, model="trained again")},
    ],
)
def test_a_result_of_other_settings_or_data_is_not_reused(tmp_path: Path, change: dict):
    first, rows = SETTINGS, numbered_rows(3)
    out = tmp_path / "out"
    evaluate([task_of(tmp_path, rows)], TextModel(last_word), VOCABULARY, out, settings=first)

    unchanged, changed = TextModel(last_word), TextModel(last_word)
    evaluate([task_of(tmp_path, rows)], unchanged, VOCABULARY, out, settings=first)
    assert unchanged.asked == []
    settings = change.pop("settings", first)
    evaluate([task_of(tmp_path, rows, **change)], changed, VOCABULARY, out, settings=settings)
    assert changed.asked


def test_a_broken_off_evaluation_never_stands_beside_the_figures_of_another(tmp_path: Path):
    tasks = [task_of(tmp_path, numbered_rows(3), name=name) for name in ("first", "second")]
    out, model = tmp_path / "out", TextModel(last_word)

    def dies_on_second(inputs):
        if len(model.asked) >= 2:
            raise Interrupted
        return model(inputs)

    whole = evaluate(tasks, TextModel(wrong_from_three), VOCABULARY, out)
    fewer = EvaluationSettings(num_examples=2)
    with pytest.raises(Interrupted):
        evaluate(tasks, dies_on_second, VOCABULARY, out, settings=fewer)
    # The answers to the first are other ones by now than those that metrics.json was about.
    with pytest.raises(FileNotFoundError, match="no finished evaluation"):
        read_evaluation(out)
    # Nothing of the second is lost, and the first is not taken for what it was.
    again = TextModel(wrong_from_three)
    assert evaluate(tasks, again, VOCABULARY, out) == whole
    assert len(again.asked) == 3


def test_a_kill_between_answers_and_figures_leaves_the_task_unfinished(tmp_path: Path, monkeypatch):
    task, out = task_of(tmp_path, numbered_rows(3)), tmp_path / "out"
    evaluate([task], TextModel(wrong_from_three), VOCABULARY, out)

    def dies(*_):
        raise Interrupted

    with monkeypatch.context() as patched, pytest.raises(Interrupted):
        patched.setattr("flan_mix.evaluation.task_result.write_json", dies)
        evaluate(
            [task],
            TextModel(last_word),
            VOCABULARY,
            out,
            settings=EvaluationSettings(num_examples=2),
        )
    again = TextModel(wrong_from_three)
    evaluate([task], again, VOCABULARY, out)
    assert len(again.asked) == 3


def test_an_evaluation_read_back_is_the_one_written(tmp_path: Path):
    rows = [Row("1", "line\u2028break", 'quote " and \n newline', references=("a", "b"))]
    task = task_of(tmp_path, rows, metrics=(rouge,), postprocess=str.strip)
    written = evaluate([task], TextModel(last_word), VOCABULARY, tmp_path / "out")
    assert read_evaluation(tmp_path / "out") == written
    assert read_predictions(tmp_path / "out/predictions/made.jsonl") == written.tasks[0].predictions


def test_teacher_forced_scores_cover_the_evaluated_examples_only(tmp_path: Path):
    measured = []

    def measure(batches):
        sums = []
        for batch in batches:
            measured.append(batch["decoder_target_tokens"].shape)
            inside = batch["decoder_segment_ids"] > 0
            ends = (batch["decoder_target_tokens"] == VOCABULARY.eos_id) & inside
            rows = zip(inside.sum(axis=1), ends.sum(axis=1), strict=True)
            sums += [TargetSums(tokens**2, right, tokens) for tokens, right in rows if tokens]
        return sums

    rows = [Row(str(n), "x", "a" * (n + 2)) for n in range(5)]
    result = evaluate_task(
        task_of(tmp_path, rows),
        TextModel(last_word),
        VOCABULARY,
        settings=EvaluationSettings(num_examples=3),
        teacher_forcing=TeacherForcing(measure, batch_size=2, feature_lengths=None),
    )
    assert measured == [(2, 7), (2, 7)]
    # Examples 0, 1 and 3, with 3, 4 and 6 tokens; the EOS is what this model gets right.
    assert result.scores["loss"] == pytest.approx((9 + 16 + 36) / 13)
    assert result.scores["token_accuracy"] == pytest.approx(100 * 3 / 13)
    assert result.intervals["loss"].low == pytest.approx(3)
    assert result.intervals["loss"].high == pytest.approx(6)
    assert result.intervals.keys() == result.protocols.keys() == result.scores.keys()
    assert "in nats" in result.protocols["loss"]


def test_a_task_without_metrics_is_kept_out_of_the_means(tmp_path: Path):
    tasks = [
        task_of(tmp_path, numbered_rows(2), name="scored"),
        task_of(tmp_path, numbered_rows(2), name="unscored", metrics=()),
    ]
    evaluate(tasks, TextModel(last_word), VOCABULARY, tmp_path / "out")
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["tasks"]["unscored"] == {"examples": 2}
    assert metrics["categories"]["echoes"]["tasks"] == 1
    assert metrics["overall"]["score"] == 100


def test_tokens_of_a_task_without_texts_are_decoded(tmp_path: Path):
    ids = {
        "inputs": np.array([*VOCABULARY.encode("say 3"), 1]),
        "targets": np.array([*VOCABULARY.encode("3"), 1]),
    }
    result = evaluate_task(
        task_of(tmp_path, [Row("1", "", "", tokens=ids)]), TextModel(last_word), VOCABULARY
    )
    prediction = result.predictions[0]
    assert (prediction.inputs, prediction.target, prediction.references) == ("say 3", "3", ("3",))


def test_a_train_cache_is_refused_because_it_has_no_texts(tmp_path: Path):
    cache = cache_of(tmp_path, numbered_rows(2), split="train")
    with pytest.raises(ValueError, match="another split than train"):
        EvaluationTask("made", "echoes", cache, (accuracy,))


def test_a_cache_of_another_vocabulary_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"made: its cache was made with another vocabulary"):
        evaluate_task(
            task_of(tmp_path, numbered_rows(1)), TextModel(last_word), ByteVocabulary(extra_ids=5)
        )


def test_a_model_that_loses_answers_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="1 answers to 2 inputs"):
        evaluate_task(task_of(tmp_path, numbered_rows(2)), lambda inputs: ["0"], VOCABULARY)


def test_an_error_in_scoring_names_task_and_example(tmp_path: Path):
    def refuse(text: str) -> str:
        raise ValueError("no number in it")

    task = task_of(tmp_path, numbered_rows(2), postprocess=refuse)
    with pytest.raises(ValueError, match="made, example 'id-0': no number in it"):
        evaluate_task(task, TextModel(last_word), VOCABULARY)


def test_a_task_listed_twice_is_refused(tmp_path: Path):
    task = task_of(tmp_path, numbered_rows(1))
    with pytest.raises(ValueError, match="made: listed more than once"):
        evaluate([task, task], TextModel(last_word), VOCABULARY, tmp_path / "out")


def test_a_damaged_predictions_file_is_named_with_its_line(tmp_path: Path):
    path = tmp_path / "made.jsonl"
    evaluate([task_of(tmp_path, numbered_rows(2))], TextModel(last_word), VOCABULARY, tmp_path)
    good = (tmp_path / "predictions/made.jsonl").read_text().splitlines()
    path.write_text(good[0] + "\n" + good[1][:20] + "\n")
    with pytest.raises(ValueError, match=r"made\.jsonl, line 2"):
        read_predictions(path)
