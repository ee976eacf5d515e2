"""Makes a token cache: renders a split of a task, tokenizes it once, writes it in shards.

Built under a name of its own and renamed when complete; a killed build goes on where it stopped
and gives the same bytes. The directory's name holds a fingerprint of everything the contents
depend on, so changed templates or data lead to a new cache and never to a stale one.
"""

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from flan_mix.data.cache_key import CacheKey, open_if_built
from flan_mix.data.cache_lock import exclusive
from flan_mix.data.cache_shards import Shard, ShardFolder, lay_out, write_joined, write_offsets
from flan_mix.data.cache_summary import count_numbers, summarize_feature
from flan_mix.data.manifest import CacheManifest
from flan_mix.data.prompt_budget import fitting
from flan_mix.data.token_cache import FEATURES, RECORDS_FILE, TokenCache
from flan_mix.vocabularies import Vocabulary

SHARD_EXAMPLES = 4096
TRAIN_SPLIT = "train"


class Example(Protocol):
    """What the writer needs of a rendered example (`registry.rendering.RenderedExample`)."""

    @property
    def id(self) -> str: ...
    @property
    def template(self) -> int: ...
    @property
    def inputs(self) -> str: ...
    @property
    def targets(self) -> str: ...
    @property
    def references(self) -> tuple[str, ...]: ...
    @property
    def options(self) -> tuple[str, ...]: ...
    @property
    def answer(self) -> str | None: ...
    @property
    def tokens(self) -> Mapping[str, np.ndarray] | None: ...
    @property
    def option_style(self) -> str | None: ...
    @property
    def option(self) -> str | None: ...
    @property
    def exemplars(self) -> tuple[str, ...]: ...
    @property
    def shot_style(self) -> str | None: ...
    @property
    def inputs_by_shots(self) -> tuple[str, ...]: ...

    def with_shots(self, shots: int) -> "Example":
        """The same with fewer exemplars."""
        ...


class ExampleSource(Protocol):
    """The rendered examples of one pass over a split, always the same and in the same order."""

    def examples(self, skip: int) -> Iterator[Example]:
        """All examples but the first `skip`."""
        ...

    def skipped(self) -> Mapping[str, int]:
        """After the last example: source rows left out, by reason."""
        ...

    def max_input_tokens(self) -> int | None:
        """What a few-shot prompt may take, EOS included; None for no limit."""
        ...

    def total(self) -> int | None:
        """How many examples there will be, where that is known without rendering them."""
        ...


@dataclass(frozen=True)
class CacheProgress:
    """How far a build is; `total` is None where the number of examples is not known."""

    task: str
    split: str
    pass_index: int
    examples: int
    total: int | None


def write_cache(
    key: CacheKey,
    source: ExampleSource,
    vocabulary: Vocabulary,
    cache_dir: str | Path,
    *,
    on_progress: Callable[[CacheProgress], None] | None = None,
) -> TokenCache:
    """Builds the cache of `key`, or goes on building it, unless it is there.

    A second process that asks for the same cache on this machine waits for the first. Texts are
    kept beside the tokens for every split but train, and for that on request. Few-shot prompts lose
    their farthest exemplars until they fit. `on_progress` is called after every shard.

    Raises ValueError where a task's own token ids do not fit `vocabulary`.
    """
    directory = key.directory(cache_dir)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(directory.with_name(directory.name + ".lock")):
        finished = open_if_built(key, cache_dir)
        if finished is not None:
            return finished
        folder = ShardFolder(directory.with_name(directory.name + ".partial"))
        tokenizer = _Tokenizer(vocabulary, key, source.max_input_tokens())
        examples = sum(len(shard) for shard in folder.shards())
        total = source.total() if on_progress else None
        stream = source.examples(examples)
        while chunk := list(itertools.islice(stream, SHARD_EXAMPLES)):
            folder.add(tokenizer.shard(chunk))
            examples += len(chunk)
            if on_progress:
                on_progress(CacheProgress(key.task, key.split, key.pass_index, examples, total))
        _finish(key, folder, vocabulary, source.skipped(), directory)
    return TokenCache.open(directory)


