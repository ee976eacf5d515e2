"""Rank classification from a token cache: each example with its options as token ids.

A `.rank` variant's cache has a row for each option, which are put together again here; any other
cache of a task with options has a row for each example, whose options stand in its record and are
put into the words of its target.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flan_mix.data import TokenCache, spread_examples
from flan_mix.vocabularies import Vocabulary

Record = Mapping[str, Any]

ScoreOptions = Callable[[Sequence[Sequence[int]], Sequence[Sequence[Sequence[int]]]], Sequence[Any]]
"""Inputs and, for each, its options, all as token ids with EOS -> for each input the summed
log-likelihoods of its options, float [options]."""


@dataclass(frozen=True)
class RankedExample:
    """One example of which an option is to be chosen.

    index: of its (first) row in the cache. id: the source row's. options: their texts.
    option_ids: their tokens, EOS included. is_right: of each option.
    """

    index: int
    id: str
    record: Record
    options: tuple[str, ...]
    option_ids: tuple[list[int], ...]
    is_right: tuple[bool, ...]


def ranked_examples(
    cache: TokenCache,
    vocabulary: Vocabulary,
    option_targets: Callable[[Record], Sequence[str]] | None,
    limit: int | None = None,
) -> list[RankedExample]:
    """At most `limit` examples of a cache, evenly spread (None: all), each with its options.

    option_targets: a record -> what the target says for each option; None for the cache of a
    `.rank` variant, whose targets are the options.

    Raises ValueError naming the example that has no options, or none that is right.
    """
    if option_targets is None:
        rows = _grouped_rows(cache)
        examples = [_of_rows(cache, *rows[i]) for i in spread_examples(len(rows), limit)]
    else:
        chosen = spread_examples(len(cache), limit)
        examples = [_of_record(cache, i, vocabulary, option_targets) for i in chosen]
    for example in examples:
        _check(cache, example)
    return examples


def ranked_count(cache: TokenCache, is_by_option: bool) -> int:
    """Examples of a cache; `is_by_option` where it has a row for each option."""
    return len(_grouped_rows(cache)) if is_by_option else len(cache)


def _grouped_rows(cache: TokenCache) -> list[tuple[str, list[int]]]:
    """(id of the source row, its rows in the cache): options of one row stand together."""
    groups = groupby(range(len(cache)), lambda i: cache.example_id(i).rpartition("#")[0])
    return [(example_id, list(indices)) for example_id, indices in groups]


def _of_rows(cache: TokenCache, example_id: str, indices: list[int]) -> RankedExample:
    records = [cache.record(index) for index in indices]
    options = tuple(record.get("option", record["targets"]) for record in records)
    right = right_answers(records[0])
    return RankedExample(
        index=indices[0],
        id=example_id,
        record=records[0],
        options=options,
        option_ids=tuple(cache[index]["targets"].tolist() for index in indices),
        is_right=tuple(option in right for option in options),
    )


def _of_record(
    cache: TokenCache,
    index: int,
    vocabulary: Vocabulary,
    option_targets: Callable[[Record], Sequence[str]],
) -> RankedExample:
    record = cache.record(index)
    options, right = tuple(record["options"]), right_answers(record)
    targets = option_targets(record) if options else ()
    return RankedExample(
        index=index,
        id=record["id"],
        record=record,
        options=options,
        option_ids=tuple([*vocabulary.encode(text), vocabulary.eos_id] for text in targets),
        is_right=tuple(option in right for option in options),
    )


def right_answers(record: Record) -> frozenset[str]:
    """The texts that are right for an example, as its record says."""
    answer = record.get("answer")
    return frozenset(record["references"]) | ({answer} if answer else frozenset())


def _check(cache: TokenCache, example: RankedExample) -> None:
    where = f"{cache.manifest.task}, example {example.id!r}"
    if not example.options:
        raise ValueError(f"{where}: it has no options to rank; evaluate the task by generation.")
    if not any(example.is_right):
        raise ValueError(
            f"{where}: none of its {len(example.options)} options is the answer "
            f"{sorted(right_answers(example.record))}; mend the task's `options` or `answer`."
        )
