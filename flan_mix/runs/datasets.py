"""Which data a run reads, as gin says it: a task or mixture's split, lengths and batches."""

import dataclasses
import importlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flan_mix.data import MixtureCache, open_mixture
from flan_mix.registry.overlap import drop_rows, read_drops
from flan_mix.registry.seqio_arrival import foreign_names
from flan_mix.vocabularies import Vocabulary

log = logging.getLogger(__name__)

DEFAULT_MODULES = ("flan_mix.tasks.real_mixture", "flan_mix.tasks.starter")


@dataclasses.dataclass(frozen=True)
class DatasetConfig:
    """One use of a mixture; the names are T5X's utils.DatasetConfig where it has them.

    mixture_or_task_name: as registered; to evaluate, a suite as well. task_feature_lengths:
    {"inputs": tokens, "targets": tokens}; None takes the longest example (evaluation only). split:
    to evaluate, None leaves it to the suite ("validation" for a task or mixture). module: imported
    first, so that it registers its tasks; None imports all of `flan_mix.tasks`, unless the name is
    registered already. use_cached: read
    SeqIO's own offline cache as the source. cache_dir: of token caches; None means
    `~/.cache/flan_mix`. passes: how often each example is rendered, each time with other templates;
    epoch e reads pass e mod passes. keep_texts: keep the text of training examples, and what was
    drawn for them, in the cache. exclude: a file of `flan-mix contamination --json`, whose training
    rows are left out. num_examples: evaluate only so many of each task, evenly spread over it.
    """

    mixture_or_task_name: str | None
    task_feature_lengths: Mapping[str, int] | None = None
    split: str | None = "train"
    batch_size: int = 128
    shuffle: bool = False
    pack: bool = False
    seed: int | None = None
    module: str | None = None
    use_cached: bool = False
    cache_dir: str | None = None
    passes: int = 1
    keep_texts: bool = False
    exclude: str | None = None
    num_examples: int | None = None

    @property
    def cache_path(self) -> Path:
        """The folder of token caches."""
        if self.cache_dir is None:
            return Path.home() / ".cache" / "flan_mix"
        return Path(self.cache_dir).expanduser()

    def import_module(self) -> None:
        """Registers the tasks. Raises ImportError that says which macro to mend."""
        if not self.module and self.mixture_or_task_name in foreign_names():
            return
        for name in (self.module,) if self.module else DEFAULT_MODULES:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                raise ImportError(
                    f"MIXTURE_OR_TASK_MODULE {name!r} cannot be imported: {error}"
                ) from error


def open_dataset(
    config: DatasetConfig,
    vocabulary: Vocabulary,
    on_progress: Callable[..., Any] | None = None,
) -> MixtureCache:
    """The token caches of a dataset, built where they are missing or out of date.

    Raises FileNotFoundError where SeqIO's offline cache is asked for and not there.
    """
    if config.mixture_or_task_name is None:
        raise ValueError("no MIXTURE_OR_TASK_NAME: which task or mixture is to be read?")
    if config.split is None:
        raise ValueError(f"no split of {config.mixture_or_task_name!r} is named.")
    config.import_module()
    if config.exclude is not None:
        drop_rows(read_drops(Path(config.exclude).expanduser()))
    try:
        return open_mixture(
            config.mixture_or_task_name,
            config.split,
            vocabulary=vocabulary,
            cache_dir=config.cache_path,
            feature_lengths=config.task_feature_lengths,
            seed=config.seed or 0,
            passes=config.passes,
            use_cached=config.use_cached,
            keep_texts=config.keep_texts,
            on_progress=on_progress,
        )
    except AssertionError as error:
        if not config.use_cached:
            raise
        # SeqIO's way of saying it.
        raise FileNotFoundError(
            f"{error} USE_CACHED_TASKS = True reads SeqIO's own offline caches: name their folder "
            "with --seqio_additional_cache_dirs, or set USE_CACHED_TASKS = False to render the task"
        ) from error
