"""What a token cache says about itself: where it came from and what is in it.

Written last, so a directory with a manifest is a finished cache.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FORMAT = 1
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class FeatureSummary:
    """One feature ("inputs" or "targets") over all examples of a cache.

    Attributes:
        tokens: total, final EOS included.
        shortest, longest: in tokens; 0 where the cache is empty.
        percentiles: length in tokens at "50", "90" and "99" per cent.
        unknown: how many tokens are the vocabulary's unknown id.
        empty: examples without a token other than EOS.
    """

    tokens: int
    shortest: int
    longest: int
    percentiles: Mapping[str, int]
    unknown: int
    empty: int

    @property
    def unknown_share(self) -> float:
        """Unknown tokens over all tokens, 0..1."""
        return self.unknown / self.tokens if self.tokens else 0.0


@dataclass(frozen=True)
class CacheManifest:
    """A cache of one rendering pass over one split of one task.

    Attributes:
        task, split: what was rendered.
        fingerprint: of everything the contents depend on; part of the directory's name.
        task_fingerprint: source, fields, templates and rendering code, as the registry sees them.
        vocabulary_fingerprint, vocabulary_size: of the vocabulary that made the tokens.
        eos_id: the id that ends a sequence.
        seed, pass_index: what the drawing of templates was keyed with.
        examples: how many there are.
        features: a summary for "inputs" and for "targets".
        templates: examples by template number (-1: a task without templates of ours).
        skipped: source rows left out, by reason.
        shots: of a few-shot task, examples by number of exemplars that fit; "0" is zero-shot.
        format: version of the layout.
    """

    task: str
    split: str
    fingerprint: str
    task_fingerprint: str
    vocabulary_fingerprint: str
    vocabulary_size: int
    eos_id: int
    seed: int
    pass_index: int
    examples: int
    features: Mapping[str, FeatureSummary]
    templates: Mapping[str, int]
    skipped: Mapping[str, int]
    shots: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT

    def save(self, directory: Path) -> None:
        """Writes the manifest into a cache's directory."""
        text = json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)
        (directory / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> "CacheManifest":
        """Reads the manifest of a finished cache.

        Raises FileNotFoundError where there is none, ValueError where another version wrote it.
        """
        path = directory / MANIFEST_FILE
        if not path.exists():
            raise FileNotFoundError(
                f"no finished token cache in {directory} ({MANIFEST_FILE} is missing): "
                "build it with `python -m flan_mix.cache`"
            )
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields.get("format") != FORMAT:
            raise ValueError(
                f"{path} has cache format {fields.get('format')}, this version reads {FORMAT}: "
                "delete the directory and let it be built again"
            )
        features = {k: FeatureSummary(**v) for k, v in fields.pop("features").items()}
        return cls(features=features, **fields)
