"""HuggingFaceSource: rows of a dataset of the Hugging Face hub, fetched by its `datasets` library.

A FileSource whose files the library fetches and keeps as Arrow files, so rows are read, counted
and fingerprinted like those of any file. The library is imported when they are about to be read.
"""

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flan_mix.registry.file_source import FileSource, SourceError


@dataclass(frozen=True)
class HuggingFaceSource(FileSource):
    """A dataset of the hub, or a folder of files that `datasets.load_dataset` understands.

    splits: split name -> the hub's split, as in {"train": "train"}; slices are left to `cap`.
    dataset: its name on the hub, as in "EdinburghNLP/xsum", or the path of such a folder.
    config: where it has several.
    revision: the commit or tag to fetch; without one two runs could read different data under one
      name, so it is refused.
    data_dir: where the library keeps its files; its own habit when not given.

    The other fields are FileSource's; only `on_bad_row` means anything here.
    """

    dataset: str = ""
    config: str | None = None
    revision: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.dataset or not self.revision:
            missing = "revision" if self.dataset else "dataset"
            example = "dataset='EdinburghNLP/xsum', revision='<commit or tag>'"
            raise SourceError(f"HuggingFaceSource needs {missing}, as in {example}.")
        for split, name in self.splits.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise SourceError(
                    f"HuggingFaceSource, split {split!r}: {name!r} is not the name of a split of "
                    "the hub; slices and several at once are not read."
                )

    def files(self, split: str) -> list[Path]:
        """The Arrow files that the library keeps of a split; fetches them where it must.

        Raises SourceError for an unknown split and where `datasets` is not installed.
        """
        name = self.splits.get(split)
        if name is None:
            raise SourceError(f"no split {split!r}; there are: {', '.join(self.splits)}.")
        folder = str(self._folder()) if self.data_dir is not None else None
        return list(_fetched(self.dataset, self.config, str(name), self.revision, folder))


@functools.cache
def _fetched(
    dataset: str, config: str | None, split: str, revision: str, folder: str | None
) -> tuple[Path, ...]:
    loaded = _load_dataset()(dataset, config, split=split, revision=revision, cache_dir=folder)
    return tuple(Path(file["filename"]) for file in loaded.cache_files)


def _load_dataset() -> Callable[..., Any]:
    try:
        return importlib.import_module("datasets").load_dataset
    except ModuleNotFoundError as error:
        if error.name != "datasets":
            raise
        raise SourceError(
            "a HuggingFaceSource needs the `datasets` library: pip install 'flan-mix[hf]'."
        ) from None
