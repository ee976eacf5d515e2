"""Evaluates a checkpoint: generation and teacher-forced scores on every task of a mixture."""

import logging
from pathlib import Path

from flan_mix.checkpoints import checkpoint_step, find_checkpoint, load_parameters
from flan_mix.evaluation import Evaluation, TaskResult
from flan_mix.reports.progress import Progress, progress_line
from flan_mix.reports.tables import evaluation_table, print_table
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.placement import placed_parameters
from flan_mix.training import Partitioner

log = logging.getLogger(__name__)


def evaluate(
    *,
    model: EncoderDecoderModel,
    dataset_cfg: DatasetConfig,
    checkpoint_path: str,
    output_dir: str | None = None,
    partitioner: Partitioner = Partitioner(),
) -> Evaluation:
    """Writes <output_dir>/<step>/metrics.json and predictions; prints the table.

    `checkpoint_path` is a checkpoint folder or a MODEL_DIR. `output_dir` None is `eval` beside the
    checkpoint. Tasks that are finished there already, with the same settings, are not repeated.
    """
    checkpoint = find_checkpoint(checkpoint_path)
    step = checkpoint_step(checkpoint)
    base = Path(output_dir).expanduser() if output_dir else checkpoint.parent / "eval"
    mixture = open_with_progress(dataset_cfg, model.vocabulary)
    params, _ = load_parameters(checkpoint, placed_parameters(model, partitioner))
    with progress_line() as line:
        evaluation = ModelEvaluation(
            model,
            partitioner,
            mixture,
            dataset_cfg,
            on_answers=lambda what, done, total: line.show(
                Progress(what, done, total, unit="examples")
            ),
        )
        result = evaluation.run(
            params, base / str(step), {"step": step, "checkpoint": str(checkpoint)}, _say
        )
    print_table(evaluation_table(result))
    log.info("Wrote %s", base / str(step) / "metrics.json")
    return result


def _say(result: TaskResult, found: bool) -> None:
    log.info("%s: %s%s", result.name, _shown(result), " (finished before)" if found else "")


def _shown(result: TaskResult) -> str:
    return ", ".join(f"{key} {value:.2f}" for key, value in result.scores.items())
