"""The models' answers to an example side by side, and which of them a page holds.

Drawn by a hash of the example's id, never chosen by score.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flan_mix.evaluation import Evaluation, Prediction, TaskResult, shared_examples
from flan_mix.evaluation.faithfulness import Marks, marks_of
from flan_mix.metrics.faithfulness import Mention


@dataclass(frozen=True)
class Answers:
    """One example and what each model answered.

    task, category: as evaluated.
    answers: one prediction of each model, all of the same example, the baseline's first.
    main_metric: the key of the score to show with each; None where the task has no metric.
    marks: what each answer made up and missed; None for an answer that is no summary.
    """

    task: str
    category: str
    answers: tuple[Prediction, ...]
    main_metric: str | None
    held_out: bool = False
    marks: tuple[Marks | None, ...] = ()

    @property
    def example(self) -> Prediction:
        """The example, as the last model saw it."""
        return self.answers[-1]

    @property
    def missed(self) -> list[tuple[Mention, tuple[int, ...]]]:
        """Mentions of the first reference that some models miss, in order, with their places."""
        found: dict[Mention, list[int]] = {}
        for model, marks in enumerate(self.marks):
            for mention in marks.missed if marks else ():
                found.setdefault(mention, []).append(model)
        return [(m, tuple(found[m])) for m in sorted(found, key=lambda m: (m.start, m.end))]

    @property
    def scores(self) -> tuple[float | None, ...]:
        """Each answer's main score, where answers have one alone."""
        return tuple(answer.scores.get(self.main_metric or "") for answer in self.answers)


def side_by_side(
    evaluations: Sequence[Evaluation],
    *,
    per_task: int | None = None,
    held_out_categories: Collection[str] = (),
    seed: int = 0,
) -> list[Answers]:
    """The answers to `per_task` examples (None: all) of every task that all evaluations have.

    In the order of the last evaluation's tasks, and in each by the hash that draws them.
    """
    shared = shared_examples(evaluations)
    return [
        answers
        for task in evaluations[-1].tasks
        if task.name in shared
        for answers in _of_task(
            [evaluation.task(task.name) for evaluation in evaluations],
            shared[task.name],
            per_task,
            task.category in held_out_categories,
            seed,
        )
    ]


def per_task_at_most(evaluations: Sequence[Evaluation], total: int) -> int:
    """How many examples of each task make up at most `total` together, at least one of each.

    Tasks with few examples leave their room to the others.
    """
    sizes = sorted(len(ids) for ids in shared_examples(evaluations).values())
    left, room = len(sizes), total
    for size in sizes:
        if size * left > room:
            return max(room // left, 1)
        room -= size
        left -= 1
    return sizes[-1] if sizes else 1


def _of_task(
    results: Sequence[TaskResult],
    ids: Collection[str],
    count: int | None,
    held_out: bool,
    seed: int,
) -> list[Answers]:
    by_id = [{p.id: p for p in result.predictions} for result in results]
    last = results[-1]
    drawn = sorted(ids, key=lambda example: _draw(seed, last.name, example))[:count]
    return [
        Answers(
            last.name,
            last.category,
            answers,
            last.main_metric,
            held_out,
            tuple(marks_of(answer) for answer in answers),
        )
        for answers in (tuple(known[i] for known in by_id) for i in drawn)
    ]


def _draw(seed: int, task: str, example: str) -> str:
    text = f"{seed}\x1f{task}\x1f{example}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
