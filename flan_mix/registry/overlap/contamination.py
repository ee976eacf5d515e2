"""Which evaluation rows a training mixture has seen, task by task, with examples.

Two kinds of overlap: exact (all that a prompt shows of a row, its words in any layout, is a
training row's) and runs of 13 words (Brown et al. 2020, appendix C, https://arxiv.org/abs/2005.14165)
anywhere in a row's fields, options and references. The evaluation is held in memory as hashes, and
the training rows pass by once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from flan_mix.registry import catalogue
from flan_mix.registry.overlap.evaluation_index import (
    EvaluationIndex,
    runs_of_rows,
    whole_of,
)
from flan_mix.registry.overlap.row_texts import RowTexts, row_texts
from flan_mix.registry.overlap.word_runs import WordHasher
from flan_mix.registry.suites import is_suite, suite_forms
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError, TaskSpec

RUN = 13
_MOSTLY = 0.7
_SHOWN_CHARACTERS = 200

OnProgress = Callable[[str, int], None]
"""A task and how many of its training rows have been looked at."""


@dataclass(frozen=True)
class Found:
    """One overlap: the words that an evaluation row shares with a training row."""

    kind: str
    evaluated: str
    trained_task: str
    trained: str
    text: str


@dataclass(frozen=True)
class TaskOverlap:
    """What training has seen of one evaluated split.

    exact: rows whose prompt shows what a training row's shows. run: rows with a run of 13 words
    in common with some training row; mostly: rows of which at least 70 % of the runs are found.
    any: rows with either. by_task: training task -> rows of this split that it overlaps with.
    """

    task: str
    split: str
    rows: int
    exact: int
    run: int
    mostly: int
    any: int
    by_task: Mapping[str, int]
    examples: tuple[Found, ...]


@dataclass(frozen=True)
class Contamination:
    """The overlap of a training mixture with an evaluation.

    drop: training task -> ids of its rows that overlap, sorted: what training may leave out.
    trained_rows: training task -> rows looked at.
    """

    trained: str
    evaluated: str
    tasks: tuple[TaskOverlap, ...]
    drop: Mapping[str, tuple[str, ...]]
    trained_rows: Mapping[str, int]
    run_length: int = RUN

    def to_json(self) -> dict[str, Any]:
        """Plain values, as the command writes them and `read_drops` reads them back."""
        return asdict(self)


@dataclass
class _Seen:
    """What has been found so far of the rows of an index."""

    index: EvaluationIndex
    examples_wanted: int
    exact: np.ndarray = field(init=False)
    runs: np.ndarray = field(init=False)
    by_task: dict[str, np.ndarray] = field(default_factory=dict)
    examples: dict[int, list[Found]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.exact = np.zeros(self.index.rows, bool)
        self.runs = np.zeros(len(self.index.run_hashes), bool)


def find_contamination(
    trained: str,
    evaluated: str,
    *,
    split: str | None = None,
    examples: int = 3,
    on_progress: OnProgress | None = None,
) -> Contamination:
    """The overlap of the train splits of a mixture or task with a suite, mixture or task.

    split: of the evaluation; a suite's own, and of a mixture all but train, when not given.
    examples: how many overlaps to show of each evaluated task.

    Raises TaskError for names that are not registered and where nothing is left to compare, and
    what reading the rows raises.
    """
    sides = _trained_specs(trained), _evaluated_specs(evaluated, split)
    for name, side in zip((trained, evaluated), sides, strict=True):
        if not side:
            raise TaskError(f"{name!r} has no rows to compare: no task of it has such a split.")
    hasher = WordHasher(RUN)
    seen = _Seen(EvaluationIndex.of(sides[1], hasher), examples)
    drop: dict[str, tuple[str, ...]] = {}
    counts: dict[str, int] = {}
    for spec in sides[0]:
        ids, counts[spec.name] = _look_through(spec, seen, hasher, on_progress)
        if ids:
            drop[spec.name] = tuple(sorted(ids))
    return Contamination(trained, evaluated, tuple(_overlaps(seen)), drop, counts)


def _look_through(
    spec: TaskSpec, seen: _Seen, hasher: WordHasher, on_progress: OnProgress | None
) -> tuple[set[str], int]:
    """The ids of a task's training rows that overlap, and how many rows there are."""
    seen.by_task[spec.name] = np.zeros(seen.index.rows, bool)
    overlapping: set[str] = set()
    count = 0
    for rows in row_texts(spec, TRAIN_SPLIT):
        for number in (*_exact(spec, rows, seen), *_runs(spec, rows, seen, hasher)):
            overlapping.add(rows[number].id)
        count += len(rows)
        if on_progress is not None:
            on_progress(spec.name, count)
    return overlapping, count


