"""A file beside the caches that says of which parts, at which rates, a mixture is made.

With it training on a warm cache needs neither SeqIO nor the sources: rates that count examples
need not be counted again, and other people's SeqIO tasks need not be imported.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from flan_mix.data.cache_key import RenderSettings

FORMAT = 1


@dataclass(frozen=True)
class PartRecord:
    """One task: its rate, the fingerprint it had, and its caches relative to the cache folder."""

    task: str
    rate: float
    task_fingerprint: str
    directories: tuple[str, ...]


@dataclass(frozen=True)
class MixtureRecord:
    """What was opened under a name; `definition` is how the name was registered then."""

    name: str
    split: str
    definition: str
    parts: tuple[PartRecord, ...]
    missing: tuple[str, ...]
    eos_id: int
    format: int = FORMAT


def record_path(
    cache_dir: str | Path,
    name: str,
    split: str,
    *,
    vocabulary_fingerprint: str,
    passes: int,
    settings: RenderSettings,
) -> Path:
    """Where the record of a mixture lies; each way of rendering it has its own."""
    lengths = settings.sequence_length
    described = {**vars(settings), "sequence_length": lengths and dict(lengths)}
    text = json.dumps([vocabulary_fingerprint, passes, described], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Path(cache_dir) / "mixtures" / f"{name}-{split}-{digest}.json"


def save_record(path: Path, record: MixtureRecord) -> None:
    """Writes a record; it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def load_record(path: Path) -> MixtureRecord | None:
    """The record, or None where there is none or another version wrote it."""
    if not path.exists():
        return None
    fields = json.loads(path.read_text(encoding="utf-8"))
    if fields.get("format") != FORMAT:
        return None
    parts = tuple(
        PartRecord(**{**part, "directories": tuple(part["directories"])})
        for part in fields.pop("parts")
    )
    return MixtureRecord(parts=parts, missing=tuple(fields.pop("missing")), **fields)
