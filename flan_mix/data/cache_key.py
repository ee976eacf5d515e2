"""Names a token cache after everything its contents depend on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flan_mix.data.manifest import FORMAT
from flan_mix.data.token_cache import TokenCache


@dataclass(frozen=True)
class RenderSettings:
    """How the rows of tasks become text, beside what the tasks themselves say.

    Attributes:
        seed: keys the drawing of templates.
        use_cached: take SeqIO's own offline cache as the source.
        sequence_length: given to the preprocessors of other people's SeqIO tasks, some of which
            need it (span corruption). Of ours only few-shot variants depend on it, by the length of
            "inputs" that a prompt has to fit into.
        tag: the user's own; another tag is another cache.
        keep_texts: keep the text and all that was drawn for it also of the train split.
    """

    seed: int = 0
    use_cached: bool = False
    sequence_length: Mapping[str, int] | None = None
    tag: str = ""
    keep_texts: bool = False


PLAIN = RenderSettings()


@dataclass(frozen=True)
class CacheKey:
    """What one rendering pass over one split of a task depends on.

    Attributes:
        task, split: what is rendered.
        task_fingerprint: of source, fields, templates and code, from the registry.
        vocabulary_fingerprint: of the vocabulary that makes the tokens.
        pass_index: which pass.
        settings: how it is rendered.
    """

    task: str
    split: str
    task_fingerprint: str
    vocabulary_fingerprint: str
    pass_index: int = 0
    settings: RenderSettings = PLAIN

    @property
    def fingerprint(self) -> str:
        """SHA-256 hex over the fields and the format of the files."""
        lengths = self.settings.sequence_length
        settings = {**vars(self.settings), "sequence_length": lengths and dict(lengths)}
        text = json.dumps([FORMAT, {**vars(self), "settings": settings}], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def directory(self, cache_dir: str | Path) -> Path:
        """Where the cache lies."""
        return Path(cache_dir) / self.task / f"{self.split}-{self.fingerprint[:12]}"


def open_if_built(key: CacheKey, cache_dir: str | Path) -> TokenCache | None:
    """The finished cache of `key`, or None."""
    directory = key.directory(cache_dir)
    return TokenCache.open(directory) if directory.exists() else None
