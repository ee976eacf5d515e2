"""Evaluations decode as they are told, say how, and repeat what was decoded otherwise."""

import json
from pathlib import Path

import pytest

from flan_mix.inference import Decoding
from tests.end_to_end.toy_run import train_toy
from tests.runs.toy_evaluation import evaluate_toy_suite

TASK = "starter_answers.template_0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a few steps, evaluated greedily."""
    where = tmp_path_factory.mktemp("decoding")
    train_toy(where / "model", where / "cache", steps=2)
    evaluate_toy_suite(where, "greedy")
    return where


def measured(folder: Path, output: str) -> dict:
    return json.loads((folder / output / "2/metrics.json").read_text())["measured"]["facts"]


def predictions(folder: Path, output: str) -> list[str]:
    (path,) = (folder / output / "2/predictions").glob("starter_answers.template_0.jsonl")
    return [json.loads(line)["prediction"] for line in path.read_text().splitlines()]


def test_metrics_say_how_was_decoded(folder: Path) -> None:
    decoding = Decoding(method="beam", num_beams=2, prompt="Well")
    evaluate_toy_suite(folder, "beams", decoding=decoding)
    assert measured(folder, "greedy")["decoding"] == "greedy"
    assert measured(folder, "beams")["decoding"] == decoding.facts()
    assert measured(folder, "beams")["max_decode_length"] > 1
    assert all(answer.startswith("Well") for answer in predictions(folder, "beams"))
    assert not any(answer.startswith("Well") for answer in predictions(folder, "greedy"))


def test_another_way_of_decoding_is_another_evaluation(folder: Path) -> None:
    path = folder / "greedy/2/predictions" / f"{TASK}.jsonl"
    before = path.stat().st_mtime_ns
    evaluate_toy_suite(folder, "greedy")
    assert path.stat().st_mtime_ns == before
    evaluate_toy_suite(folder, "greedy", decoding=Decoding(prompt="Well"))
    assert all(answer.startswith("Well") for answer in predictions(folder, "greedy"))
