"""TensorBoard's view of a folder of evaluations, by step, under the names that training gives them.

<folder>/inference_eval/<task>/ has every score of a task, <folder>/eval_summary/ what an evaluation
comes to and what it gained since the first.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flan_mix.evaluation import Evaluation, read_evaluation
from flan_mix.reports.board_figures import board_figures
from flan_mix.reports.tensorboard import TensorBoardWriter
from flan_mix.runs.evaluated_models import finished_evaluations
from flan_mix.runs.trained_on import held_out_categories

log = logging.getLogger(__name__)


def write_boards(folder: Path, evaluations: Sequence[Evaluation], run: Mapping[str, Any]) -> None:
    """Writes the figures of all finished steps anew; those in files of before are dropped.

    evaluations: those at hand, each with its step among its facts; others that are finished in
    `folder` are read. run: the run.json of the model, {} where there is none.
    """
    known = {int(each.facts["step"]): each for each in evaluations}
    for step, finished in finished_evaluations(folder).items():
        if step not in known:
            known[step] = read_evaluation(finished)
    ordered = sorted(known.items())
    names = dict.fromkeys(task.name for _, each in ordered for task in each.tasks)
    for name in names:
        scored = [(s, t.scores) for s, each in ordered for t in each.tasks if t.name == name]
        figures = [(s, {f"eval/{k}": v for k, v in scores.items()}) for s, scores in scored]
        _write(folder / "inference_eval" / name, figures)
    first = ordered[0][1]
    summaries = [(s, summary(each, None if each is first else first, run)) for s, each in ordered]
    _write(folder / "eval_summary", summaries)


def summary(
    evaluation: Evaluation, first: Evaluation | None, run: Mapping[str, Any]
) -> dict[str, float]:
    """What an evaluation comes to and what it gained since the first, if there was one before.

    Without changes where the first was of other examples or metrics, as of another split. run: the
    run.json of the model.
    """
    held_out = held_out_categories(evaluation, [run])
    try:
        return board_figures(evaluation, first, held_out_categories=held_out)
    except ValueError as error:
        if first is None:
            raise
        log.warning("TensorBoard gets no changes since the first evaluation: %s", error)
        return board_figures(evaluation)


def _write(folder: Path, figures: Sequence[tuple[int, Mapping[str, float]]]) -> None:
    board = TensorBoardWriter(folder, resumed_from=-1)
    for step, named in figures:
        board.write(step, named)
    board.close()
