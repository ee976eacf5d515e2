"""Tokens: the token cache of each task, mixing, packing, and batches for training and evaluation.

The way through: `open_mixture` finds or builds the caches, `TrainLoader` plans rows on lengths
alone and yields batches, `prefetch` prepares them in a thread; `evaluation_batches` reads a cache
in order. Only building a cache loads SeqIO and TensorFlow.
"""

from flan_mix.data.batches import Batch, batch_from_rows, trim
from flan_mix.data.cache_key import RenderSettings
from flan_mix.data.cache_writer import CacheProgress
from flan_mix.data.evaluation_batches import evaluation_batches, longest_lengths
from flan_mix.data.loader import TrainLoader
from flan_mix.data.manifest import CacheManifest, FeatureSummary
from flan_mix.data.mixture_cache import open_mixture
from flan_mix.data.mixture_parts import CachePart, MixtureCache
from flan_mix.data.prefetching import Prefetcher, prefetch
from flan_mix.data.spread_examples import spread_examples
from flan_mix.data.task_cache import build_cache
from flan_mix.data.token_cache import TokenCache

__all__ = [
    "Batch",
    "CacheManifest",
    "CachePart",
    "CacheProgress",
    "FeatureSummary",
    "MixtureCache",
    "Prefetcher",
    "RenderSettings",
    "TokenCache",
    "TrainLoader",
    "batch_from_rows",
    "build_cache",
    "evaluation_batches",
    "longest_lengths",
    "open_mixture",
    "prefetch",
    "spread_examples",
    "trim",
]
