"""Each metric against cases worked out by hand and against a second implementation."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.metrics import accuracy, edit_similarity, exact_match, rouge, token_f1

# Few letters, so that random texts have something in common.
WORDS = st.lists(st.sampled_from(["fox", "ran", "home", "red", "over"]), max_size=7)


def test_accuracy_ignores_outer_space_only():
    assert accuracy.score_example(" yes\n", ["yes "]) == {"accuracy": 100.0}
    assert accuracy.score_example("Yes", ["yes"]) == {"accuracy": 0.0}
    assert accuracy.score_example("yes.", ["yes"]) == {"accuracy": 0.0}
    assert accuracy.score_example("int a;", ["int  a;"]) == {"accuracy": 0.0}


@pytest.mark.parametrize(
    ("prediction", "reference", "match", "f1"),
    [
        ("The Eiffel Tower!", "eiffel tower", 100.0, 100.0),
        ("  an   apple ", "apple", 100.0, 100.0),
        ("5 a.m.", "5 am", 100.0, 100.0),
        ("theory", "the ory", 0.0, 0.0),
        ("tower eiffel", "eiffel tower", 0.0, 100.0),
        # Predicted 3 words, expected 2, 2 shared: P 2/3, R 1, F1 0.8.
        ("tall Eiffel tower", "the Eiffel Tower", 0.0, 80.0),
        # Repeats count as often as both have them: 1 of 3, 1 of 1, F1 0.5.
        ("no no no", "no", 0.0, 50.0),
        ("the", "...", 100.0, 100.0),
        ("word", "the", 0.0, 0.0),
    ],
)
def test_answers_are_scored_as_squad_does(prediction, reference, match, f1):
    assert exact_match.score_example(prediction, [reference]) == {"exact_match": match}
    assert token_f1.score_example(prediction, [reference]) == {"token_f1": pytest.approx(f1)}


def test_record_is_the_best_of_all_mentions_of_the_entity():
    # ReCoRD's F1 and exact match: the highest over the mentions, each averaged over queries.
    mentions = ["Barack Obama", "President Obama", "Obama"]
    answers = ["obama", "the Obama family"]
    targets = [mentions, mentions]
    # Against "Obama" the first is exact; the second says 2 words that count, 1 of them right.
    assert exact_match(targets, answers) == {"exact_match": 50.0}
    assert token_f1(targets, answers) == {"token_f1": pytest.approx(100 * (1 + 2 / 3) / 2)}
    # One mention alone would give another figure.
    assert token_f1(["Barack Obama"] * 2, answers) == {
        "token_f1": pytest.approx(50 * (2 / 3 + 1 / 2))
    }


def test_rouge_of_a_case_worked_out_by_hand():
    # 5 and 7 words share 4, as jumps and jumped have one stem; 4 and 6 bigrams share 3; the longest
    # common subsequence is "the red fox jump".
    scores = rouge.score_example("The red fox jumped home", ["the red, fox jumps over a wall"])
    assert scores == pytest.approx(
        {
            "rouge1": 200 * 4 / 12,
            "rouge2": 200 * 3 / 10,
            "rougeL": 200 * 4 / 12,
            "rougeLsum": 200 * 4 / 12,
        }
    )


def test_rouge_lsum_is_by_sentences_in_any_order():
    # As one text 2 of 4 words keep their order; sentence by sentence all 4 do.
    scores = rouge.score_example("Red fox. Old owl!", ["Old owl. Red fox."])
    assert (scores["rougeL"], scores["rougeLsum"]) == (50.0, 100.0)
    # Lines are sentences too, a point inside a number is no end, and quotes belong to the sentence.
    assert rouge.score_example("red fox\nold owl", ["Old owl. Red fox."])["rougeLsum"] == 100.0
    assert rouge.score_example('old owl "red fox."', ["It cost 3.5 then"])["rougeLsum"] == 0.0


def test_rouge_lsum_is_rouge_scores_own_for_lines():
    from rouge_score.rouge_scorer import RougeScorer

    references = ["Ann runs home. She is late.", "Late again, Ann ran. Home it is!"]
    prediction = "She ran home late. Is Ann home?"
    by_line = [text.replace(". ", ".\n") for text in (*references, prediction)]
    own = RougeScorer(["rougeLsum"], use_stemmer=True).score_multi(by_line[:2], by_line[2])
    found = rouge.score_example(prediction, references)["rougeLsum"]
    assert found == pytest.approx(100 * own["rougeLsum"].fmeasure) and 0 < found < 100


def test_rouge_takes_the_best_reference_for_each_key_by_itself():
    in_order, all_words = "red fox", "home ran over fox red"
    scores = rouge.score_example("red fox ran over home", [in_order, all_words])
    # Against the first: 2 words shared of 5 and 2, in order; against the second all 5, no order.
    assert scores["rouge1"] == pytest.approx(100.0)
    assert scores["rougeL"] == pytest.approx(200 * 2 / 7)


@settings(max_examples=100)
@given(predicted=WORDS, expected=WORDS)
def test_rouge_equals_a_plain_computation(predicted, expected):
    scores = rouge.score_example(" ".join(predicted), [" ".join(expected)])
    assert scores["rouge1"] == pytest.approx(100 * ngram_f1(predicted, expected, 1))
    assert scores["rouge2"] == pytest.approx(100 * ngram_f1(predicted, expected, 2))
    shared = longest_common_subsequence(tuple(predicted), tuple(expected))
    assert scores["rougeL"] == pytest.approx(100 * f1(shared, len(predicted), len(expected)))


def test_rouge_refuses_a_reference_in_another_script():
    with pytest.raises(ValueError, match=r"words of a-z and 0-9 only .* 'сводка': use a metric"):
        rouge(["сводка"], ["summary"])
    assert rouge([":-)"], ["smile"])["rouge1"] == 0.0
    assert rouge(["Straße 5"], ["Straße 5"])["rouge1"] == 100.0


@pytest.mark.parametrize(
    ("prediction", "reference", "edits", "longest"),
    [
        ("kitten", "sitting", 3, 7),
        ("flaw", "lawn", 2, 4),
        ("", "abc", 3, 3),
        ("a = b;", "a == b;", 1, 7),
        ("same", "same", 0, 4),
        ("Case", "case", 1, 4),
    ],
)
def test_edit_similarity_of_known_distances(prediction, reference, edits, longest):
    expected = pytest.approx(100 * (1 - edits / longest))
    assert edit_similarity.score_example(prediction, [reference]) == {"edit_similarity": expected}
    assert edit_similarity.score_example(reference, [prediction]) == {"edit_similarity": expected}


@settings(max_examples=100)
@given(a=st.text("abc☃", max_size=9), b=st.text("abc☃", max_size=9))
def test_edit_similarity_equals_the_recursive_definition(a, b):
    longest = max(len(a), len(b))
    expected = 100 * (1 - levenshtein(a, b) / longest) if longest else 100.0
    assert edit_similarity.score_example(a, [b])["edit_similarity"] == pytest.approx(expected)


def f1(shared: int, predicted: int, expected: int) -> float:
    """The harmonic mean of precision and recall, from its definition."""
    if not shared:
        return 0.0
    precision, recall = shared / predicted, shared / expected
    return 2 * precision * recall / (precision + recall)


def ngram_f1(predicted: list[str], expected: list[str], n: int) -> float:
    """F1 over n-grams, matched one by one."""
    left = [tuple(predicted[i : i + n]) for i in range(len(predicted) - n + 1)]
    right = [tuple(expected[i : i + n]) for i in range(len(expected) - n + 1)]
    unmatched = list(right)
    shared = 0
    for ngram in left:
        if ngram in unmatched:
            unmatched.remove(ngram)
            shared += 1
    return f1(shared, len(left), len(right))


@functools.cache
def longest_common_subsequence(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """Length, by recursion from the front."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + longest_common_subsequence(a[1:], b[1:])
    return max(longest_common_subsequence(a[1:], b), longest_common_subsequence(a, b[1:]))


@functools.cache
def levenshtein(a: str, b: str) -> int:
    """The distance, by recursion from the front."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        levenshtein(a[1:], b) + 1,
        levenshtein(a, b[1:]) + 1,
        levenshtein(a[1:], b[1:]) + (a[0] != b[0]),
    )
