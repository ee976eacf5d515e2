"""Opens a mixture, or a single task, as token caches: from what is there, building what is not.

Where nothing changed this reads a few small files and imports neither SeqIO nor TensorFlow.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flan_mix import registry
from flan_mix.data.cache_key import CacheKey, RenderSettings, open_if_built
from flan_mix.data.cache_writer import TRAIN_SPLIT
from flan_mix.data.mixture_parts import CachePart, MixtureCache
from flan_mix.data.mixture_record import (
    MixtureRecord,
    PartRecord,
    load_record,
    record_path,
    save_record,
)
from flan_mix.data.task_cache import OnProgress, open_or_build, task_cache_key
from flan_mix.data.token_cache import TokenCache
from flan_mix.registry.seqio_arrival import foreign_names
from flan_mix.vocabularies import Vocabulary

_log = logging.getLogger(__name__)


def open_mixture(
    name: str,
    split: str,
    *,
    vocabulary: Vocabulary,
    cache_dir: str | Path,
    feature_lengths: Mapping[str, int] | None = None,
    seed: int = 0,
    passes: int = 1,
    use_cached: bool = False,
    tag: str = "",
    keep_texts: bool = False,
    build: bool = True,
    on_progress: OnProgress | None = None,
) -> MixtureCache:
    """The token caches of a split of a mixture or task.

    Args:
        name: a task or mixture of ours, or of SeqIO's registries where SeqIO is loaded. One that
            nobody registered in this process is opened if it was cached before.
        split: parts without it are left out and named in `missing`, except of "train".
        vocabulary: makes the tokens.
        cache_dir: the folder of all token caches.
        feature_lengths: only for the preprocessors of other people's tasks, and for few-shot
            prompts, which have to fit; nothing is trimmed.
        seed: keys the drawing of templates.
        passes: rendering passes; in each an example draws its template anew.
        use_cached: SeqIO's own offline caches are the sources.
        tag: the user's own; another tag leads to other caches.
        keep_texts: keep text and draws beside the tokens also for the train split.
        build: build what is missing; else raise.
        on_progress: called while building.

    Raises:
        registry.TaskError: nobody knows the name.
        FileNotFoundError: something is missing and `build` is False, or a source is.
        ValueError: no part has the split, and what the registry raises on bad rows.
    """
    lengths = feature_lengths if _may_depend_on_lengths(name) else None
    settings = RenderSettings(seed, use_cached, lengths, tag, keep_texts)
    request = _Request(name, split, vocabulary, Path(cache_dir), passes, settings)
    path = record_path(
        cache_dir,
        name,
        split,
        vocabulary_fingerprint=vocabulary.fingerprint,
        passes=passes,
        settings=settings,
    )
    record = load_record(path)
    caches = _caches_if_current(request, record) if record else None
    if record and caches:
        return _as_mixture(request, record, caches)
    record, caches = _open_parts(request, build, on_progress)
    save_record(path, record)
    return _as_mixture(request, record, caches)


@dataclass(frozen=True)
class _Request:
    """What was asked for."""

    name: str
    split: str
    vocabulary: Vocabulary
    cache_dir: Path
    passes: int
    settings: RenderSettings

    def keys(self, task: str) -> list[CacheKey]:
        """The keys of a task's caches, one for each pass."""
        return [
            task_cache_key(
                task, self.split, self.vocabulary, pass_index=index, settings=self.settings
            )
            for index in range(self.passes)
        ]


_Caches = list[tuple[TokenCache, ...]]


def _caches_if_current(request: _Request, record: MixtureRecord) -> _Caches | None:
    """The caches that a record names, unless something changed since or one is gone."""
    if not _is_known(request.name):
        _log.warning(
            "%s is not registered in this process; its token caches are used unchecked",
            request.name,
        )
    elif not _is_current(request, record):
        return None
    directories = [[request.cache_dir / d for d in part.directories] for part in record.parts]
    if not all(directory.exists() for part in directories for directory in part):
        return None
    return [tuple(TokenCache.open(directory) for directory in part) for part in directories]


def _is_current(request: _Request, record: MixtureRecord) -> bool:
    """Whether the name and all its parts are registered as they were."""
    return record.definition == _definition(request.name) and all(
        _is_unchanged(request, part) for part in record.parts
    )


