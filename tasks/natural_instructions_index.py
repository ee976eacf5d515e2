"""What a checkout of Natural Instructions holds, without opening its files again each time.

A checkout is some 1,600 JSON files and several gigabytes. The index keeps of each what registering
a task needs (category, sources, licence, how many examples), and reads a file again only when its
size or modification time has changed.

Three schemas are read: the official one of 2022, the contributors' of 2021 (the definition is one
text, instances have no id) and files in the same layout by others (outputs may be numbers).
"""

import gzip
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from flan_mix.registry import BadRowError

log = logging.getLogger(__name__)

# Raise it whenever the same file would get another entry.
_VERSION = 3
# Files that somebody prefixed (testset_task1290_…) still hold the task.
_TASK = re.compile(r"task\d+_.+")
_LATIN = re.compile(r"[a-z0-9]", re.IGNORECASE | re.ASCII)
_GZIP_MAGIC = b"\x1f\x8b"

MOST_TESTED = 100
SHOWN_EXAMPLES = 2


@dataclass(frozen=True)
class TaskFile:
    """One task of a checkout.

    name: the official one, as split lists have it. file: below the checkout. category, sources,
    licence, languages (of inputs), output_languages: as the file says. rows: split -> rows with
    text on both sides. examples: how many positive examples there are to show, at most
    SHOWN_EXAMPLES; is_explained: whether the first comes with an explanation. is_latin: whether
    every output that has letters at all has some of a-z or digits, which are what ROUGE reads.
    """

    name: str
    file: str
    category: str
    sources: tuple[str, ...]
    licence: str
    languages: tuple[str, ...]
    output_languages: tuple[str, ...]
    rows: Mapping[str, int]
    examples: int
    is_explained: bool
    is_latin: bool


def task_files(checkout: Path, index: Path | None = None) -> list[TaskFile]:
    """The tasks of a checkout, sorted by name.

    index: where what is known of the files is kept; nothing is kept when not given.
    Raises FileNotFoundError when the checkout has no task files, and BadRowError for a file that
    is no task.
    """
    listed = dict(sorted(_listed(checkout)))
    if not listed:
        raise FileNotFoundError(
            f"no file {checkout / 'tasks' / 'task*.json'}: this is no checkout of Natural "
            "Instructions (https://github.com/allenai/natural-instructions)."
        )
    known = _kept(index) if index else {}
    unread = [name for name, (_, stamp) in listed.items() if known.get(name, {}).get("at") != stamp]
    if unread:
        log.info("reading %d of %d task files in %s …", len(unread), len(listed), checkout)
    entries = {name: known[name] for name in listed if name not in set(unread)}
    for name in unread:
        path, stamp = listed[name]
        entries[name] = {"at": stamp, **asdict(read_task_file(path))}
    if index and entries != known:
        _keep(index, entries)
    return sorted((_task_file(file, entries[file]) for file in entries), key=lambda t: t.name)


def read_task_file(path: Path) -> TaskFile:
    """What the index keeps of one file, which is read through."""
    task = load(path)
    examples = shown_examples(task)
    rows = {split: [row for _, row in split_rows(task, split)] for split in ("train", "test")}
    outputs = (text for row in chain(*rows.values()) for text in row["outputs"])
    return TaskFile(
        name=task_name(path),
        file=path.name,
        category=(_texts(task.get("Categories")) or ["unknown"])[0],
        sources=tuple(_texts(task.get("Source"))),
        licence=", ".join(_texts(task.get("Instance License"))),
        languages=_languages(task.get("Input_language")),
        output_languages=_languages(task.get("Output_language")),
        rows={split: len(of_split) for split, of_split in rows.items()},
        examples=len(examples),
        is_explained=bool(examples and examples[0]["explanation"]),
        is_latin=all(map(_is_latin, outputs)),
    )


def task_name(path: Path) -> str:
    """The official name of the task that a file holds: its own without folder and suffixes."""
    found = _TASK.search(path.name.removesuffix(".gz").removesuffix(".json"))
    return found[0] if found else path.name


