"""Stand-ins that a summarizer must beat."""

import gzip
import json

import pytest

from flan_mix.evaluation import best_constant_summary, common_words_summary, first_turn
from flan_mix.evaluation.baselines import rouge_words
from flan_mix.metrics import rouge
from tests.shared_data import shared_path

SUMMARIES = [
    "Anna will bring the cake to the party.",
    "Ben will bring the drinks to the party.",
    "The meeting was moved to Monday.",
    "Carl will bring the music to the party tonight.",
]


def mean_rouge1(summary: str) -> float:
    return sum(rouge.score_example(summary, [s])["rouge1"] for s in SUMMARIES) / len(SUMMARIES)


def test_first_turn_keeps_its_speaker():
    assert first_turn("\r\n  Amy: Hello there \r\nBob: Hi") == "Amy: Hello there"
    assert first_turn(" \n ") == ""


def test_best_constant_summary_is_the_best_by_rouge_itself():
    best = max(mean_rouge1(summary) for summary in SUMMARIES)
    assert mean_rouge1(best_constant_summary(SUMMARIES)) == best


def test_common_words_beat_every_human_summary_in_rouge1():
    words = common_words_summary(SUMMARIES)
    assert mean_rouge1(words) > max(mean_rouge1(summary) for summary in SUMMARIES)
    assert "the" in words.split()


def test_words_are_those_of_rouge():
    assert rouge_words("Bringing CAKES, don't!") == ["bring", "cake", "don", "t"]


def test_no_summaries_are_refused():
    with pytest.raises(ValueError, match="no training summaries"):
        best_constant_summary([])


@pytest.mark.slow
def test_stand_ins_on_samsum_score_what_the_documentation_says():
    rows = json.loads(shared_path("data/samsum/val.json").read_text(encoding="utf-8"))
    with gzip.open(shared_path("data/samsum/train.json.gz"), "rt", encoding="utf-8") as file:
        training = [row["summary"] for row in json.load(file)]
    references = [row["summary"] for row in rows]
    stand_ins = {
        "first turn": [first_turn(row["dialogue"]) for row in rows],
        "best constant": [best_constant_summary(training)] * len(rows),
        "common words": [common_words_summary(training)] * len(rows),
    }
    scores = {name: rouge(references, answers) for name, answers in stand_ins.items()}
    print(scores)
    assert scores["first turn"]["rouge1"] == pytest.approx(24.26, abs=0.01)
    # What people wrote for another dialogue is worth less than words without a sentence.
    assert scores["best constant"]["rouge1"] < scores["common words"]["rouge1"]
    assert scores["common words"]["rouge2"] < 1
