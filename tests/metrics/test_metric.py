"""A metric averages over examples, is SeqIO's kind of metric function, and refuses bad input."""

import json
import pickle

import numpy as np
import pytest

from flan_mix.metrics import (
    Metric,
    accuracy,
    bleu,
    chrf,
    correlation,
    edit_similarity,
    entity_f1,
    exact_match,
    faithfulness,
    macro_f1,
    matthews,
    positive_f1,
    question_match,
    rouge,
    token_f1,
)

SHIPPED = [rouge, accuracy, exact_match, token_f1, edit_similarity]
CORPUS = [bleu, chrf, correlation, entity_f1, macro_f1, matthews, positive_f1, question_match]
each_metric = pytest.mark.parametrize("metric", SHIPPED, ids=lambda metric: metric.name)


def test_a_metric_is_the_mean_over_examples():
    assert accuracy(["yes", "no", "no"], ["yes", "yes", "no"]) == {"accuracy": 200 / 3}
    assert accuracy([["a", "b"], "c"], ["b", "c"]) == {"accuracy": 100.0}


@each_metric
def test_seqio_takes_it_for_a_metric_of_predictions(metric):
    seqio = pytest.importorskip("seqio")
    task = seqio.Task("no_name", None, {}, metric_fns=[metric])
    assert task.predict_metric_fns == [metric]
    assert task.score_metric_fns == []
    assert metric.__name__ == metric.name


def test_seqio_computes_it_from_model_output():
    seqio = pytest.importorskip("seqio")
    vocabulary = seqio.ByteVocabulary()
    examples = [{"targets": np.array(vocabulary.encode(text))} for text in ("yes", "nay")]
    task = seqio.Task("no_name", None, {}, metric_fns=[accuracy])
    features = {"targets": seqio.Feature(vocabulary)}
    output = np.array([vocabulary.encode("yes")] * 2)
    collected = task.metric_objs[0].from_model_output(examples, output, features)
    scores, _ = collected.actual_compute(examples, features)
    assert scores == {"accuracy": 50.0}


@each_metric
def test_every_key_lies_between_0_and_100(metric):
    assert metric.score_example("the red fox", ["the red fox"]) == dict.fromkeys(metric.keys, 100.0)
    assert metric.score_example("zzz", ["fox"]) == dict.fromkeys(metric.keys, 0.0)
    assert metric.score_example("", ["fox"]) == dict.fromkeys(metric.keys, 0.0)
    assert all(type(score) is float for score in metric.score_example("a", ["b c"]).values())


@each_metric
def test_the_best_reference_counts(metric):
    alone = metric.score_example("red fox", ["red foal"])
    among = metric.score_example("red fox", ["blue whale", "red fox", "red foal"])
    assert among == dict.fromkeys(metric.keys, 100.0) != alone


@each_metric
def test_what_is_no_text_is_refused_with_the_example(metric):
    with pytest.raises(TypeError, match=r"example 1: the prediction must be a str, not list"):
        metric(["a", "b"], ["a", ["b", "c"]])
    with pytest.raises(TypeError, match=r"example 0: the prediction must be a str, not int \(3\)"):
        metric(["3"], [3])
    with pytest.raises(TypeError, match=r"example 0: the references must be a list .* not int"):
        metric([3], ["3"])
    with pytest.raises(TypeError, match=r"every reference must be a str, not bytes"):
        metric([[b"yes"]], ["yes"])


@each_metric
def test_a_lone_string_is_not_taken_for_a_list_of_references(metric):
    with pytest.raises(TypeError, match="put a single reference in a list"):
        metric.score_example("yes", "yes")
    with pytest.raises(TypeError, match=r"targets must be a list, not str \('yes'\)"):
        metric("yes", ["y", "e", "s"])
    with pytest.raises(TypeError, match="predictions must be a list, not str"):
        metric(["y", "e", "s"], "yes")


@each_metric
def test_missing_examples_and_references_are_refused(metric):
    with pytest.raises(ValueError, match=f"{metric.name}: 1 predictions for 2 targets"):
        metric(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="there are no examples to score"):
        metric([], [])
    with pytest.raises(ValueError, match="example 1: there is no reference"):
        metric(["a", []], ["a", "b"])


def test_each_metric_says_how_its_figure_comes_about():
    for metric in (*SHIPPED, *CORPUS, faithfulness):
        assert 40 < len(metric.protocol) < 420 and metric.protocol.endswith("."), metric.name


def test_an_error_of_a_users_score_names_metric_and_example():
    def score(prediction, references):
        return {"field": float(json.loads(prediction) == json.loads(references[0]))}

    metric = Metric("json_field", ("field",), score)
    assert metric(["[1]"], ["[1]"]) == {"field": 1.0}
    with pytest.raises(ValueError, match="json_field, example 0: Expecting value"):
        metric(["[1]"], ["nothing"])


@each_metric
def test_metrics_can_be_sent_to_another_process(metric):
    assert pickle.loads(pickle.dumps(metric)) == metric
