"""The token cache of one task and split: opened where it is there, else built from the registry.

Rendering, and with it SeqIO and TensorFlow, is imported only when something has to be built.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from flan_mix import registry
from flan_mix.data.cache_key import PLAIN, CacheKey, RenderSettings, open_if_built
from flan_mix.data.cache_writer import CacheProgress, Example, write_cache
from flan_mix.data.prompt_budget import max_input_tokens
from flan_mix.data.token_cache import TokenCache
from flan_mix.vocabularies import Vocabulary

OnProgress = Callable[[CacheProgress], None]


def task_cache_key(
    task: str,
    split: str,
    vocabulary: Vocabulary,
    *,
    pass_index: int = 0,
    settings: RenderSettings = PLAIN,
) -> CacheKey:
    """The key of a task's cache as the task is registered now.

    Raises what the registry raises: TaskError for an unknown task, FileNotFoundError and the like
    where its source cannot be looked at.
    """
    fingerprint = registry.task_fingerprint(task, split, tag=settings.tag)
    if registry.is_task(task):
        lengths = _prompt_length(task, settings)
        settings = dataclasses.replace(settings, sequence_length=lengths)
    return CacheKey(task, split, fingerprint, vocabulary.fingerprint, pass_index, settings)


def _prompt_length(task: str, settings: RenderSettings) -> Mapping[str, int] | None:
    """The length that decides what a task of ours says: that of few-shot prompts."""
    spec, lengths = registry.get_task(task), settings.sequence_length or {}
    if not spec.is_few_shot or "inputs" not in lengths:
        return None
    return {"inputs": lengths["inputs"]}


def build_cache(
    task: str,
    split: str,
    vocabulary: Vocabulary,
    cache_dir: str | Path,
    *,
    pass_index: int = 0,
    settings: RenderSettings = PLAIN,
    on_progress: OnProgress | None = None,
) -> TokenCache:
    """The token cache of one rendering pass over a split of a task, built if it is not there.

    A killed build goes on where it stopped when asked for again. Raises as `task_cache_key`, and
    what reading the source raises (BadRowError).
    """
    key = task_cache_key(task, split, vocabulary, pass_index=pass_index, settings=settings)
    return open_or_build(key, vocabulary, cache_dir, on_progress=on_progress)


def open_or_build(
    key: CacheKey,
    vocabulary: Vocabulary,
    cache_dir: str | Path,
    *,
    on_progress: OnProgress | None = None,
) -> TokenCache:
    """The cache of `key`, built if it is not there."""
    cache = open_if_built(key, cache_dir)
    if cache is not None:
        return cache
    return write_cache(key, _Rendered(key), vocabulary, cache_dir, on_progress=on_progress)


class _Rendered:
    """The registry's rendering of a split, as the writer reads it."""

    def __init__(self, key: CacheKey):
        self._key = key
        self._rendering = None

    def examples(self, skip: int) -> Iterator[Example]:
        from flan_mix.registry import rendering

        settings = self._key.settings
        self._rendering = rendering.render(
            self._key.task,
            self._key.split,
            seed=settings.seed,
            pass_index=self._key.pass_index,
            skip=skip,
            use_cached=settings.use_cached,
            sequence_length=settings.sequence_length,
        )
        return self._rendering

    def skipped(self) -> Mapping[str, int]:
        assert self._rendering is not None, "asked before the examples were read"
        counts = self._rendering.counts
        reasons = {
            "filtered": counts.filtered,
            "excluded": counts.excluded,
            "capped": counts.capped,
            **counts.skipped,
        }
        return {reason: number for reason, number in reasons.items() if number}

    def max_input_tokens(self) -> int | None:
        return max_input_tokens(self._key.task, self._key.settings.sequence_length)

    def total(self) -> int | None:
        # Other people's sources may have to be read to the end to be counted, and a rank variant
        # to know how many options there are.
        name = self._key.task
        if not registry.is_task(name) or registry.get_task(name).is_ranked:
            return None
        return registry.num_input_examples(name, self._key.split)