def _is_unchanged(request: _Request, part: PartRecord) -> bool:
    try:
        fingerprint = registry.task_fingerprint(part.task, request.split, tag=request.settings.tag)
    except (OSError, ValueError) as error:
        # A machine that has the caches need not have the data they were made of.
        _log.warning(
            "token cache of %s is used unchecked, its source cannot be read: %s", part.task, error
        )
        return True
    return fingerprint == part.task_fingerprint


def _is_known(name: str) -> bool:
    return registry.is_task(name) or registry.is_mixture(name) or name in foreign_names()


def _may_depend_on_lengths(name: str) -> bool:
    """Whether some part is another's SeqIO task or few-shot, or the name is not known here."""
    if not _is_known(name):
        return True
    return any(
        not registry.is_task(task) or registry.get_task(task).is_few_shot for task in _tasks(name)
    )


def _definition(name: str) -> str:
    """How a name is registered, rates as written: what `resolve` makes of it can be slow."""
    if registry.is_mixture(name):
        parts = registry.get_mixture(name).parts
        return (
            "(" + ", ".join(f"{rate!r} x {part} {_definition(part)}" for part, rate in parts) + ")"
        )
    if registry.is_task(name):
        return "task"
    return repr(registry.resolve(name))


def _open_parts(
    request: _Request, build: bool, on_progress: OnProgress | None
) -> tuple[MixtureRecord, _Caches]:
    tasks = _tasks(request.name)
    missing = [] if request.split == TRAIN_SPLIT else _without_split(tasks, request.split)
    present = [task for task in tasks if task not in missing]
    if not present:
        raise ValueError(
            f"neither {request.name!r} nor any part of it has a split {request.split!r}"
        )
    parts, caches = [], []
    for task in present:
        keys = request.keys(task)
        caches.append(tuple(_open(key, request, build, on_progress) for key in keys))
        directories = tuple(_relative(key, request.cache_dir) for key in keys)
        parts.append(PartRecord(task, 1.0, keys[0].task_fingerprint, directories))
    return (
        MixtureRecord(
            name=request.name,
            split=request.split,
            definition=_definition(request.name),
            parts=tuple(_with_rates(request, parts)),
            missing=tuple(missing),
            eos_id=request.vocabulary.eos_id,
        ),
        caches,
    )


def _tasks(name: str) -> list[str]:
    """The tasks behind a name, sorted; without their rates, which may take long to count."""
    if not registry.is_mixture(name):
        return [part.task for part in registry.resolve(name)]
    members = [_tasks(part) for part, _ in registry.get_mixture(name).parts]
    return sorted({task for tasks in members for task in tasks})


def _without_split(tasks: list[str], split: str) -> list[str]:
    return [task for task in tasks if split not in _splits(task)]


def _splits(task: str) -> tuple[str, ...]:
    if registry.is_task(task):
        return registry.get_task(task).splits
    from flan_mix.registry.seqio_half import foreign

    return tuple(foreign.get_task(task).splits)


def _with_rates(request: _Request, parts: list[PartRecord]) -> list[PartRecord]:
    """Parts with their rates; other splits than train are not mixed and keep rate 1."""
    if request.split != TRAIN_SPLIT:
        return parts
    rates = {part.task: part.rate for part in registry.resolve(request.name)}
    return [
        PartRecord(part.task, rates[part.task], part.task_fingerprint, part.directories)
        for part in parts
    ]


def _open(
    key: CacheKey, request: _Request, build: bool, on_progress: OnProgress | None
) -> TokenCache:
    if build:
        return open_or_build(key, request.vocabulary, request.cache_dir, on_progress=on_progress)
    cache = open_if_built(key, request.cache_dir)
    if cache is None:
        raise FileNotFoundError(
            f"no token cache of {key.task!r}, split {key.split!r} in {request.cache_dir}: "
            "build it with `python -m flan_mix.cache`"
        )
    return cache


def _relative(key: CacheKey, cache_dir: Path) -> str:
    return key.directory(cache_dir).relative_to(cache_dir).as_posix()


def _as_mixture(request: _Request, record: MixtureRecord, caches: _Caches) -> MixtureCache:
    parts = zip(record.parts, caches, strict=True)
    return MixtureCache(
        name=request.name,
        split=request.split,
        parts=tuple(CachePart(part.task, part.rate, passes) for part, passes in parts),
        vocabulary_fingerprint=request.vocabulary.fingerprint,
        eos_id=record.eos_id,
        missing=record.missing,
    )
