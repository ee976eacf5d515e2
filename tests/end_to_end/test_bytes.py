"""ByT5 from end to end through its model file: cached, trained, evaluated, answering in bytes."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gin
import pytest

from flan_mix.runs import gin_config
from flan_mix.runs.cache import build_cache
from flan_mix.runs.evaluate import evaluate
from flan_mix.runs.infer import infer
from flan_mix.runs.train import train

seqio = pytest.importorskip("seqio")

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "toy_data" / "greetings.jsonl").read_text().splitlines()
]
SMALL = [
    "t5.T5Config.emb_dim = 48",
    "t5.T5Config.num_heads = 2",
    "t5.T5Config.head_dim = 16",
    "t5.T5Config.mlp_dim = 96",
    "t5.T5Config.num_encoder_layers = 2",
    "t5.T5Config.num_decoder_layers = 1",
    "DTYPE = 'float32'",
    "DROPOUT_RATE = 0.0",
]
"""ByT5 small but for its size."""


@pytest.fixture(autouse=True)
def clean_gin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """gin's configuration is one for the process; its files look for functions in __main__."""
    for function in (build_cache, train, evaluate, infer):
        monkeypatch.setattr(sys.modules["__main__"], function.__name__, function, raising=False)
    gin.clear_config()
    yield
    gin.clear_config()


def run(function: Callable[..., Any], run_file: str, folder: Path, **macros: object) -> Any:
    """What an entry point does with these macros."""
    gin.clear_config()
    macros |= {
        "MIXTURE_OR_TASK_NAME": "greetings",
        "MIXTURE_OR_TASK_MODULE": "tests.end_to_end.byte_tasks",
        "CACHE_DIR": str(folder / "cache"),
    }
    if function is not build_cache:
        macros["TASK_FEATURE_LENGTHS"] = {"inputs": 16, "targets": 16}
        macros["BATCH_SIZE"] = 4
    bindings = [*SMALL, *(f"{name} = {value!r}" for name, value in macros.items())]
    gin_config.parse(["gin/models/byt5/small.gin", f"gin/runs/{run_file}.gin"], bindings)
    return gin.get_configurable(function)()


def test_a_tiny_byt5_learns_answers_in_any_script_and_needs_no_vocabulary_file(tmp_path):
    (mixture, _) = run(build_cache, "cache", tmp_path)
    (part,) = mixture.parts
    theirs = seqio.ByteVocabulary()
    for row, tokens in zip(ROWS, part.cache, strict=True):
        assert tokens["inputs"].tolist() == [*theirs.encode(f"Say hello: {row['language']}"), 1]
        assert tokens["targets"].tolist() == [*theirs.encode(row["greeting"]), 1]

    model = str(tmp_path / "model")
    steps = {"TRAIN_STEPS": 300, "EVAL_STEPS": 0, "LEARNING_RATE": 0.02}
    run(train, "finetune", tmp_path, MODEL_DIR=model, **steps)
    run(evaluate, "eval", tmp_path, CHECKPOINT_PATH=model)
    scores = json.loads((tmp_path / "model" / "eval" / "300" / "metrics.json").read_text())
    assert scores["tasks"]["greetings"]["exact_match"] == 100.0

    prompts = tmp_path / "prompts.jsonl"
    asked = [{"inputs": f"Say hello: {row['language']}"} for row in reversed(ROWS)]
    prompts.write_text("".join(json.dumps(prompt) + "\n" for prompt in asked))
    answers = str(tmp_path / "answers")
    paths = {"CHECKPOINT_PATH": model, "INPUT_PATH": str(prompts), "INFER_OUTPUT_DIR": answers}
    (written,) = run(infer, "infer", tmp_path, **paths)
    found = [json.loads(line)["prediction"] for line in written.read_text().splitlines()]
    assert found == [row["greeting"] for row in reversed(ROWS)]