def load(path: Path) -> dict[str, Any]:
    """A task file, plain or gzipped. BadRowError where it is no task."""
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if data.startswith(_GZIP_MAGIC) else data).decode("utf-8")
        task = json.loads(text)
    except json.JSONDecodeError as error:
        hint = f"{error.msg} at column {error.colno}; copy the file anew from the checkout."
        raise BadRowError(path, error.lineno, "invalid JSON", hint) from None
    except (UnicodeDecodeError, OSError, EOFError) as error:
        hint = "Copy the file anew from the checkout."
        raise BadRowError(path, 1, f"unreadable: {error}", hint) from None
    if not isinstance(task, dict) or not isinstance(task.get("Instances"), list):
        hint = 'A task file is one object with "Definition", "Positive Examples" and "Instances".'
        raise BadRowError(path, 1, "not a task of Natural Instructions", hint)
    return task


def split_rows(task: Mapping[str, Any], split: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number of the instance, row) of a split: input, outputs and id of each usable instance.

    "test" is made of the first instances, a hundred or half of them if there are fewer than two
    hundred, as the official evaluation takes them; "train" is the rest. Instances without text on
    one side, and those that are shown as examples, are left out.
    """
    instances = task["Instances"]
    tested = min(MOST_TESTED, len(instances) // 2)
    shown = {example["input"] for example in shown_examples(task)}
    chosen = range(tested) if split == "test" else range(tested, len(instances))
    for number in chosen:
        row = _row(instances[number])
        if row and row["input"] not in shown:
            yield number + 1, row


def shown_examples(task: Mapping[str, Any]) -> list[dict[str, str]]:
    """The first positive examples with text on both sides: input, output and explanation."""
    examples = []
    for given in task.get("Positive Examples") or ():
        row = _row(given)
        if row:
            explanation = _text(given.get("explanation"))
            shown = {"input": row["input"], "output": row["outputs"][0]}
            examples.append({**shown, "explanation": explanation})
    return examples[:SHOWN_EXAMPLES]


def _is_latin(text: str) -> bool:
    return bool(_LATIN.search(text)) or not any(character.isalpha() for character in text)


def definition(task: Mapping[str, Any]) -> str:
    """The definition, which older files have as one text and newer ones as a list."""
    return " ".join(_texts(task.get("Definition")))


def _row(instance: Any) -> dict[str, Any] | None:
    if not isinstance(instance, Mapping):
        return None
    text, outputs = _text(instance.get("input")), _texts(instance.get("output"))
    if not text or not outputs:
        return None
    row = {"input": text, "outputs": outputs}
    return {**row, "id": str(instance["id"])} if instance.get("id") else row


def _texts(value: Any) -> list[str]:
    """A list of text, or one text, without empty ones."""
    values = value if isinstance(value, list) else [value]
    return [text for each in values if (text := _text(each))]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _listed(checkout: Path) -> Iterator[tuple[str, tuple[Path, list[int]]]]:
    """Name of each task file -> its path, and size and modification time."""
    folder = checkout / "tasks"
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            is_json = entry.name.endswith((".json", ".json.gz"))
            if is_json and _TASK.search(entry.name):
                status = entry.stat()
                yield entry.name, (Path(entry.path), [status.st_size, status.st_mtime_ns])


def _task_file(file: str, entry: Mapping[str, Any]) -> TaskFile:
    values = {name: value for name, value in entry.items() if name != "at"}
    for name in ("sources", "languages", "output_languages"):
        values[name] = tuple(entry[name])
    return TaskFile(**values)


def _languages(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_texts(names)))


def _kept(index: Path) -> dict[str, dict[str, Any]]:
    """The entries of an index; none where there is no index or it is another version's."""
    try:
        kept = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    is_ours = isinstance(kept, dict) and kept.get("version") == _VERSION
    return kept["files"] if is_ours else {}


def _keep(index: Path, entries: Mapping[str, Any]) -> None:
    """Writes the index whole or not at all; it is only a help, so failing is no error."""
    text = json.dumps({"version": _VERSION, "files": entries}, ensure_ascii=False)
    beside = index.with_name(f"{index.name}.{os.getpid()}")
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, index)
    except OSError as error:
        log.warning("the index of task files cannot be kept in %s: %s", index, error)
