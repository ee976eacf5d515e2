"""Metrics of a whole corpus, against cases by hand and second implementations, and resampled."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.metrics import (
    Metric,
    bleu,
    chrf,
    corpus_metric,
    correlation,
    entity_f1,
    macro_f1,
    matthews,
    positive_f1,
    question_match,
    read_entities,
)

CORPUS_METRICS = [bleu, chrf, correlation, entity_f1, macro_f1, matthews, positive_f1]
each_metric = pytest.mark.parametrize("metric", CORPUS_METRICS, ids=lambda metric: metric.name)

# Targets that each metric can score, with answers of which some are wrong.
TARGETS = {
    "bleu": ["the red fox ran home today", "it rained all of the day", "no one came here at all"],
    "chrf": ["the red fox", "it rained", "no one came"],
    "correlation": ["1", "2.5", "4"],
    "entity_f1": ["Ann (person); Oslo (location)", "Bo (person)", "No names."],
    "macro_f1": ["yes", "maybe", "yes"],
    "matthews": ["good", "bad", "good"],
    "positive_f1": ["yes", "no", "yes"],
}
ANSWERS = {
    "bleu": ["the red fox ran home", "it rained all day of the day", "no one came here"],
    "chrf": ["the red wolf", "it rains", "someone came"],
    "correlation": ["1", "4", "2"],
    "entity_f1": ["Ann (person)", "Bo (group); Bo (person)", "Al (person)"],
    "macro_f1": ["yes", "yes", "no"],
    "matthews": ["good", "good", "?"],
    "positive_f1": ["yes", "yes", "no"],
}
NUMBERS = st.lists(st.integers(0, 4), min_size=2, max_size=9)


@each_metric
def test_all_right_is_100(metric):
    targets = TARGETS[metric.name]
    assert metric(targets, targets) == pytest.approx(dict.fromkeys(metric.keys, 100.0))


@each_metric
def test_a_weight_of_2_is_the_example_twice(metric):
    targets, answers = TARGETS[metric.name], ANSWERS[metric.name]
    scores = metric.score_corpus(answers, [[target] for target in targets])
    drawn = [[0, 1, 2], [0, 0, 1], [2, 1, 1], [1, 2, 2]]
    weights = np.array([np.bincount(row, minlength=3) for row in drawn], np.float64)
    found = scores(weights)
    for number, row in enumerate(drawn):
        expected = metric([targets[i] for i in row], [answers[i] for i in row])
        assert {key: found[key][number] for key in metric.keys} == pytest.approx(expected)


@each_metric
def test_single_examples_get_no_score_but_are_checked(metric):
    target = TARGETS[metric.name][0]
    assert metric.score_example(target, [target]) == {}
    with pytest.raises(TypeError, match=r"example 1: the prediction must be a str, not int \(3\)"):
        metric([target, target], [target, 3])
    with pytest.raises(ValueError, match="example 0: there is no reference"):
        metric([[]], [target])
    with pytest.raises(ValueError, match="there are no examples to score"):
        metric([], [])


@each_metric
def test_it_is_found_by_each_of_its_keys(metric):
    assert all(corpus_metric(key) is metric for key in metric.keys)
    assert pickle.loads(pickle.dumps(metric)) == metric


def test_no_other_key_has_a_corpus_metric():
    assert corpus_metric("rouge1") is None


@pytest.mark.slow
def test_seqio_takes_them_for_metrics_of_predictions():
    seqio = pytest.importorskip("seqio")
    task = seqio.Task("no_name", None, {}, metric_fns=CORPUS_METRICS)
    assert task.predict_metric_fns == CORPUS_METRICS


def test_bleu_is_sacrebleus_own_corpus_score():
    sacrebleu = pytest.importorskip("sacrebleu")
    answers = ["The fox ran home, quickly.", "", "It's raining in the old town today!"]
    references = [
        ["The fox ran home quickly.", "The fox hurried home, quickly it ran."],
        ["Nobody said a word."],
        ["It is raining in the old town today."],
    ]
    streams = [[texts[0] for texts in references], [references[0][1], None, None]]
    expected = sacrebleu.corpus_bleu(answers, streams).score
    assert 20 < expected < 90
    assert bleu(references, answers)["bleu"] == pytest.approx(expected)


def test_chrf_is_sacrebleus_own_corpus_score():
    sacrebleu = pytest.importorskip("sacrebleu")
    answers = ["The fox ran home, quickly.", "", "Es regnet heute in der Altstadt!", "今日は雨です"]
    references = [
        ["The fox ran home quickly.", "Quickly the fox went."],
        ["Nobody said a word."],
        ["In der Altstadt regnet es heute."],
        ["今日は晴れです"],
    ]
    streams = [[texts[0] for texts in references], [references[0][1], None, None, None]]
    expected = sacrebleu.corpus_chrf(answers, streams).score
    assert 20 < expected < 90
    assert chrf(references, answers)["chrf"] == pytest.approx(expected)


def test_chrf_of_a_case_worked_out_by_hand():
    # Of "abc" 2 letters, 1 pair and no three stand in "abd", of as many each; longer ones have
    # neither. Precision and recall are (2/3 + 1/2 + 0) / 3 and so is any F of them.
    assert chrf(["abd"], ["abc"])["chrf"] == pytest.approx(100 * (2 / 3 + 1 / 2) / 3)
    # Recall counts four times: "ab" says 2 of 3 letters and 1 of 2 pairs of "abc", all right; the
    # text of three has no counterpart.
    precision, recall = 1.0, (2 / 3 + 1 / 2) / 2
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert chrf(["abc"], ["ab"])["chrf"] == pytest.approx(expected)


def test_bleu_of_a_case_worked_out_by_hand():
    # 6 words against 7; of the answer's 6, 5, 4 and 3 n-grams 5, 3, 2 and 1 are in the reference.
    score = bleu(["the cat sat on the red mat"], ["the cat sat on a mat"])["bleu"]
    precisions = [5 / 6, 3 / 5, 2 / 4, 1 / 3]
    assert score == pytest.approx(100 * np.exp(1 - 7 / 6) * np.prod(precisions) ** 0.25)


def test_bleu_is_of_the_corpus_and_not_the_mean_of_its_examples():
    targets, answers = TARGETS["bleu"][:2], [TARGETS["bleu"][0], "rain"]
    alone = [bleu([t], [a])["bleu"] for t, a in zip(targets, answers, strict=True)]
    assert alone == pytest.approx([100, 0])
    # All n-grams but "rain" are right, and 7 words were said of 12.
    expected = 100 * (6 / 7) ** 0.25 * np.exp(1 - 12 / 7)
    assert bleu(targets, answers)["bleu"] == pytest.approx(expected)


def test_bleu_refuses_scripts_without_spaces():
    with pytest.raises(ValueError, match=r"example 0: .*'今天下雨' is written without spaces"):
        bleu(["今天下雨"], ["it rains today"])
    assert bleu(["Straße и дом здесь стоят"], ["Straße и дом здесь стоят"])["bleu"] > 99


def test_correlation_of_a_case_worked_out_by_hand():
    # Deviations (-2, 0, 2) and (-1, 2, -1): their products add up to 0.
    assert correlation(["1", "3", "5"], ["2", "5", "2"])["pearson"] == pytest.approx(0)
    # Deviations (-1, 0, 1) and (-2, 0, 2) are proportional.
    assert correlation(["1", "2", "3"], ["1", "3", "5"])["pearson"] == pytest.approx(100)
    # Rank differences 1, 1 and 0: 1 - 6 · 2 / (3 · 8).
    assert correlation(["1", "20", "300"], ["2", "1", "9"])["spearman"] == pytest.approx(50)


@settings(max_examples=60)
@given(data=st.data())
def test_correlations_equal_scipys(data):
    stats = pytest.importorskip("scipy.stats")
    right = data.draw(NUMBERS.filter(lambda values: len(set(values)) > 1))
    given_ = data.draw(st.lists(st.integers(0, 4), min_size=len(right), max_size=len(right)))
    scores = correlation([str(v) for v in right], [f" {v}.0 " for v in given_])
    if len(set(given_)) == 1:
        assert (scores["pearson"], scores["spearman"]) == (0, 0)
        return
    assert scores["pearson"] == pytest.approx(100 * stats.pearsonr(right, given_).statistic)
    assert scores["spearman"] == pytest.approx(100 * stats.spearmanr(right, given_).statistic)


@pytest.mark.parametrize("unread", ["", "four", "3,5", "nan", "inf", "1e999", "2 3", "0x1", "٣"])
def test_an_unreadable_prediction_counts_as_the_mean_of_the_others(unread):
    found = correlation(["1", "2", "5", "4"], ["1", "3", unread, "5"])
    as_mean = correlation(["1", "2", "5", "4"], ["1", "3", "3", "5"])
    assert found == {**as_mean, "readable": 75.0}
    assert correlation(["1", "2"], [unread, unread]) == {
        "pearson": 0.0,
        "spearman": 0.0,
        "readable": 0.0,
    }


def test_equal_numbers_correlate_with_nothing_though_their_mean_is_rounded():
    # 0.1 + 0.1 + 0.1 is not 3 · 0.1 in floating point.
    assert correlation(["0.1"] * 3, ["0.7"] * 3)["pearson"] == 0
    scores = correlation.score_all(["0.7"] * 3 + ["5"], [["0.1"]] * 3 + [["2"]], list("abcd"))
    assert scores is not None
    found = scores(np.array([[1.0, 1, 1, 0], [2, 1, 3, 0], [1, 1, 1, 1]]))
    assert found["pearson"] == pytest.approx([0, 0, 100])
    # A spread far smaller than the numbers is one nevertheless.
    far = [str(1e6 + step / 1000) for step in (0, 1, 2)]
    assert correlation(["1", "2", "3"], far)["pearson"] == pytest.approx(100)


def test_correlation_refuses_references_that_are_no_number():
    with pytest.raises(ValueError, match="correlation, example 1: the reference 'high' is no num"):
        correlation(["1", "high"], ["1", "2"])
    with pytest.raises(ValueError, match=r"there must be one right answer, not 2: '1', '2'"):
        correlation([["1", "2"]], ["1"])


def test_matthews_of_a_case_worked_out_by_hand():
    # 3 true positives, 1 true negative, 1 false positive, 2 false negatives.
    targets = ["yes"] * 5 + ["no"] * 2
    answers = ["yes"] * 3 + ["no"] * 2 + [" no", "yes"]
    expected = (3 * 1 - 1 * 2) / np.sqrt((3 + 1) * (3 + 2) * (1 + 1) * (1 + 2))
    assert matthews(targets, answers)["matthews"] == pytest.approx(100 * expected)
    assert matthews(["a", "b"], ["b", "a"])["matthews"] == pytest.approx(-100)


@settings(max_examples=60)
@given(right=NUMBERS, data=st.data())
def test_matthews_of_many_labels_is_the_correlation_of_their_indicators(right, data):
    answers = data.draw(st.lists(st.integers(0, 6), min_size=len(right), max_size=len(right)))
    known = [answer if answer in right else -1 for answer in answers]
    labels = sorted({*right, *known})
    a, b = (np.array([[v == label for label in labels] for v in side]) for side in (right, known))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    spread = np.sqrt((a * a).sum() * (b * b).sum())
    expected = 100 * (a * b).sum() / spread if spread > 0 else 0.0
    found = matthews([str(v) for v in right], [str(v) for v in answers])["matthews"]
    assert found == pytest.approx(expected, abs=1e-9)


def test_matthews_says_0_where_nothing_varies_and_refuses_two_right_labels():
    assert matthews(["a", "a"], ["a", "b"]) == {"matthews": 0.0}
    assert matthews(["a", "b"], ["a", "a"]) == {"matthews": 0.0}
    with pytest.raises(ValueError, match="there must be one right answer"):
        matthews([["a", "b"]], ["a"])


def test_macro_f1_of_a_case_worked_out_by_hand():
    # yes: 2 right of 3 said and 2 that are, F1 4/5. no: 1 of 1 and 2, F1 2/3. maybe: none, F1 0.
    # The answer that is no label is missed where no was right, and is no class of its own.
    targets = ["yes", "yes ", "no", "no", "maybe"]
    answers = ["yes", " yes", "no", "dunno", "yes"]
    assert macro_f1(targets, answers)["macro_f1"] == pytest.approx(100 * (4 / 5 + 2 / 3) / 3)


@settings(max_examples=60)
@given(right=NUMBERS, data=st.data())
def test_macro_f1_is_the_mean_of_the_harmonic_means(right, data):
    answers = data.draw(st.lists(st.integers(0, 6), min_size=len(right), max_size=len(right)))
    pairs = list(zip(right, answers, strict=True))
    f1 = []
    for label in set(right):
        hits = pairs.count((label, label))
        precision = hits / answers.count(label) if label in answers else 0.0
        recall = hits / right.count(label)
        f1.append(2 * precision * recall / (precision + recall) if hits else 0.0)
    found = macro_f1([str(v) for v in right], [str(v) for v in answers])["macro_f1"]
    assert found == pytest.approx(100 * sum(f1) / len(f1))


def test_a_label_that_a_resample_lacks_has_no_part_in_its_macro_f1():
    scores = macro_f1.score_corpus(["a", "b", "a"], [["a"], ["b"], ["c"]])
    # Of the first two: both right. Of the last two: b right, c missed, a said in vain.
    weights = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    assert scores(weights)["macro_f1"] == pytest.approx([100, 100 / 3])
    with pytest.raises(ValueError, match="macro_f1, example 0: there must be one right answer"):
        macro_f1([["a", "b"]], ["a"])


def test_positive_f1_of_a_case_worked_out_by_hand():
    # Said yes 3 times, 2 of them right, of 4 that are: P 2/3, R 2/4, F1 4/7.
    targets = ["yes", "Yes", "true", "yes", "no", "False"]
    answers = ["yes", "True ", "no", "dunno", "yes", "no"]
    assert positive_f1(targets, answers)["positive_f1"] == pytest.approx(400 / 7)
    assert positive_f1(["no"], ["no"]) == {"positive_f1": 0.0}


def test_positive_f1_refuses_answers_of_which_none_is_positive():
    with pytest.raises(ValueError, match="example 0: the reference 'entailed' is neither yes or"):
        positive_f1(["entailed"], ["yes"])


def test_entity_f1_of_a_case_worked_out_by_hand():
    targets = ["Ann (person); Oslo (location); Ann (person)", "No names.", "AC;DC (group)"]
    answers = ["Ann (Person);  Oslo (group)", "Bo (person)", "AC;DC (group); ACDC (group)"]
    # Ann once of twice, Oslo of another kind, Bo for nothing, AC;DC and a misspelt one: 2 right of
    # 5 said and 4 that there are.
    assert entity_f1(targets, answers) == pytest.approx(
        {"entity_f1": 400 / 9, "entity_precision": 40, "entity_recall": 50}
    )


def test_entities_of_what_a_model_may_write():
    written = "The Who (live) (product); oslo(location) ; (person); nobody; Ann  Lee (Person)"
    assert read_entities(written) == {
        ("The Who (live)", "product"): 1,
        ("oslo", "location"): 1,
        ("(person); nobody; Ann Lee", "person"): 1,
    }
    assert read_entities("There are none, I think.") == {}
    assert read_entities("") == {}


def test_entity_f1_takes_the_better_reference_and_refuses_what_is_no_list():
    assert entity_f1([["No names.", "Ann (person)"]], ["Ann (person)"])["entity_f1"] == 100
    assert entity_f1([["Ann (person)", "No names."]], [""]) == {
        "entity_f1": 0,
        "entity_precision": 0,
        "entity_recall": 0,
    }
    for reference in ("Ann (person), Bo", "Ann; Bo", "(person)"):
        with pytest.raises(ValueError, match=r"is no list of names: write them as 'name \(kind\)"):
            entity_f1([reference], ["Ann (person)"])


MULTIRC_IDS = ["p-0-0", "p-0-1", "p-1-0", "q-0-0", "q-0-1", "q-0-2"]


def test_multirc_is_f1_over_all_answers_and_exact_match_of_questions():
    # SuperGLUE's F1a and EM. Yes was said 3 times, 2 of them right, of 2 that are: F1 4/5. Of three
    # questions all but the last one's answers are judged right.
    right = ["yes", "no", "yes", "no", "no", "no"]
    said = ["yes", "no", "yes", "no", "yes", "no"]
    assert positive_f1(right, said)["positive_f1"] == pytest.approx(80)
    scores = question_match.score_all(said, [[text] for text in right], MULTIRC_IDS)
    assert scores is not None
    assert scores(np.ones((1, 6)))["question_match"] == pytest.approx([200 / 3])


def test_question_match_counts_questions_whose_answers_are_all_judged_right():
    right = [["yes"], ["no"], ["yes"], ["no"], ["no"], ["yes"]]
    said = ["Yes ", "no", "no", "no", "yes", "yes"]
    scores = question_match.score_all(said, right, MULTIRC_IDS)
    assert scores is not None
    assert scores(np.ones((1, 6)))["question_match"] == pytest.approx([100 / 3])
    # A question is drawn as often as its first answer: the first twice, the third once.
    assert scores(np.array([[2.0, 0, 0, 1, 3, 0]]))["question_match"] == pytest.approx([200 / 3])
    assert scores(np.array([[0.0, 1, 0, 0, 1, 1]]))["question_match"] == [0]


def test_question_match_refuses_ids_without_a_question_and_calls_without_ids():
    with pytest.raises(ValueError, match="'12' does not tell which question it belongs to: give"):
        question_match.score_all(["yes"], [["yes"]], ["12"])
    with pytest.raises(ValueError, match="question_match needs the ids of the examples as well"):
        question_match(["yes"], ["yes"])
    with pytest.raises(ValueError, match="'entailed' is neither yes or true"):
        question_match.score("yes", ["entailed"], "")
    assert corpus_metric("question_match") is question_match


def test_a_users_corpus_metric_is_called_with_all_examples():
    def score_corpus(predictions, references):
        lengths = np.array([len(text) for text in predictions], np.float64)
        return lambda weights: {"longest": (weights.astype(bool) * lengths).max(axis=1)}

    metric = Metric("longest", ("longest",), lambda prediction, references: {}, score_corpus)
    assert metric(["a", ["b", "c"]], ["four", "seven77"]) == {"longest": 7.0}
