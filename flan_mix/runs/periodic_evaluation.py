"""Evaluations that training stops for: teacher-forced on a few batches, and by generation.

Both log under T5X's names: training_eval/<task>/ and inference_eval/<task>/ for TensorBoard; what
a whole evaluation comes to, and what it gained since the first, under eval_summary/.
"""

import dataclasses
from pathlib import Path

import jax

from flan_mix.evaluation import Evaluation, TaskResult, read_evaluation
from flan_mix.reports.metrics_log import MetricsLog
from flan_mix.reports.tensorboard import TensorBoardWriter
from flan_mix.runs.evaluated_models import finished_evaluations
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.evaluation_boards import summary
from flan_mix.runs.run_record import read_facts
from flan_mix.training import TrainState, parameter_fingerprint


@dataclasses.dataclass
class TrainingEvaluation:
    """Loss and accuracy of the first batches of every task, targets given."""

    evaluation: ModelEvaluation
    folder: Path
    steps: int
    name: str = "training_eval"

    def run(self, step: int, state: TrainState) -> None:
        """Measures and logs."""
        scores = self.evaluation.teacher_forced(state.params, self.steps)
        if jax.process_index():
            return
        for task, metrics in scores.items():
            _log_task(self.folder / self.name, task, step, metrics)


@dataclasses.dataclass
class InferenceEvaluation:
    """Answers to every task's inputs, scored; written to MODEL_DIR/eval/<step>."""

    evaluation: ModelEvaluation
    folder: Path
    name: str = "inference_eval"

    def run(self, step: int, state: TrainState) -> None:
        """Generates, scores, writes and logs."""
        evaluation = self.evaluation.run(
            state.params,
            self.folder / "eval" / str(step),
            {"step": step},
            on_task=lambda result, found: self._log(step, result),
            # A run that is started over in the same folder comes to other parameters.
            fingerprint=parameter_fingerprint(state.params),
        )
        if not jax.process_index():
            self._log_whole(step, evaluation)

    def _log_whole(self, step: int, evaluation: Evaluation) -> None:
        """The means, and what changed since the run's first evaluation."""
        earlier = {n: p for n, p in finished_evaluations(self.folder).items() if n < step}
        first = read_evaluation(earlier[min(earlier)]) if earlier else None
        figures = summary(evaluation, first, read_facts(self.folder))
        _log_task(self.folder, "eval_summary", step, figures)

    def _log(self, step: int, result: TaskResult) -> None:
        if not jax.process_index():
            metrics = {f"eval/{key}": value for key, value in result.scores.items()}
            _log_task(self.folder / self.name, result.name, step, metrics)


def _log_task(folder: Path, task: str, step: int, metrics: dict[str, float]) -> None:
    # What an earlier run wrote of this step and later ones, before it was restarted, is dropped.
    board = TensorBoardWriter(folder / task, resumed_from=step - 1)
    for writer in (board, MetricsLog(folder / f"{task}-metrics.jsonl")):
        writer.write(step, metrics)
        writer.close()