def _exact(spec: TaskSpec, rows: Sequence[RowTexts], seen: _Seen) -> Iterator[int]:
    """Numbers of the rows whose question is that of an evaluated row; notes which."""
    index = seen.index
    wholes = [(number, whole_of(row)) for number, row in enumerate(rows)]
    known = [(number, hash_) for number, hash_ in wholes if hash_ is not None]
    hashes = np.array([hash_ for _, hash_ in known], np.uint64)
    starts = np.searchsorted(index.whole_hashes, hashes, "left")
    ends = np.searchsorted(index.whole_hashes, hashes, "right")
    for (number, _), start, end in zip(known, starts.tolist(), ends.tolist(), strict=True):
        if start == end:
            continue
        found = index.whole_rows[start:end]
        seen.exact[found] = True
        seen.by_task[spec.name][found] = True
        text = " | ".join(" ".join(words) for words in rows[number].asked)
        _show(seen, "exact", int(found[0]), spec.name, rows[number].id, text[:_SHOWN_CHARACTERS])
        yield number


def _runs(spec: TaskSpec, rows: list[RowTexts], seen: _Seen, hasher: WordHasher) -> Iterator[int]:
    """Numbers of the rows that share a run of words with an evaluated row; notes which."""
    index, runs = seen.index, runs_of_rows(rows, hasher)
    starts = np.searchsorted(index.run_hashes, runs.hashes, "left")
    there = starts < len(index.run_hashes)
    there[there] = index.run_hashes[starts[there]] == runs.hashes[there]
    ends = np.searchsorted(index.run_hashes, runs.hashes[there], "right")
    hits = zip(runs.text[there].tolist(), starts[there].tolist(), ends.tolist(), strict=True)
    hashes, last = runs.hashes[there], (-1, -1)
    for place, (number, start, end) in enumerate(hits):
        seen.runs[start:end] = True
        found = index.run_rows[start:end]
        seen.by_task[spec.name][found] = True
        # One example of a pair of rows is enough.
        if (number, int(found[0])) != last:
            last = (number, int(found[0]))
            if _is_shown(seen, last[1]):
                text = _run_text(rows[number], int(hashes[place]), hasher)
                _show(seen, f"{RUN} words", last[1], spec.name, rows[number].id, text)
        yield number


def _run_text(row: RowTexts, wanted: int, hasher: WordHasher) -> str:
    """The words of a run, found again in its row."""
    texts = [*row.asked, *row.others]
    runs = hasher.runs(texts)
    place = int(np.flatnonzero(runs.hashes == wanted)[0])
    start = int(runs.start[place])
    return " ".join(texts[int(runs.text[place])][start : start + hasher.length])


def _is_shown(seen: _Seen, row: int) -> bool:
    split = _split_of(seen, row)
    shown = seen.examples.get(split, [])
    is_new = all(found.evaluated != _id(seen, row) for found in shown)
    return is_new and len(shown) < seen.examples_wanted


def _show(seen: _Seen, kind: str, row: int, task: str, trained: str, text: str) -> None:
    if _is_shown(seen, row):
        found = Found(kind, _id(seen, row), task, trained, text)
        seen.examples.setdefault(_split_of(seen, row), []).append(found)


def _split_of(seen: _Seen, row: int) -> int:
    firsts = [split.first for split in seen.index.splits]
    return int(np.searchsorted(firsts, row, "right")) - 1


def _id(seen: _Seen, row: int) -> str:
    split = seen.index.splits[_split_of(seen, row)]
    return split.ids[row - split.first]


def _overlaps(seen: _Seen) -> Iterator[TaskOverlap]:
    index = seen.index
    run_counts = np.bincount(index.run_rows[seen.runs], minlength=index.rows)
    shares = run_counts / np.maximum(index.run_counts, 1)
    for number, split in enumerate(index.splits):
        rows = slice(split.first, split.first + len(split.ids))
        by_task = {task: int(found[rows].sum()) for task, found in seen.by_task.items()}
        yield TaskOverlap(
            task=split.task,
            split=split.split,
            rows=len(split.ids),
            exact=int(seen.exact[rows].sum()),
            run=int((run_counts[rows] > 0).sum()),
            mostly=int((shares[rows] >= _MOSTLY).sum()),
            any=int((seen.exact[rows] | (run_counts[rows] > 0)).sum()),
            by_task={task: count for task, count in by_task.items() if count},
            examples=tuple(seen.examples.get(number, ())),
        )


def _trained_specs(name: str) -> list[TaskSpec]:
    return [spec for spec in _base_specs(name) if TRAIN_SPLIT in spec.splits]


def _evaluated_specs(name: str, split: str | None) -> list[tuple[TaskSpec, str]]:
    if is_suite(name):
        found = {
            (catalogue.get_task(form.task).base_name, split or form.split)
            for form in suite_forms(name)
        }
        pairs = [(catalogue.get_task(task), each) for task, each in sorted(found)]
        return [(spec, each) for spec, each in pairs if each in spec.splits]
    return [
        (spec, each)
        for spec in _base_specs(name)
        for each in spec.splits
        if (each == split if split else each != TRAIN_SPLIT)
    ]


def _base_specs(name: str) -> list[TaskSpec]:
    """The tasks behind a name, variants as the tasks that they are of, each once."""
    return [catalogue.get_task(task) for task in dict.fromkeys(_tasks(name))]


def _tasks(name: str) -> Iterator[str]:
    if catalogue.is_mixture(name):
        for part, _ in catalogue.get_mixture(name).parts:
            yield from _tasks(part)
    else:
        yield catalogue.get_task(name).base_name
