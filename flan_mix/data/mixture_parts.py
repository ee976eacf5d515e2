"""A mixture in tokens: its parts, each with its weight and its caches.

What `mixture_cache.open_mixture` returns and the loader reads; nothing here renders.
"""

import hashlib
import json
from dataclasses import dataclass

from flan_mix.data.token_cache import TokenCache


@dataclass(frozen=True)
class CachePart:
    """One task of a mixture.

    Attributes:
        task: its name.
        rate: its weight among the parts, examples to examples; need not sum to one.
        passes: its caches, one for each rendering pass; epoch e reads passes[e mod len(passes)].
    """

    task: str
    rate: float
    passes: tuple[TokenCache, ...]

    @property
    def cache(self) -> TokenCache:
        """The first rendering pass."""
        return self.passes[0]


@dataclass(frozen=True)
class MixtureCache:
    """One split of a mixture, or of a single task.

    Attributes:
        name, split: as registered.
        parts: at least one, sorted as the mixture lists them.
        vocabulary_fingerprint: of the vocabulary all parts were tokenized with.
        eos_id: the id that ends a sequence.
        missing: tasks of the mixture that have no such split.
    """

    name: str
    split: str
    parts: tuple[CachePart, ...]
    vocabulary_fingerprint: str
    eos_id: int
    missing: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over tasks, rates and contents: equal mixtures give equal batches."""
        contents = [
            [part.task, repr(float(part.rate)), [c.manifest.fingerprint for c in part.passes]]
            for part in self.parts
        ]
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()

    @property
    def examples(self) -> int:
        """Examples of all parts together, in one rendering pass."""
        return sum(len(part.cache) for part in self.parts)
