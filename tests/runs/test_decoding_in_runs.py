"""What `infer` writes, and how evaluations decode: the same settings for both."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from flan_mix.checkpoints import load_parameters
from flan_mix.inference import Decoding, Generator, score_rows
from flan_mix.runs.infer import infer
from flan_mix.runs.placement import placed_parameters
from flan_mix.training import Partitioner
from tests.end_to_end.toy_run import dataset, toy_model, train_toy
from tests.models.small_models import packed_batch
from tests.runs.toy_evaluation import evaluate_toy_suite

PROMPTS = [f"What is number {i} about?" for i in range(5)]
MODEL = toy_model()
TASK = "starter_answers.template_0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a few steps and its caches."""
    where = tmp_path_factory.mktemp("infer")
    train_toy(where / "model", where / "cache", steps=2)
    return where


def run(
    folder: Path, rows: Sequence[Mapping[str, Any]], out: str, **changes: Any
) -> tuple[Path, list[dict]]:
    """The file that `infer` writes for `rows`, and its lines."""
    source = folder / "lines.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = dataset(folder / "cache", batch_size=2, split="validation")
    (path,) = infer(
        model=MODEL,
        checkpoint_path=str(folder / "model"),
        output_dir=str(folder / out),
        dataset_cfg=config,
        input_path=str(source),
        **changes,
    )
    return path, [json.loads(line) for line in path.read_text().splitlines()]


def parameters(folder: Path) -> Any:
    abstract = placed_parameters(MODEL, Partitioner())
    return load_parameters(folder / "model", abstract)[0]


def ids(text: str) -> list[int]:
    return [*MODEL.vocabulary.encode(text), MODEL.vocabulary.eos_id]


def test_several_answers_to_a_line_come_best_first_with_their_scores(folder: Path) -> None:
    decoding = Decoding(method="beam", num_beams=3, num_return=2)
    rows = [{"inputs": prompt, "n": i} for i, prompt in enumerate(PROMPTS)]
    path, lines = run(folder, rows, "beams", decoding=decoding)
    assert path.name == "lines.jsonl"
    generator = Generator(
        MODEL.module, parameters(folder), 5, 32, decoding=decoding, vocabulary=MODEL.vocabulary
    )
    expected = generator.answer([ids(prompt) for prompt in PROMPTS])
    assert [line["n"] for line in lines] == list(range(5))
    for line, answers in zip(lines, expected, strict=True):
        assert line["prediction"] == line["predictions"][0]["text"] == answers[0].text
        assert [found["text"] for found in line["predictions"]] == [a.text for a in answers]
        scores = [found["score"] for found in line["predictions"]]
        np.testing.assert_allclose(scores, [a.score for a in answers], rtol=1e-5)
        assert len(scores) == 2 and scores[0] >= scores[1]


def test_one_answer_to_a_line_needs_no_list(folder: Path) -> None:
    _, lines = run(folder, [{"inputs": PROMPTS[0]}], "greedy")
    assert lines[0].keys() == {"inputs", "prediction"}


def test_answers_begin_with_the_prompt_of_the_settings_or_of_their_line(folder: Path) -> None:
    rows = [{"inputs": PROMPTS[0]}, {"inputs": PROMPTS[1], "targets_prompt": "Lena"}]
    _, lines = run(folder, rows, "prompted", decoding=Decoding(prompt="It is about"))
    assert lines[0]["prediction"].startswith("It is about")
    assert lines[1]["prediction"].startswith("Lena")


def test_given_targets_are_scored_as_the_model_scores_a_row(folder: Path) -> None:
    targets = ["a bike", "a bike", "Lena's radio is too small", "", "late"]
    rows = [{"inputs": a, "targets": b} for a, b in zip(PROMPTS, targets, strict=True)]
    path, lines = run(folder, rows, "scores", mode="score")
    assert path.name == "lines-score.jsonl"
    pairs = [[(ids(a), ids(b))] for a, b in zip(PROMPTS, targets, strict=True)]
    alone = jax.jit(score_rows, static_argnums=0)(
        MODEL.module, parameters(folder), packed_batch(pairs, 64, 32)
    )
    np.testing.assert_allclose([line["score"] for line in lines], alone, rtol=1e-5)
    assert [line["targets"] for line in lines] == targets


def test_targets_of_a_task_are_scored(folder: Path) -> None:
    config = dataset(folder / "cache", mixture_or_task_name="toy_things", split="validation")
    (path,) = infer(
        model=MODEL,
        checkpoint_path=str(folder / "model"),
        output_dir=str(folder / "task"),
        dataset_cfg=config,
        mode="score",
    )
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert path.name == "toy_things-score.jsonl" and len(lines) == 8
    assert all(line["score"] < 0 for line in lines)


def test_lines_that_cannot_be_read_are_named_before_anything_is_loaded(tmp_path: Path) -> None:
    missing = {"rows": [{"inputs": "a", "targets": "b"}, {"inputs": "a"}], "mode": "score"}
    for case, message in (
        (missing, "line 2: no text under 'targets'"),
        ({"rows": [{"input": "a"}]}, "line 1: no text under 'inputs'; keys there: .'input'"),
        ({"rows": [{"inputs": "a", "targets_prompt": 3}]}, "line 1: 'targets_prompt' is no text"),
        (
            {"rows": [{"inputs": "a"}, {"inputs": "a", "targets_prompt": "late " * 40}]},
            "line 2: its answer's prompt has .* tokens, which leaves none of .* 32 targets",
        ),
        ({"rows": [], "mode": "guess"}, "INFER_MODE is 'predict' or 'score', not 'guess'"),
    ):
        with pytest.raises(ValueError, match=message):
            run(tmp_path, **{"out": "no", **case})


def measured(folder: Path, output: str) -> dict:
    return json.loads((folder / output / "2/metrics.json").read_text())["measured"]["facts"]


def predictions(folder: Path, output: str) -> list[str]:
    (path,) = (folder / output / "2/predictions").glob(f"{TASK}.jsonl")
    return [json.loads(line)["prediction"] for line in path.read_text().splitlines()]


def test_metrics_say_how_was_decoded(folder: Path) -> None:
    decoding = Decoding(method="beam", num_beams=2, prompt="Well")
    evaluate_toy_suite(folder, "plain", TASK)
    evaluate_toy_suite(folder, "beams", TASK, decoding=decoding)
    assert measured(folder, "plain")["decoding"] == "greedy"
    assert measured(folder, "beams")["decoding"] == decoding.facts()
    assert measured(folder, "beams")["max_decode_length"] > 1
    assert all(answer.startswith("Well") for answer in predictions(folder, "beams"))
    assert not any(answer.startswith("Well") for answer in predictions(folder, "plain"))


def test_another_way_of_decoding_is_another_evaluation(folder: Path) -> None:
    evaluate_toy_suite(folder, "plain", TASK)
    path = folder / "plain/2/predictions" / f"{TASK}.jsonl"
    before = path.stat().st_mtime_ns
    evaluate_toy_suite(folder, "plain", TASK)
    assert path.stat().st_mtime_ns == before
    evaluate_toy_suite(folder, "plain", TASK, decoding=Decoding(prompt="Well"))
    assert all(answer.startswith("Well") for answer in predictions(folder, "plain"))
