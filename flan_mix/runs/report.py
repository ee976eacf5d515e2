"""The report of one run: MODEL_DIR's first evaluation against its last, as a page and a table."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flan_mix.evaluation import Comparison, Evaluation, compare, read_evaluation
from flan_mix.reports import (
    DataFacts,
    LossPoint,
    ReportData,
    draw_samples,
    read_metrics,
    write_report,
)
from flan_mix.runs.run_facts import read_facts

log = logging.getLogger(__name__)

SAMPLES_PER_TASK = 8


def report_run(model_dir: str | Path, output: str | Path | None = None) -> tuple[Path, Comparison]:
    """Writes the page (None: MODEL_DIR/report.html); returns its path and the comparison.

    Raises FileNotFoundError when there are no two finished evaluations to compare.
    """
    folder = Path(model_dir).expanduser().absolute()
    first, last = _first_and_last(folder)
    before, after = read_evaluation(first), read_evaluation(last)
    facts = read_facts(folder)
    held_out = _held_out_categories(after, facts)
    comparison = compare(before, after, held_out_categories=held_out)
    data = ReportData(
        title=f"{facts.get('mixture', folder.name)}: before and after {last.name} steps",
        before=f"step {first.name}",
        after=f"step {last.name}",
        comparison=comparison,
        loss=_loss(folder),
        samples=draw_samples(
            before, after, per_task=SAMPLES_PER_TASK, held_out_categories=held_out
        ),
        settings=_settings(facts, after),
        versions=facts.get("versions", {}),
        data=_data(facts, after),
    )
    return write_report(output or folder / "report.html", data), comparison


def _first_and_last(folder: Path) -> tuple[Path, Path]:
    finished = sorted(
        (path.parent for path in (folder / "eval").glob("*/metrics.json")),
        key=lambda path: int(path.name),
    )
    if len(finished) < 2:
        raise FileNotFoundError(
            f"{folder / 'eval'} holds {len(finished)} finished evaluations and a report compares "
            "two: train with train.run_eval_before_training = True, or run flan_mix.eval on an "
            "earlier checkpoint"
        )
    return finished[0], finished[-1]


def _held_out_categories(evaluation: Evaluation, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The categories none of whose tasks were trained on."""
    trained = set(facts.get("tasks", {}))
    if not trained:
        return ()
    groups: dict[str, set[str]] = {}
    for task in evaluation.tasks:
        groups.setdefault(task.category, set()).add(task.name)
    return tuple(
        category
        for category, names in groups.items()
        if not names & trained and category in evaluation.categories
    )


def _loss(folder: Path) -> list[LossPoint]:
    path = folder / "metrics.jsonl"
    if not path.exists():
        return []
    rows = read_metrics(path)
    return [LossPoint(row["step"], row["token_loss"]) for row in rows if row["token_loss"]]


def _settings(facts: Mapping[str, Any], after: Evaluation) -> dict[str, str]:
    shown = {
        "Trained on": facts.get("mixture"),
        "Parameters": f"{facts['parameters']:,}" if "parameters" in facts else None,
        "Devices": facts.get("devices"),
        "Started from": facts.get("restored"),
        "Feature lengths": facts.get("feature_lengths"),
        "Rows per batch": facts.get("batch_size"),
        "Packed": facts.get("packed"),
        "Training seconds, evaluations included": round(facts.get("seconds", 0)) or None,
        **{name.replace("_", " ").capitalize(): v for name, v in after.facts.items()},
    }
    return {name: str(value) for name, value in shown.items() if value is not None}


def _data(facts: Mapping[str, Any], after: Evaluation) -> list[DataFacts]:
    trained = facts.get("tasks", {})
    categories = {task.name: task.category for task in after.tasks}
    rows = [
        DataFacts(
            name, categories.get(name, "not evaluated"), "train", of["examples"], of["fingerprint"]
        )
        for name, of in trained.items()
    ]
    return rows
