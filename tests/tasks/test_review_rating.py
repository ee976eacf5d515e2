"""Amazon Alexa reviews: one file, divided by a hash of the words."""

import csv
from collections import Counter

import pytest

from flan_mix.registry import BadRowError, field_rows, get_task
from flan_mix.tasks.data_dir import NAME
from flan_mix.tasks.review_rating import split_of
from tests.shared_data import shared_path

SPLITS = ("train", "validation", "test")


def test_the_split_of_a_review_never_changes():
    reviews = ["Love my Echo!", "Works great!", "Sound is terrible.", "It does the job."]
    assert [split_of(review) for review in reviews] == ["train", "test", "train", "validation"]


def test_case_and_blanks_make_no_difference_to_the_split():
    assert split_of("  love MY\techo! ") == split_of("Love my Echo!")


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    return {split: list(field_rows(get_task("amazon_alexa"), split)) for split in SPLITS}


def test_every_review_with_words_is_in_one_split_with_its_copies(rows):
    column = get_task("amazon_alexa").text_fields.index("review")
    reviews = {split: {row.texts[column].lower() for row in rows[split]} for split in SPLITS}
    assert sum(map(len, rows.values())) == 3150 - 79
    assert len(set.union(*reviews.values())) == sum(map(len, reviews.values()))


def test_the_splits_are_about_eight_tenths_one_and_one(rows):
    sizes = {split: len(rows[split]) / 3071 for split in SPLITS}
    assert sizes["train"] == pytest.approx(0.8, abs=0.03)
    assert sizes["validation"] == pytest.approx(0.1, abs=0.03)


def test_ratings_are_those_of_the_source(rows):
    with open(shared_path("data/amazon_alexa/amazon_alexa.tsv"), encoding="utf-8-sig") as file:
        source = list(csv.DictReader(file, delimiter="\t"))
    expected = Counter(row["rating"] for row in source if row["verified_reviews"].strip())
    assert Counter(row.answer for split in SPLITS for row in rows[split]) == expected


def test_a_line_with_too_few_cells_is_refused_with_its_place(monkeypatch, tmp_path):
    file = tmp_path / "amazon_alexa" / "amazon_alexa.tsv"
    file.parent.mkdir()
    file.write_text("rating\tdate\tvariation\tverified_reviews\tfeedback\n5\tnice\n")
    monkeypatch.setenv(NAME, str(tmp_path))
    with pytest.raises(BadRowError, match=r"line 2: .* 2 cells instead of 5"):
        list(field_rows(get_task("amazon_alexa"), "train"))
