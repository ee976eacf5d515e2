"""The report of evaluated models: of one run its first evaluation against its last, or of several
models side by side; filled from evaluations and from what their runs recorded.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flan_mix.evaluation import Comparison, Evaluation, compare_several, only
from flan_mix.evaluation.faithfulness import with_faithfulness
from flan_mix.evaluation.result_files import ResultFiles
from flan_mix.reports import (
    MixturePart,
    ReportData,
    ReportModel,
    RunReport,
    TrainingPoint,
    per_task_at_most,
    read_metrics,
    side_by_side,
    template_spreads,
    write_report,
)
from flan_mix.runs.evaluated_models import (
    EvaluatedModel,
    evaluated_models,
    finished_evaluations,
    measured_differently,
    shown_fact,
    trained_run,
)
from flan_mix.runs.trained_on import held_out_categories, trained_categories, trained_tasks

MOST_ANSWERS = 10_000
"""Examples that a page holds; more make it slow to open on a phone."""


@dataclass(frozen=True)
class ReportOptions:
    """What a report shows.

    title: None for one of the models' names. held_out: categories that no model trained on; empty
    for those that no run says it did. tasks, categories: these alone; all where none are named.
    labels, baseline: as `evaluated_models` takes them. most_answers: examples in the page.
    """

    title: str | None = None
    held_out: Sequence[str] = ()
    tasks: Sequence[str] = ()
    categories: Sequence[str] = ()
    labels: Sequence[str] = ()
    baseline: str | None = None
    most_answers: int = MOST_ANSWERS


def report_run(
    model_dir: str | Path,
    output: str | Path | None = None,
    options: ReportOptions = ReportOptions(),
) -> tuple[Path, Comparison]:
    """Writes the page of one run (None: MODEL_DIR/report.html); returns its path and comparison.

    Raises FileNotFoundError when there are no two finished evaluations to compare.
    """
    folder = Path(model_dir).expanduser().absolute()
    words = [f"{folder}@{step}" for step in _first_and_last(folder)]
    models = evaluated_models(words, options.labels, baseline=options.baseline)
    last = models[-1]
    title = f"{last.run.get('mixture', folder.name)}: before and after {last.step or 0:,} steps"
    named = options if options.title else replace(options, title=title)
    path, comparisons = report_models(models, output or folder / "report.html", named)
    return path, comparisons[0]


def report_words(
    words: Sequence[str], output: str | Path, options: ReportOptions = ReportOptions()
) -> tuple[Path, list[str], tuple[Comparison, ...]]:
    """Writes the page of the models that words stand for; returns path, labels and comparisons.

    Raises what `evaluated_models` and `compare_several` raise.
    """
    models = evaluated_models(words, options.labels, baseline=options.baseline)
    path, comparisons = report_models(models, output, options)
    return path, [model.label for model in models], comparisons


def report_models(
    models: Sequence[EvaluatedModel],
    output: str | Path,
    options: ReportOptions = ReportOptions(),
) -> tuple[Path, tuple[Comparison, ...]]:
    """Writes the page of models side by side, the first one the baseline."""
    labels = [model.label for model in models]
    scored, comparisons = compare_models(models, options)
    compared = [task.name for task in comparisons[0].tasks]
    held_out_names = [c.name for c in comparisons[0].categories if c.held_out]
    shown = [only(evaluation, tasks=compared) for evaluation in scored]
    per_task = per_task_at_most(shown, options.most_answers)
    data = ReportData(
        title=options.title or f"{' and '.join(labels[1:])} against {labels[0]}",
        models=[_model(*pair) for pair in zip(models, shown, strict=True)],
        comparisons=comparisons,
        runs=_runs(models),
        answers=side_by_side(shown, per_task=per_task, held_out_categories=held_out_names),
        answers_available=sum(task.examples for task in comparisons[0].tasks),
        spreads=template_spreads(scored),
        evaluated_on=_fingerprints(models[-1], compared),
        protocols=_protocols(shown[-1]),
        unlike={_title(name): values for name, values in measured_differently(models).items()},
    )
    return write_report(Path(output).expanduser(), data), comparisons


def compare_models(
    models: Sequence[EvaluatedModel], options: ReportOptions = ReportOptions()
) -> tuple[list[Evaluation], tuple[Comparison, ...]]:
    """The evaluations with what their summaries make up, and each one's comparison with the first.

    Raises ValueError for tasks and categories that were not evaluated.
    """
    chosen = {"tasks": options.tasks, "categories": options.categories}
    scored = [with_faithfulness(only(model.evaluation, **chosen)) for model in models]
    runs = [trained_run(model) for model in models]
    held_out = options.held_out or held_out_categories(scored[-1], runs)
    kinds = {task.category for task in scored[-1].tasks}
    untrained = [
        kinds - trained_categories(evaluation, run) if run.get("tasks") else frozenset()
        for evaluation, run in zip(scored, runs, strict=True)
    ]
    return scored, compare_several(
        scored, held_out_categories=held_out, untrained_categories=untrained
    )


def _first_and_last(folder: Path) -> tuple[int, int]:
    finished = sorted(finished_evaluations(folder))
    if len(finished) < 2:
        raise FileNotFoundError(
            f"{folder / 'eval'} holds {len(finished)} finished evaluations and a report compares "
            "two: train with train.run_eval_before_training = True, or run flan_mix.eval on an "
            "earlier checkpoint"
        )
    return finished[0], finished[-1]


def _model(model: EvaluatedModel, compared: Evaluation) -> ReportModel:
    where = model.model_dir.name if model.model_dir else model.folder.name
    step = "" if model.step is None else f"step {model.step:,}"
    # The label may have said it.
    description = f"{step} of {where}" if step and step not in model.label else where
    is_start = bool(model.run) and not trained_run(model)
    if mixture := model.run.get("mixture"):
        description += f", {'before training' if is_start else 'trained'} on {mixture}"
    measured = {
        _title(name): shown_fact(value)
        for name, value in model.evaluation.facts.items()
        if value is not None
    }
    return ReportModel(
        label=model.label,
        description=description,
        trained_on=trained_tasks(trained_run(model), [task.name for task in compared.tasks]),
        trained_kinds=trained_categories(compared, trained_run(model)),
        from_chance=None if (overall := compared.overall) is None else overall.normalized,
        measured=measured,
    )


def _runs(models: Sequence[EvaluatedModel]) -> list[RunReport]:
    """The runs behind the models, each once, in order of their first mention."""
    folders = dict.fromkeys(model.model_dir for model in models if model.model_dir)
    known = {model.model_dir: model.run for model in models}
    names = [folder.name for folder in folders]
    return [
        _run(
            folder,
            folder.name if names.count(folder.name) == 1 else str(folder),
            known[folder],
            tuple(place for place, model in enumerate(models) if model.model_dir == folder),
        )
        for folder in folders
    ]


def _run(folder: Path, name: str, facts: Mapping[str, Any], models: tuple[int, ...]) -> RunReport:
    configuration = folder / "config.gin"
    return RunReport(
        name=name,
        models=models,
        points=_points(folder),
        mixture=_mixture(facts),
        settings=_settings(facts),
        versions={name: str(value) for name, value in facts.get("versions", {}).items()},
        configuration=configuration.read_text("utf-8") if configuration.exists() else "",
    )


def _points(folder: Path) -> list[TrainingPoint]:
    path = folder / "metrics.jsonl"
    if not path.exists():
        return []
    return [
        TrainingPoint(
            row["step"], row["token_loss"], row.get("timing/non_padding_tokens_per_second")
        )
        for row in read_metrics(path)
        if row.get("token_loss")
    ]


def _mixture(facts: Mapping[str, Any]) -> list[MixturePart]:
    return [
        MixturePart(
            task=name,
            category=of.get("category", "not recorded"),
            share=of["share"],
            token_share=of.get("token_share"),
            examples=of["examples"],
            fingerprint=of["fingerprint"],
        )
        for name, of in facts.get("tasks", {}).items()
    ]


def _settings(facts: Mapping[str, Any]) -> dict[str, str]:
    shown = {
        "Trained on": facts.get("mixture"),
        "Steps": facts.get("step"),
        "Parameters": f"{facts['parameters']:,}" if "parameters" in facts else None,
        "Devices": facts.get("devices"),
        "Started from": facts.get("restored"),
        "Feature lengths": facts.get("feature_lengths"),
        "Rows per batch": facts.get("batch_size"),
        "Packed": facts.get("packed"),
        "Training seconds, evaluations included": round(facts.get("seconds", 0)) or None,
        "Fingerprint of the data": facts.get("data_fingerprint"),
        "Fingerprint of the vocabulary": facts.get("vocabulary_fingerprint"),
    }
    return {name: str(value) for name, value in shown.items() if value is not None}


def _fingerprints(model: EvaluatedModel, tasks: Sequence[str]) -> dict[str, str]:
    """Task -> the fingerprint of the examples it was evaluated on, as its result recorded it."""
    files = ResultFiles(model.folder)
    found = {}
    for name in tasks:
        path = files.task(name)
        settings = json.loads(path.read_text("utf-8")).get("settings", {}) if path.exists() else {}
        if isinstance(fingerprint := settings.get("examples"), str):
            found[name] = fingerprint
    return found


def _protocols(evaluation: Evaluation) -> dict[str, str]:
    """Score -> how its metrics say that it comes about; several where tasks have it of several."""
    said: dict[str, dict[str, None]] = {}
    for task in evaluation.tasks:
        for key, protocol in task.protocols.items():
            said.setdefault(key, {})[protocol] = None
    return {key: " Or: ".join(protocols) for key, protocols in said.items()}


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
