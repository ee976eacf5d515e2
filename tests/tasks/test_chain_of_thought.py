"""GSM8K: reasoning as sentences, the answer as a phrase, and the number taken out again."""

import gzip
import json
import re

import pytest

from flan_mix.metrics import accuracy
from flan_mix.registry import field_rows, get_task
from flan_mix.tasks.answer_extraction import extract_number
from flan_mix.tasks.chain_of_thought import sentences
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("She has 48/2 = 24 left. The answer is 24.", "24"),
        ("The answer is $1,080.00.", "1080"),
        ("The answer is 100.", "100"),
        ("The answer is 0.50 dollars", "0.5"),
        ("The answer is -7.", "-7"),
        ("So it is 12-5", "5"),
        ("The answer is 5. Then he buys 8 more", "5"),
        ("First, the answer is 5. No, the answer is 6.", "6"),
        ("They keep 3 of 10", "10"),
        (" nobody knows ", "nobody knows"),
        ("", ""),
    ],
)
def test_the_number_of_a_solution(text, number):
    assert extract_number(text) == number


def test_steps_become_sentences_without_symbols_that_t5_drops():
    steps = "4 × 2 = 8\n\nHe has  9 − 8 = 1 left.\nSo 1 < 2\n"
    assert sentences(steps) == "4 x 2 = 8. He has 9 - 8 = 1 left. So 1 is less than 2."


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_target_ends_in_the_answer_of_its_source_and_scores_full_marks(split, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    spec = get_task("gsm8k")
    template = spec.templates[0]
    assert spec.postprocess is not None
    for source, row in zip(_source_rows(split), field_rows(spec, split), strict=True):
        target = template.render(dict(zip(spec.text_fields, row.texts, strict=True))).targets
        expected = float(source["answer"].split("#### ")[1].replace(",", ""))
        answer = spec.postprocess(target)
        assert float(answer) == expected
        assert target.endswith(f"The answer is {answer}.")
        assert not re.search(r"<|>>|####|\n", target)
        assert accuracy([answer], [spec.postprocess(f"I think it is {answer}")])["accuracy"] == 100


def _source_rows(split):
    folder = shared_path("data/gsm8k")
    path = {"train": folder / "train.jsonl.gz", "test": folder / "test.jsonl"}[split]
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
