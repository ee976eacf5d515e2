"""Builds token caches: ahead of time for `python -m flan_mix.cache`, and when a run needs one."""

import dataclasses
import logging
from collections.abc import Sequence

from flan_mix.data import CacheProgress, MixtureCache
from flan_mix.reports.progress import Progress, progress_line
from flan_mix.runs.datasets import DatasetConfig, open_dataset
from flan_mix.vocabularies import Vocabulary

log = logging.getLogger(__name__)


def open_with_progress(config: DatasetConfig, vocabulary: Vocabulary) -> MixtureCache:
    """The dataset's caches, with a progress line while one is built."""
    with progress_line() as line:

        def show(progress: CacheProgress) -> None:
            total = progress.total or progress.examples
            label = f"cache {progress.task} {progress.split}"
            line.show(Progress(label, progress.examples, total, unit="examples"))

        return open_dataset(config, vocabulary, on_progress=show)


def build_cache(
    *,
    vocabulary: Vocabulary,
    dataset_cfg: DatasetConfig,
    splits: Sequence[str] = ("train", "validation"),
) -> list[MixtureCache]:
    """Builds the caches of several splits of a mixture and logs what they hold."""
    caches = []
    for split in splits:
        mixture = open_with_progress(dataclasses.replace(dataset_cfg, split=split), vocabulary)
        _say(mixture)
        caches.append(mixture)
    return caches


def _say(mixture: MixtureCache) -> None:
    for part in mixture.parts:
        manifest = part.cache.manifest
        tokens = {name: feature.tokens for name, feature in manifest.features.items()}
        unknown = sum(feature.unknown for feature in manifest.features.values())
        share = unknown / max(1, sum(tokens.values()))
        log.info(
            "%s %s: %d examples, tokens %s, %.3f%% unknown, skipped %s",
            part.task,
            mixture.split,
            manifest.examples,
            tokens,
            100 * share,
            manifest.skipped or "none",
        )
