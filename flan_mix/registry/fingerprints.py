"""Fingerprints: SHA-256 over all that decides what a task's examples say.

A cache made under another fingerprint is rebuilt. For tasks of ours none of it needs TensorFlow;
TFDS data is known by its version, files (those that stand in for TFDS data too) by their contents.
"""

import dataclasses
import hashlib
from pathlib import Path

from flan_mix.registry import catalogue
from flan_mix.registry.callable_description import describe
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec
from flan_mix.templates import KNOWN_BY_TURNS, RENDERING_VERSION, SPEAKER_STYLES

# Up to here a file is known by its contents, so that a copy or a fresh clone keeps its caches;
# reading more than this at every start would be slow, so larger ones go by size and time.
_HASHED_BYTES = 1 << 28

_hashes: dict[tuple[str, int, int], str] = {}


def task_fingerprint(name: str, split: str, *, tag: str = "") -> str:
    """The fingerprint of one split of a task, ours or SeqIO's own.

    tag: the user's own; another tag is another fingerprint. Someone else's task is known by the
    description of its source and preprocessors, so a tag is how to say that its data changed.
    """
    if not catalogue.is_task(name):
        from flan_mix.registry.seqio_half import foreign

        return _digest("foreign", foreign.description(name, split), tag)
    spec = catalogue.get_task(name)
    templates = describe([spec.templates, spec.option_styles, SPEAKER_STYLES])
    settings = f"version {RENDERING_VERSION}, seed {spec.seed}, cap {spec.cap}"
    parts = [source_fingerprint(spec, split), templates, settings, tag]
    if spec.variant:
        parts.append(f"variant {spec.variant}, templates {spec.drawn}")
    if spec.is_dialogue:
        parts.append(f"a turn in {spec.turn_step}, known by {KNOWN_BY_TURNS}")
    if spec.is_few_shot:
        exemplars = source_fingerprint(spec, TRAIN_SPLIT) if TRAIN_SPLIT in spec.splits else ""
        # The last: a format of records, and how exemplars are drawn; raise it with either.
        parts += [describe([spec.few_shot, spec.shot_styles]), exemplars, "few-shot prompts 2"]
    return _digest(*parts)


def source_fingerprint(spec: TaskSpec, split: str) -> str:
    """The fingerprint of the rows of a split and of the fields made of them."""
    left_out = sorted(spec.excluded) if split == TRAIN_SPLIT else []
    if left_out:
        kept = dataclasses.replace(spec, excluded=frozenset())
        return _digest(source_fingerprint(kept, split), "without", *left_out)
    source = spec.source
    if not isinstance(source, FileSource):
        rows = describe([source.name, source.tfds_split(split), source.keep])
        local = source.local_files(split)
        contents = (
            [each for base in local.splits for each in _contents(local, base)] if local else []
        )
        return _digest("tfds", rows, describe(spec.fields), describe(spec.text_fields), *contents)
    contents = _contents(source, split)
    settings = [source.format, source.encoding, source.columns, source.quoted, source.on_bad_row]
    reading = describe([settings, source.reader_of(split)])
    return _digest("files", *contents, reading, describe(spec.fields), describe(spec.text_fields))


def _contents(source: FileSource, split: str) -> list[str]:
    """A line for each file of a split."""
    found = source.files(split)
    files = found.items() if isinstance(found, dict) else enumerate(found)
    return [f"{column} {path.name} {_content(path)}" for column, path in files]


def _content(path: Path) -> str:
    """Hash of a file's contents; remembered while its size and time stay."""
    status = path.stat()
    key = (str(path.resolve()), status.st_size, status.st_mtime_ns)
    if status.st_size > _HASHED_BYTES:
        return f"size {status.st_size} time {status.st_mtime_ns}"
    if key not in _hashes:
        with open(path, "rb") as file:
            _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _hashes[key]


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", errors="surrogatepass")
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()
