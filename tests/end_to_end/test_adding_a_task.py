"""docs/adding-a-task.md, done as it says by somebody who has nothing but the page and two files."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flan_mix.tasks.starter import vocabulary_file
from tests.end_to_end.toy_run import GIN_FLAGS, REPOSITORY

PAGE = (REPOSITORY / "docs" / "adding-a-task.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TWELVE_LINES, MORE_TEMPLATES = BLOCKS[:2]
GOODS = ("shoes", "lamps", "chairs", "plates", "books", "shirts", "clocks", "ropes", "cups", "bags")
MESSAGES = {
    "billing": "I was charged twice for my {}.",
    "delivery": "The parcel with my {} has been in Leeds for a week.",
    "returns": "These {} are too small. Can I send them back?",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the new user works: the two CSV files and my_tasks.py with its twelve lines."""
    folder = tmp_path_factory.mktemp("work")
    rows = [f"{text.format(goods)},{team}" for goods in GOODS for team, text in MESSAGES.items()]
    for split in ("train", "validation"):
        (folder / f"tickets.{split}.csv").write_text("\n".join(["text,team", *rows]) + "\n")
    (folder / "my_tasks.py").write_text(TWELVE_LINES)
    return folder


def run(folder: Path, *command: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr[-3000:]


def with_ten_templates() -> str:
    """The module with the further templates put where the page says."""
    before, add, after = TWELVE_LINES.partition("add_task(")
    return f"{before}{MORE_TEMPLATES}\n\n{add}{after}"


def test_the_definition_takes_twelve_lines():
    assert len([line for line in TWELVE_LINES.splitlines() if line.strip()]) <= 12


def test_lint_first_asks_for_templates_and_then_has_nothing_to_say(folder: Path):
    status, said = run(folder, "flan_mix.cli", "tasks", "lint", "my_tasks")
    assert status == 1
    assert "too_few_templates" in said and "my_tasks.py" in said
    (folder / "my_tasks.py").write_text(with_ten_templates())
    status, said = run(folder, "flan_mix.cli", "tasks", "lint", "my_tasks")
    assert (status, said.strip()) == (0, "1 task, 11 templates: 0 findings, 0 notes")


def test_a_mixture_with_a_task_of_ours_is_shown(folder: Path):
    (mixture,) = (block for block in BLOCKS if "add_mixture" in block)
    (folder / "my_mixture.py").write_text(f"{with_ten_templates()}\n\n{mixture}")
    command = ("mixtures", "show", "support", "--module", "my_mixture")
    status, said = run(folder, "flan_mix.cli", *command)
    assert status == 0, said
    assert re.search(r"tickets +30 +25.0 %", said) and re.search(r"samsum .*75.0 %", said)


@pytest.mark.slow
def test_every_variant_is_there_and_can_be_looked_at(folder: Path):
    (folder / "my_tasks.py").write_text(with_ten_templates())
    module = ("--module", "my_tasks")
    status, said = run(folder, "flan_mix.cli", "tasks", "show", "tickets", *module)
    assert status == 0
    for variant in ("few_shot_no_options", "template_10", "rank", "inverted"):
        assert variant in said
    vocabulary = ("--vocabulary", vocabulary_file())
    status, said = run(
        folder, "flan_mix.cli", "tasks", "preview", "tickets.few_shot", *module, *vocabulary
    )
    assert status == 0, said
    assert said.count("exemplars: ") == 3 and "tokens with EOS" in said


@pytest.mark.slow
def test_it_trains_and_is_evaluated(folder: Path):
    (folder / "my_tasks.py").write_text(with_ten_templates())
    flags = [flag.replace("gin_file=gin/", f"gin_file={REPOSITORY}/gin/") for flag in GIN_FLAGS]
    flags = [flag for flag in flags if "MODULE" not in flag]
    flags += [
        f"--gin_search_paths={REPOSITORY}",
        "--gin.MIXTURE_OR_TASK_MODULE='my_tasks'",
        "--gin.MIXTURE_OR_TASK_NAME='tickets'",
        "--gin.CACHE_DIR='cache'",
    ]
    model = "--gin.MODEL_DIR='out'"
    finetune = f"--gin_file={REPOSITORY}/gin/runs/finetune.gin"
    steps = ("--gin.TRAIN_STEPS=2", "--gin.BATCH_SIZE=4", "--gin.EVAL_STEPS=0")
    status, said = run(folder, "flan_mix.train", *flags, finetune, model, *steps)
    assert status == 0, said
    evaluate = f"--gin_file={REPOSITORY}/gin/runs/eval.gin"
    status, said = run(folder, "flan_mix.eval", *flags, evaluate, "--gin.CHECKPOINT_PATH='out'")
    assert status == 0, said
    assert "tickets" in said and "Accuracy" in said
    assert list(folder.glob("out/eval/2/metrics.json"))
