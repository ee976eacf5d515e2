"""`flan-mix convert` makes a model folder from a run, or says what stands in the way."""

import json

import numpy as np
import pytest

from flan_mix import cli
from flan_mix.checkpoints import open_checkpoint
from flan_mix.tasks.starter import vocabulary_file
from tests.checkpoints.t5x_files import write_legacy
from tests.checkpoints.test_reading_t5x import a_checkpoint
from tests.end_to_end.toy_run import dataset, train_toy


def convert(monkeypatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["flan-mix", "convert", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two steps with an evaluation at its end."""
    folder = tmp_path_factory.mktemp("run")
    cache = folder / "cache"
    evaluated = dataset(cache, split="validation", pack=False, shuffle=False, num_examples=4)
    train_toy(folder / "model", cache, 2, infer_eval_dataset_cfg=evaluated)
    return folder / "model"


def test_a_run_becomes_a_model_folder_with_its_tokenizer_and_card(
    run, tmp_path, monkeypatch, capsys
) -> None:
    vocabulary = vocabulary_file()
    out = tmp_path / "our-t5"
    assert convert(monkeypatch, run, out, "--to", "hf", "--vocabulary", vocabulary) == 0
    names = {file.name for file in out.iterdir()}
    assert names == {
        "model.safetensors",
        "config.json",
        "generation_config.json",
        "spiece.model",
        "tokenizer_config.json",
        "README.md",
    }
    source, written = open_checkpoint(run), open_checkpoint(out)
    for path, array in source.parameters.items():
        np.testing.assert_array_equal(written.parameters[path].read(), array.read(), path)
    card = (out / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: transformers")
    assert "# our-t5" in card and "at step 2" in card
    facts = json.loads((run / "run.json").read_text())
    for task, of in facts["tasks"].items():
        assert (
            f"| {task} | {of['category']} | {of['examples']:,} | {100 * of['share']:.1f} |" in card
        )
    metrics = json.loads((run / "eval" / "2" / "metrics.json").read_text())
    for task, of in metrics["measured"]["tasks"].items():
        score = metrics["tasks"][task][of["main_metric"]]
        assert f"| {task} | {of['category']} | {of['main_metric']} | {score:.1f} |" in card
    assert json.loads((out / "config.json").read_text())["dropout_rate"] == 0.1
    assert "Verified: logits of a probe batch are equal" in capsys.readouterr().err


def test_a_vocabulary_that_is_too_large_is_refused(tmp_path, monkeypatch, capsys) -> None:
    write_legacy(tmp_path / "checkpoint_7", a_checkpoint())
    arguments = (tmp_path / "checkpoint_7", tmp_path / "hf", "--to", "hf", "--vocabulary")
    assert convert(monkeypatch, *arguments, vocabulary_file()) == 2
    assert "the checkpoint rows for 40" in capsys.readouterr().err
    assert not (tmp_path / "hf").exists()


def test_a_source_without_a_checkpoint_is_one_clear_line(tmp_path, monkeypatch, capsys) -> None:
    assert convert(monkeypatch, tmp_path / "nothing", tmp_path / "hf", "--to", "hf") == 2
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path}/nothing: no checkpoint here")
