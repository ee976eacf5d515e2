"""What summaries make up, as scores of their tasks that are compared like any other."""

import dataclasses

from flan_mix.evaluation import Evaluation, compare, result_of
from flan_mix.evaluation.faithfulness import COVERAGE, FAITHFUL, marks_of, with_faithfulness
from flan_mix.evaluation.predictions import Prediction
from tests.evaluation.test_comparison import BOOTSTRAP

SOURCE = "Sum up:\nGuest: We stay at the hotel until 3 May.\nDesk: That is $80 a night."
REFERENCE = "The guest stays until 3 May for $80 a night."


def prediction(text: str, number: int = 0, **changes) -> Prediction:
    made = Prediction(
        "stays", "dialogue_summarization", str(number), 0, SOURCE, REFERENCE, (REFERENCE,), text
    )
    return dataclasses.replace(made, **{"scores": {"rouge1": 50.0, FAITHFUL: 0.0}, **changes})


def evaluation(*predictions: Prediction) -> Evaluation:
    result = result_of(
        predictions,
        main_metric="rouge1",
        available=len(predictions),
        bootstrap=BOOTSTRAP,
    )
    return Evaluation((result,), {}, BOOTSTRAP)


def older(*predictions: Prediction) -> Evaluation:
    """An evaluation that was not scored for faithfulness."""
    return evaluation(*(dataclasses.replace(p, scores={"rouge1": 50.0}) for p in predictions))


def test_an_invented_hotel_and_city_are_marked_and_a_price_left_out_is_missed():
    text = "The guest stays at the Hilton in Vienna until 3 May."
    marks = marks_of(prediction(text))
    assert marks is not None
    marked = " ".join(mention.text for mention in marks.invented)
    assert "Hilton" in marked and "Vienna" in marked
    assert all(text[m.start : m.end] == m.text for m in marks.invented)
    assert any("80" in mention.text for mention in marks.missed)


def test_a_prompts_exemplars_support_nothing():
    text = "The guest stays at the Hilton until 3 May for $80."
    shown = f"Another chat: I like the Hilton.\n{SOURCE}"
    of_prompt = marks_of(prediction(text, inputs=shown))
    of_query = marks_of(prediction(text, inputs=shown, query=SOURCE))
    assert of_prompt is not None and of_query is not None
    assert not of_prompt.invented and [m.text for m in of_query.invented] == ["Hilton"]


def test_answers_that_are_no_summaries_have_no_marks():
    exact = older(prediction("Vienna", category="question_answering"))
    assert with_faithfulness(exact) == exact
    assert marks_of(exact.tasks[0].predictions[0]) is None


def test_an_evaluation_that_was_not_scored_for_it_gets_the_scores_with_intervals():
    made = [prediction("They stay at the Hilton.", n) for n in range(3)]
    true = [prediction(REFERENCE, n) for n in range(3, 12)]
    (task,) = with_faithfulness(older(*made, *true)).tasks
    assert task.main_metric == "rouge1" and task.scores["rouge1"] == 50
    assert task.scores[FAITHFUL] == 75
    assert task.intervals[FAITHFUL].low < 75 < task.intervals[FAITHFUL].high
    assert [p.scores[FAITHFUL] for p in task.predictions[:4]] == [0, 0, 0, 100]
    assert [p.scores[COVERAGE] for p in task.predictions[2:4]] == [0, 100]
    assert "names, places" in task.protocols[FAITHFUL]


def test_an_evaluation_that_was_scored_for_it_stays_as_it_is():
    scored = with_faithfulness(older(*(prediction(REFERENCE, n) for n in range(6))))
    assert with_faithfulness(scored) is not scored
    assert with_faithfulness(scored) == scored


def test_scores_and_marks_agree():
    texts = [REFERENCE, "The guest met Bob.", "It costs $80 until 3 May.", "", "Nothing."]
    whole = with_faithfulness(older(*(prediction(t, n) for n, t in enumerate(texts))))
    for scored in whole.tasks[0].predictions:
        marks = marks_of(scored)
        looked = marks_of(dataclasses.replace(scored, scores={FAITHFUL: 0.0}))
        assert marks == looked and marks is not None
        assert bool(marks.invented) == (scored.scores[FAITHFUL] == 0)
        assert bool(marks.missed) == (scored.scores[COVERAGE] < 100)


def test_more_inventions_are_a_change_for_the_worse():
    before = with_faithfulness(older(*(prediction(REFERENCE, n) for n in range(30))))
    after = with_faithfulness(
        older(*(prediction(f"{REFERENCE} They met Bob.", n) for n in range(30)))
    )
    comparison = compare(before, after)
    assert comparison.tasks[0].scores[FAITHFUL].change == -100
    assert comparison.tasks[0].scores[FAITHFUL].verdict == "worse"
    assert comparison.faithfulness[FAITHFUL].verdict == "worse"
    assert comparison.faithfulness[COVERAGE].verdict == "unclear"
    assert compare(after, before).faithfulness[FAITHFUL].verdict == "better"