class _Tokenizer:
    """Turns rendered examples into a shard."""

    def __init__(self, vocabulary: Vocabulary, key: CacheKey, max_input_tokens: int | None):
        self._vocabulary = vocabulary
        self._key = key
        self._max_input_tokens = max_input_tokens
        self._dtype = _token_dtype(vocabulary)

    def shard(self, examples: Sequence[Example]) -> Shard:
        limit = self._max_input_tokens
        examples = [fitting(example, self._vocabulary, limit) for example in examples]
        columns = {}
        for name in FEATURES:
            ids = self._ids(examples, name)
            columns[name] = np.concatenate(ids).astype(self._dtype)
            columns[f"{name}_lengths"] = np.array([len(x) for x in ids], np.int64)
        records = [_record(x) for x in examples] if _keeps_texts(self._key) else []
        columns["ids"], columns["ids_lengths"] = lay_out([x.id.encode() for x in examples])
        columns["records"], columns["records_lengths"] = lay_out(records)
        columns["shots"] = np.array([len(x.inputs_by_shots) - 1 for x in examples], np.int32)
        return Shard(templates=np.array([x.template for x in examples], np.int32), **columns)

    def _ids(self, examples: Sequence[Example], name: str) -> list[np.ndarray]:
        """Token ids of one feature with EOS; those that a task brings are taken as they are."""
        own = [i for i, x in enumerate(examples) if x.tokens is None]
        encoded = self._vocabulary.encode_batch([getattr(examples[i], name) for i in own])
        eos = np.array([self._vocabulary.eos_id], np.int32)
        ids = [self._given(x, name) for x in examples]
        for i, tokens in zip(own, encoded, strict=True):
            ids[i] = np.concatenate([tokens, eos])
        return ids

    def _given(self, example: Example, name: str) -> np.ndarray:
        if example.tokens is None:
            return np.zeros(0, np.int32)
        if name not in example.tokens:
            raise ValueError(
                f"task {self._key.task!r} has no {name!r} feature (it has "
                f"{sorted(example.tokens)}): an encoder-decoder needs inputs and targets"
            )
        ids = np.asarray(example.tokens[name], np.int64)
        if ids.size and not 0 <= ids.min() <= ids.max() < self._vocabulary.vocab_size:
            raise ValueError(
                f"task {self._key.task!r}, example {example.id!r}: {name} hold ids "
                f"{ids.min()}..{ids.max()}, the vocabulary has {self._vocabulary.vocab_size}: "
                "give the vocabulary that the task was registered with"
            )
        return ids


def _token_dtype(vocabulary: Vocabulary) -> np.dtype:
    return np.dtype(np.uint16 if vocabulary.vocab_size <= 1 << 16 else np.int32)


def _keeps_texts(key: CacheKey) -> bool:
    return key.split != TRAIN_SPLIT or key.settings.keep_texts


def _record(example: Example) -> bytes:
    """All that is known of an example; what was drawn for it only where something was."""
    drawn = {
        "option_style": example.option_style,
        "option": example.option,
        "exemplars": list(example.exemplars),
        "shot_style": example.shot_style,
        # What metrics that look into the source must see, without the exemplars' texts.
        "query": example.inputs_by_shots[0] if example.exemplars else None,
    }
    record = {
        "id": example.id,
        "template": example.template,
        "inputs": example.inputs,
        "targets": example.targets,
        "references": list(example.references),
        "options": list(example.options),
        "answer": example.answer,
        **{name: value for name, value in drawn.items() if value},
    }
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def _finish(
    key: CacheKey,
    folder: ShardFolder,
    vocabulary: Vocabulary,
    skipped: Mapping[str, int],
    directory: Path,
) -> None:
    """Joins the shards beside them and lets the finished cache appear under its name."""
    joined = folder.directory / "joined"
    shutil.rmtree(joined, ignore_errors=True)
    joined.mkdir()
    lengths = {name: folder.column(f"{name}_lengths") for name in FEATURES}
    templates = folder.column("templates").astype(np.int32)
    _write_arrays(joined, folder, lengths, templates, _token_dtype(vocabulary))
    if _keeps_texts(key):
        _write_records(joined, folder)
    shots = folder.column("shots")
    CacheManifest(
        task=key.task,
        split=key.split,
        fingerprint=key.fingerprint,
        task_fingerprint=key.task_fingerprint,
        vocabulary_fingerprint=key.vocabulary_fingerprint,
        seed=key.settings.seed,
        pass_index=key.pass_index,
        vocabulary_size=vocabulary.vocab_size,
        eos_id=vocabulary.eos_id,
        examples=len(templates),
        features={name: summarize_feature(folder, name, vocabulary) for name in FEATURES},
        templates=count_numbers(templates),
        skipped=dict(sorted(skipped.items())),
        shots=count_numbers(shots[shots >= 0]),
    ).save(joined)
    _sync(joined)
    os.rename(joined, directory)
    shutil.rmtree(folder.directory)


def _write_arrays(
    joined: Path,
    folder: ShardFolder,
    lengths: Mapping[str, np.ndarray],
    templates: np.ndarray,
    token_dtype: np.dtype,
) -> None:
    for name in FEATURES:
        total = int(lengths[name].sum())
        write_joined(joined / f"{name}.tokens.npy", folder, name, token_dtype, total)
        write_offsets(joined / f"{name}.offsets.npy", lengths[name])
    id_lengths = folder.column("ids_lengths")
    id_bytes = int(id_lengths.sum())
    write_joined(joined / "ids.utf8.npy", folder, "ids", np.dtype(np.uint8), id_bytes)
    write_offsets(joined / "ids.offsets.npy", id_lengths)
    np.save(joined / "templates.npy", templates)


def _write_records(joined: Path, folder: ShardFolder) -> None:
    with open(joined / RECORDS_FILE, "wb") as file:
        for shard in folder.shards():
            file.write(shard.records.tobytes())
    write_offsets(joined / "records.offsets.npy", folder.column("records_lengths"))


def _sync(directory: Path) -> None:
    """Makes sure that the files are on the disk before the directory gets its name."""
    for path in directory.iterdir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())
