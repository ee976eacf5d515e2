"""A model's parameters against tasks: what both `eval` and `train` call.

Joins the evaluation floor, which sees plain functions, to the model on its mesh.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from flan_mix.data.evaluation_batches import evaluation_batches, longest_lengths
from flan_mix.evaluation import (
    Evaluation,
    EvaluationSettings,
    EvaluationTask,
    Hosts,
    TargetSums,
    TaskResult,
    TeacherForcing,
    evaluate,
)
from flan_mix.inference import Decoding, Generator, OptionScorer
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.training import ExampleSums, Partitioner, evaluate_batches, make_eval_step

Tree = Any


@dataclasses.dataclass
class ModelEvaluation:
    """Evaluates parameters of one model on the same tasks, as often as asked.

    Answers are decoded as `decoding` says; of several to one input the best counts. On several
    hosts all call alike; each computes its part, and the first one writes.
    """

    model: EncoderDecoderModel
    partitioner: Partitioner
    tasks: Sequence[EvaluationTask]
    config: DatasetConfig
    decoding: Decoding = dataclasses.field(default_factory=Decoding)
    on_answers: Callable[[str, int, int], None] | None = None

    def __post_init__(self) -> None:
        self._eval_step = make_eval_step(
            self.model.apply, self.model.loss_config, partitioner=self.partitioner
        )

    @property
    def max_decode_length(self) -> int:
        """Target tokens generated at most: the task feature length, else the longest target."""
        if self.config.task_feature_lengths is not None:
            return int(self.config.task_feature_lengths["targets"])
        generated = [task for task in self.tasks if task.mode == "generate"]
        return max(longest_lengths(task.cache)["targets"] for task in generated or self.tasks)

    def run(
        self,
        params: Callable[[], Tree] | Tree,
        directory: Path,
        facts: Mapping[str, Any],
        on_task: Callable[[TaskResult, bool], None] | None = None,
        *,
        fingerprint: str,
    ) -> Evaluation:
        """Generates or ranks, scores and writes metrics.json and predictions under `directory`.

        params: parameters on the mesh, or what gives them, called once and only if some task is
        not finished there. fingerprint: of the parameters; tasks that others finished there are
        not taken for theirs.
        """
        lengths = self.config.task_feature_lengths
        settings = EvaluationSettings(
            num_examples=self.config.num_examples,
            max_input_length=None if lengths is None else int(lengths["inputs"]),
            model=fingerprint,
            facts={
                "split": self.config.split,
                "decoding": self.decoding.facts(),
                "max_decode_length": self.max_decode_length,
                "compute_dtype": self.model.config.dtype,
                **facts,
            },
        )
        given = _Once(params if callable(params) else lambda: params)
        return evaluate(
            self.tasks,
            lambda inputs: self._generate(given(), inputs),
            self.model.vocabulary,
            directory,
            score_options=lambda inputs, options: self._score(given(), inputs, options),
            settings=settings,
            teacher_forcing=TeacherForcing(
                lambda batches: _target_sums(self._measure(given(), batches)),
                self.config.batch_size,
                lengths,
            ),
            on_task=on_task,
            hosts=Hosts(is_writer=jax.process_index() == 0, agree=_as_first_host),
        )

    def teacher_forced(self, params: Tree, steps: int) -> dict[str, dict[str, float]]:
        """Task -> T5X's training_eval metrics over its first `steps` batches."""
        most = steps * self.config.batch_size
        return {
            task.name: self._measure(
                params,
                (
                    batch
                    for batch, _ in evaluation_batches(
                        task.cache,
                        batch_size=self.config.batch_size,
                        feature_lengths=self.config.task_feature_lengths,
                        examples=range(min(most, len(task.cache))),
                    )
                ),
            ).means()
            for task in self.tasks
        }

    def _measure(self, params: Tree, batches: Iterator[Any]) -> ExampleSums:
        """Sums of all examples of the batches, of which each host's devices get their rows."""
        layout = self.partitioner.data_layout(self.config.batch_size)
        first = layout.shard_index * layout.local_batch_size
        rows = slice(first, first + layout.local_batch_size)
        placed = (
            self.partitioner.shard_batch({name: array[rows] for name, array in batch.items()})
            for batch in batches
        )
        return evaluate_batches(self._eval_step, params, placed)

    def _generate(self, params: Tree, inputs: Sequence[Sequence[int]]) -> list[str]:
        generator = Generator(
            self.model.module,
            params,
            batch_size=self.config.batch_size,
            max_decode_length=self.max_decode_length,
            eos_id=self.model.vocabulary.eos_id,
            mesh=self.partitioner.mesh,
            decoding=self.decoding,
            vocabulary=self.model.vocabulary,
        )
        found = generator.answer(inputs, on_progress=self._on_progress("generate", len(inputs)))
        return [answers[0].text or "" if answers else "" for answers in found]

    def _score(
        self,
        params: Tree,
        inputs: Sequence[Sequence[int]],
        options: Sequence[Sequence[Sequence[int]]],
    ) -> list[np.ndarray]:
        scorer = OptionScorer(
            self.model.module,
            params,
            batch_size=self.config.batch_size,
            mesh=self.partitioner.mesh,
        )
        return scorer.score(
            inputs, options, on_progress=self._on_progress("rank options", len(inputs))
        )

    def _on_progress(self, what: str, total: int) -> Callable[[int], None] | None:
        if self.on_answers is None:
            return None
        on_answers = self.on_answers
        return lambda answered: on_answers(what, answered, total)


def _target_sums(sums: ExampleSums) -> list[TargetSums]:
    """Without the z-loss, which is no part of the likelihood."""
    columns = (sums.loss - sums.z_loss, sums.correct, sums.weights)
    return [TargetSums(*row) for row in np.stack(columns, axis=1).tolist()]


class _Once:
    """Calls a function when its value is first asked for, and keeps the value."""

    def __init__(self, function: Callable[[], Any]):
        self._function = function
        self._values: list[Any] = []

    def __call__(self) -> Any:
        if not self._values:
            self._values.append(self._function())
        return self._values[0]


def _as_first_host(found: bool) -> bool:
    """The first host's answer, on all of them."""
    if jax.process_count() == 1:
        return found
    return bool(multihost_utils.broadcast_one_to_all(np.int32(found)))
