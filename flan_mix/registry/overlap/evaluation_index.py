"""What an evaluation's rows say, as sorted hashes: as small whatever training is looked through.

Eight bytes for each run of words and eight for the row it is in; the texts are not kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from flan_mix.registry.overlap.row_texts import RowTexts, row_texts
from flan_mix.registry.overlap.word_runs import Runs, WordHasher, whole_hash
from flan_mix.registry.task_spec import TaskSpec

FEWEST_WORDS = 5
"""Shorter questions are the same by chance."""

# A run of words in so many rows of a task, and in this share of them, is its way to ask.
_COMMON_ROWS = 10
_COMMON_SHARE = 0.05


class EvaluatedSplit(NamedTuple):
    """A task's split that is evaluated; its rows are numbers first … first + len(ids) - 1."""

    task: str
    split: str
    first: int
    ids: list[str]


@dataclass(frozen=True)
class EvaluationIndex:
    """The rows of an evaluation by what they say.

    splits: in the order they were read. run_hashes uint64 [runs] sorted, run_rows int32 [runs]: the
    rows each is in. whole_hashes uint64 [rows] sorted, whole_rows int32: rows by their question.
    run_counts int32 [rows]: how many runs a row has.
    """

    splits: tuple[EvaluatedSplit, ...]
    run_hashes: np.ndarray
    run_rows: np.ndarray
    whole_hashes: np.ndarray
    whole_rows: np.ndarray
    run_counts: np.ndarray

    @classmethod
    def of(cls, tasks: Iterable[tuple[TaskSpec, str]], hasher: WordHasher) -> "EvaluationIndex":
        """Reads the rows of each (task, split)."""
        splits, runs, wholes, first = [], [], [], 0
        for spec, split in tasks:
            ids: list[str] = []
            found, whole = [], []
            for rows in row_texts(spec, split):
                of_rows = runs_of_rows(rows, hasher)
                found.append((of_rows.hashes, of_rows.text + len(ids)))
                whole += [whole_of(row) for row in rows]
                ids += [row.id for row in rows]
            hashes, owners = _without_common(found, len(ids))
            runs.append((hashes, owners + first))
            wholes += [(hash_, first + n) for n, hash_ in enumerate(whole) if hash_ is not None]
            splits.append(EvaluatedSplit(spec.name, split, first, ids))
            first += len(ids)
        hashes = _joined([hashes for hashes, _ in runs], np.uint64)
        owners = _joined([owners for _, owners in runs], np.int32)
        order = np.argsort(hashes, kind="stable")
        whole_hashes = np.array([hash_ for hash_, _ in wholes], np.uint64)
        whole_order = np.argsort(whole_hashes, kind="stable")
        return cls(
            tuple(splits),
            hashes[order],
            owners[order],
            whole_hashes[whole_order],
            np.array([row for _, row in wholes], np.int32)[whole_order],
            np.bincount(owners, minlength=first).astype(np.int32),
        )

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.run_counts)


def runs_of_rows(rows: list[RowTexts], hasher: WordHasher) -> Runs:
    """The runs of words of all texts of rows; `text` is the number of the row."""
    texts = [text for row in rows for text in (*row.asked, *row.others)]
    owners = np.repeat(np.arange(len(rows)), [len(r.asked) + len(r.others) for r in rows])
    runs = hasher.runs(texts)
    return runs._replace(text=owners[runs.text])


def whole_of(row: RowTexts) -> int | None:
    """A hash of all that a row's prompts show of it; None where that is too short to tell."""
    long_enough = sum(map(len, row.asked)) >= FEWEST_WORDS
    return whole_hash(row.asked) if long_enough else None


def _without_common(
    found: list[tuple[np.ndarray, np.ndarray]], rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """(hash, row) of a task's runs, each once, without those that many of its rows have."""
    hashes = _joined([hashes for hashes, _ in found], np.uint64)
    owners = _joined([owners for _, owners in found], np.int32)
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    again = np.zeros(len(hashes), bool)
    again[1:] = (hashes[1:] == hashes[:-1]) & (owners[1:] == owners[:-1])
    hashes, owners = hashes[~again], owners[~again]
    _, number, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    rare = counts[number] <= max(_COMMON_ROWS, _COMMON_SHARE * rows)
    return hashes[rare], owners[rare]


def _joined(arrays: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype), *arrays]).astype(dtype)
