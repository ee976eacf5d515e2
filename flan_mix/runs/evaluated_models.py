"""What the words of `compare` and `report` stand for: evaluations, with what their runs recorded.

A word is an evaluation's folder, a MODEL_DIR (its last evaluation), MODEL_DIR@STEP, a checkpoint
folder, or a folder of evaluations by step.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flan_mix.evaluation import Evaluation, read_evaluation
from flan_mix.runs.run_record import FILE as RUN_FILE
from flan_mix.runs.run_record import read_facts

_METRICS = "metrics.json"
_CHECKPOINT = re.compile(r"checkpoint_(\d+)")


@dataclass(frozen=True)
class EvaluatedModel:
    """One evaluation and where it comes from.

    folder: of the evaluation. model_dir, run: the run's folder and run.json; None and empty where
        the folder is not, or no longer, beside a run.
    """

    label: str
    folder: Path
    evaluation: Evaluation
    model_dir: Path | None
    run: Mapping[str, Any]

    @property
    def step(self) -> int | None:
        """The step that was evaluated, where it is known."""
        step = self.evaluation.facts.get("step")
        return int(step) if isinstance(step, int) else None


def trained_run(model: EvaluatedModel) -> Mapping[str, Any]:
    """What trained a model: its run.json; empty for one that was evaluated before its run began."""
    is_start = model.step is not None and model.step == model.run.get("first_step")
    return {} if is_start else model.run


def evaluated_models(
    words: Sequence[str], labels: Sequence[str] = (), *, baseline: str | None = None
) -> list[EvaluatedModel]:
    """The evaluations that the words stand for, in order, labels made up where none are given.

    baseline: the word or label of the one that goes first.

    Raises FileNotFoundError with the command that makes what is missing, and ValueError for
    another number of labels than words, for two that are the same, and for an unknown baseline.
    """
    if labels and len(labels) != len(words):
        raise ValueError(f"{len(labels)} labels for {len(words)} models: give one for each.")
    folders = [find_evaluation(word) for word in words]
    models = [_open(word, folder) for word, folder in zip(words, folders, strict=True)]
    names = list(labels) or _labels(models)
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the label {repeated[0]!r} stands for two models: tell them apart.")
    named = [replace(model, label=name) for model, name in zip(models, names, strict=True)]
    return named if baseline is None else _baseline_first(words, named, baseline)


def measured_differently(models: Sequence[EvaluatedModel]) -> dict[str, list[str]]:
    """What decides scores and was not the same for all: name -> each model's value, as text.

    Steps and checkpoints are what is compared and do not count, nor what an evaluation does not
    say, as one of an earlier version.
    """
    facts = [dict(model.evaluation.facts) for model in models]
    names = [name for name in facts[0] if all(name in of for of in facts)]
    values = {name: [shown_fact(of[name]) for of in facts] for name in names}
    return {
        name: shown
        for name, shown in values.items()
        if name not in ("step", "checkpoint") and len(set(shown)) > 1
    }


def shown_fact(value: Any) -> str:
    """A fact of metrics.json as a reader gets it: "greedy", or "method beam, num_beams 4"."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return str(value)


def _baseline_first(
    words: Sequence[str], models: Sequence[EvaluatedModel], baseline: str
) -> list[EvaluatedModel]:
    places = [
        place
        for place, (word, model) in enumerate(zip(words, models, strict=True))
        if baseline in (word, model.label)
    ]
    if not places:
        raise ValueError(
            f"no model is called {baseline!r}, the baseline; there are {[m.label for m in models]}."
        )
    return [models[places[0]], *models[: places[0]], *models[places[0] + 1 :]]


def find_evaluation(word: str) -> Path:
    """The folder of the finished evaluation that a word stands for.

    Raises FileNotFoundError, with the command that makes one where there is a checkpoint.
    """
    path, step = Path(word).expanduser().absolute(), None
    if not path.exists() and "@" in path.name:
        name, _, step = path.name.rpartition("@")
        path = path.with_name(name)
    if not path.is_dir():
        raise FileNotFoundError(
            f"{word}: no such folder. Give a MODEL_DIR, MODEL_DIR@STEP, a checkpoint or the folder "
            "of an evaluation."
        )
    if (path / _METRICS).exists():
        return path
    if match := _CHECKPOINT.fullmatch(path.name):
        path, step = path.parent, match[1]
    finished = finished_evaluations(path)
    if step is None and finished:
        return finished[max(finished)]
    if step is not None and step.isdecimal() and int(step) in finished:
        return finished[int(step)]
    raise FileNotFoundError(_how_to_evaluate(path, step, sorted(finished)))


def finished_evaluations(folder: Path) -> dict[int, Path]:
    """Step -> the folder of its evaluation, under a MODEL_DIR or a folder of evaluations."""
    found = [*folder.glob(f"*/{_METRICS}"), *folder.glob(f"eval/*/{_METRICS}")]
    return {int(path.parent.name): path.parent for path in found if path.parent.name.isdecimal()}


def _open(word: str, folder: Path) -> EvaluatedModel:
    evaluation = read_evaluation(folder)
    model_dir = _model_dir(folder, evaluation)
    run = read_facts(model_dir) if model_dir else {}
    return EvaluatedModel(word, folder, evaluation, model_dir, run)


def _model_dir(folder: Path, evaluation: Evaluation) -> Path | None:
    """The run's folder: two above, or where the checkpoint lay that was evaluated."""
    candidates = [folder.parent.parent, folder.parent]
    if isinstance(checkpoint := evaluation.facts.get("checkpoint"), str):
        candidates.insert(0, Path(checkpoint).parent)
    return next((path for path in candidates if (path / RUN_FILE).exists()), None)


def _labels(models: Sequence[EvaluatedModel]) -> list[str]:
    """The shortest names that tell the models apart: the step, the run, both, or the word given."""
    runs = [model.model_dir.name if model.model_dir else "" for model in models]
    steps = ["" if model.step is None else f"step {model.step:,}" for model in models]
    one_run = len({model.model_dir for model in models}) == 1
    both = [f"{run} {step}".strip() for run, step in zip(runs, steps, strict=True)]
    for names in ([steps] if one_run else []) + [runs, both]:
        if all(names) and len(set(names)) == len(names):
            return names
    return [model.label for model in models]


def _how_to_evaluate(folder: Path, step: str | None, finished: Sequence[int]) -> str:
    there = f"evaluated steps: {finished}" if finished else "no finished evaluation"
    of_step = "" if step is None else f" of step {step}"
    checkpoints = [p for p in folder.glob("checkpoint_*") if _CHECKPOINT.fullmatch(p.name)]
    message = f"{folder} holds no evaluation{of_step} ({there})."
    if not checkpoints:
        return f"{message} It holds no checkpoint to evaluate either."
    wanted = folder / f"checkpoint_{step}"
    if step is not None and wanted not in checkpoints:
        steps = sorted(int(p.name.removeprefix("checkpoint_")) for p in checkpoints)
        return f"{message} It has no such checkpoint either: there are those of steps {steps}."
    mixture = read_facts(folder).get("mixture", "…")
    checkpoint = folder if step is None else wanted
    return (
        f"{message} Make one, on any tasks you like, with\n"
        "  python -m flan_mix.eval --gin_file=<the model's gin file> --gin_file=gin/runs/eval.gin "
        f"--gin.CHECKPOINT_PATH=\"'{checkpoint}'\" --gin.MIXTURE_OR_TASK_NAME=\"'{mixture}'\" "
        "--gin.VOCABULARY_FILE=…"
    )
