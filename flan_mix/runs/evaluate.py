"""Evaluates checkpoints: every task of a mixture or suite, by generation or by rank."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import jax

from flan_mix import checkpoints
from flan_mix.evaluation import Evaluation, TaskResult
from flan_mix.evaluation.result_files import ResultFiles, read_json
from flan_mix.inference import Decoding
from flan_mix.reports.progress import Progress, progress_line
from flan_mix.reports.tables import evaluation_table, print_table
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.evaluation_boards import write_boards
from flan_mix.runs.evaluation_set import open_evaluation
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.placement import placed_parameters
from flan_mix.runs.run_record import read_facts
from flan_mix.runs.suite_tables import print_families, print_steps
from flan_mix.training import Partitioner

log = logging.getLogger(__name__)


def evaluate(
    *,
    model: EncoderDecoderModel,
    dataset_cfg: DatasetConfig,
    checkpoint_path: str,
    checkpoint_steps: Sequence[int] | Literal["all"] | None = None,
    output_dir: str | None = None,
    mode: Literal["generate", "rank"] = "generate",
    decoding: Decoding = Decoding(),
    partitioner: Partitioner = Partitioner(),
) -> list[Evaluation]:
    """Writes <output_dir>/<step>/metrics.json and predictions for each checkpoint; prints tables.

    TensorBoard finds the same figures by step under <output_dir>.

    checkpoint_path: what `checkpoints.open_checkpoint` takes: a MODEL_DIR, a checkpoint of any
    format, `hf:owner/name`. checkpoint_steps: those of a MODEL_DIR to evaluate, or "all"; None is
    the latest. output_dir: None is `eval` beside the checkpoint (inside a Hugging Face folder).
    mode: "rank" takes the likeliest option in tasks that have some; suites say it of each task.
    decoding: how answers are generated.

    Tasks that are finished there already, with the same settings, are not repeated, and a step of
    which all are finished is not even loaded. Raises FileNotFoundError for a step that is not
    there, and ValueError without `output_dir` for a checkpoint that is not on this machine.
    """
    if mode not in ("generate", "rank"):
        raise ValueError(f"EVAL_MODE is 'generate' or 'rank', not {mode!r}")
    found = find_checkpoints(checkpoint_path, checkpoint_steps)
    base = Path(output_dir).expanduser() if output_dir else _beside(checkpoint_path, found[0])
    tasks = open_evaluation(dataset_cfg, model.vocabulary, ranks=mode == "rank")
    if jax.process_index() == 0:
        for _, _, step in found:
            _say_what_is_replaced(base / str(step), [task.name for task in tasks])
    results = []
    with progress_line() as line:
        evaluation = ModelEvaluation(
            model,
            partitioner,
            tasks,
            dataset_cfg,
            decoding,
            on_answers=lambda what, done, total: line.show(
                Progress(what, done, total, unit="examples")
            ),
        )
        for url, _, step in found:
            results.append(
                evaluation.run(
                    lambda url=url: checkpoints.load_parameters(
                        url, placed_parameters(model, partitioner), model.config
                    )[0],
                    base / str(step),
                    {"step": step, "checkpoint": url},
                    _say,
                    fingerprint=checkpoints.checkpoint_fingerprint(url),
                )
            )
    if jax.process_index() == 0:
        _print(results, base)
        write_boards(base, results, read_facts(Path(found[0].url).parent))
    return results


class FoundCheckpoint(NamedTuple):
    """A checkpoint to evaluate; `url` opens it, `step` is 0 where its format has none."""

    url: str
    format: checkpoints.Format
    step: int


def find_checkpoints(
    path: str, steps: Sequence[int] | Literal["all"] | None
) -> list[FoundCheckpoint]:
    """The checkpoints meant, in the order of `steps`, or ascending for "all".

    Those of steps are not opened: evaluated before, they need not be.

    Raises FileNotFoundError that says which steps there are.
    """
    if steps is None:
        opened = checkpoints.open_checkpoint(path)
        return [FoundCheckpoint(opened.url, opened.format, opened.step or 0)]
    folder = Path(path).expanduser().absolute()
    there = checkpoints.checkpoint_steps(folder)
    wanted = there if steps == "all" else list(steps)
    if not wanted or set(wanted) - set(there):
        missing = ", ".join(str(step) for step in wanted if step not in there) or "no steps"
        raise FileNotFoundError(
            f"{folder}: CHECKPOINT_STEPS asks for {missing}; the checkpoints there are of: "
            f"{', '.join(map(str, there)) or 'none'}. CHECKPOINT_PATH is a MODEL_DIR."
        )
    places = [(folder / f"checkpoint_{step}", step) for step in wanted]
    return [FoundCheckpoint(str(at), checkpoints.detect(at), step) for at, step in places]


def _beside(path: str, checkpoint: FoundCheckpoint) -> Path:
    if checkpoints.is_remote(path):
        raise ValueError(f"{path} is not on this machine: say where to write by EVAL_OUTPUT_DIR")
    folder = Path(checkpoint.url)
    return (folder if checkpoint.format == "hf" else folder.parent) / "eval"


def _say_what_is_replaced(folder: Path, tasks: Sequence[str]) -> None:
    """Warns of figures that the metrics.json there has and the new one will not have."""
    try:
        others = [n for n in read_json(ResultFiles(folder).metrics)["tasks"] if n not in tasks]
    except (OSError, ValueError, KeyError):
        return  # Nothing that can be read: nothing to lose.
    if others:
        log.warning(
            "%s is of other tasks too (%d: %s): it will be of this evaluation's alone. "
            "EVAL_OUTPUT_DIR keeps two apart; the others come back, without asking the model "
            "again, when they are evaluated as before.",
            folder / "metrics.json",
            len(others),
            ", ".join(others[:3]) + (", …" if len(others) > 3 else ""),
        )


def _print(results: Sequence[Evaluation], base: Path) -> None:
    for result in results:
        several = any(len(family.members) > 1 for family in result.families)
        if several:
            print_families(result)
        else:
            print_table(evaluation_table(result))
        log.info("Wrote %s", base / str(result.facts["step"]) / "metrics.json")
    if len(results) > 1:
        print_steps(results)


def _say(result: TaskResult, found: bool) -> None:
    log.info("%s: %s%s", result.name, _shown(result), " (finished before)" if found else "")


def _shown(result: TaskResult) -> str:
    return ", ".join(f"{key} {value:.2f}" for key, value in result.scores.items())
