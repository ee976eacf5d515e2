"""What a mixture amounts to at given lengths: shares by examples and by tokens, epochs, truncation,
padding. From the lengths in token caches alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from flan_mix.data import TokenCache
from flan_mix.data.packing import pack

Lengths = tuple[int, int]

# Examples that stand for the mixture when padding is reckoned.
_SAMPLED = 8192
_INPUT_LENGTHS = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
_TARGET_LENGTHS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
# Of the tokens, what suggested lengths may cut off.
_CUT_AT_MOST = 0.01


@dataclass(frozen=True)
class PartFacts:
    """A task of a mixture.

    share: of the examples drawn, 0 to 1. examples: as far as known. inputs, targets: lengths in
    tokens, EOS included, int [examples]; None where there is no cache. shots: exemplars in a prompt
    -> prompts, of a few-shot part.
    """

    task: str
    category: str
    share: float
    examples: int | None
    inputs: np.ndarray | None = None
    targets: np.ndarray | None = None
    shots: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, task: str, category: str, share: float, cache: TokenCache) -> "PartFacts":
        """The facts that a cache holds."""
        inputs, targets = (cache.lengths(feature) for feature in ("inputs", "targets"))
        shots = {int(shots): prompts for shots, prompts in cache.manifest.shots.items()}
        return cls(task, category, share, len(cache), inputs, targets, shots)

    def mean_tokens(self, lengths: Lengths | None) -> tuple[float, float] | None:
        """Tokens in and out per example, cut to `lengths`."""
        if self.inputs is None or self.targets is None or not len(self.inputs):
            return None
        widths = lengths or (None, None)
        sides = zip((self.inputs, self.targets), widths, strict=True)
        into, out = (float(_cut(side, width).mean()) for side, width in sides)
        return into, out

    def truncated(self, lengths: Lengths) -> tuple[float, float] | None:
        """The shares of examples whose inputs and targets are longer than `lengths`."""
        if self.inputs is None or self.targets is None or not len(self.inputs):
            return None
        return float((self.inputs > lengths[0]).mean()), float((self.targets > lengths[1]).mean())


@dataclass(frozen=True)
class Padding:
    """What a batch at some lengths consists of, as shares of its cells. kept: tokens. cut: tokens
    lost to truncation, of all tokens. examples_per_row: 1 without packing."""

    lengths: Lengths
    packed: bool
    kept: float
    cut: float
    examples_per_row: float

    @property
    def waste(self) -> float:
        """Cells that hold no token."""
        return 1.0 - self.kept


@dataclass(frozen=True)
class MixtureFacts:
    """A mixture's parts, in the order they are to be shown."""

    parts: tuple[PartFacts, ...]

    @property
    def categories(self) -> dict[str, list[PartFacts]]:
        """Category -> its parts, sorted by name."""
        names = sorted({part.category for part in self.parts})
        return {name: [part for part in self.parts if part.category == name] for name in names}

    def token_share(self, parts: Iterable[PartFacts], lengths: Lengths | None) -> float | None:
        """The share of `parts` in all tokens drawn; None unless every part has a cache."""
        total = self._tokens(self.parts, lengths)
        tokens = self._tokens(parts, lengths)
        return tokens / total if total and tokens is not None else None

    def _tokens(self, parts: Iterable[PartFacts], lengths: Lengths | None) -> float | None:
        """Tokens per example drawn from the mixture that come from `parts`."""
        total = 0.0
        for part in parts:
            means = part.mean_tokens(lengths)
            if means is None:
                return None
            total += part.share * sum(means)
        return total

    def padding(self, lengths: Lengths, *, packed: bool) -> Padding:
        """Of batches at `lengths`, reckoned on a sample of the mixture."""
        sampled = self._sample
        inputs, targets = (_cut(x, width) for x, width in zip(sampled, lengths, strict=True))
        examples, rows = len(inputs), len(inputs)
        if packed:
            rows = int(pack(inputs, targets, lengths, max_rows=examples).max()) + 1
        kept = int(inputs.sum() + targets.sum())
        everything = int(sampled[0].sum() + sampled[1].sum())
        return Padding(
            lengths, packed, kept / (rows * sum(lengths)), 1 - kept / everything, examples / rows
        )

    def least_wasteful(self, *, packed: bool) -> list[Padding]:
        """For each length of inputs the lengths that waste least, of those that cut off at most a
        hundredth of the tokens; the least wasteful first. Empty where all cut off more."""
        best = []
        longest = max(int(side.max()) for side in self._sample)
        for into in (*(n for n in _INPUT_LENGTHS if n < longest), _next(longest)):
            tried = [self.padding((into, out), packed=packed) for out in _TARGET_LENGTHS]
            if fitting := [padding for padding in tried if padding.cut <= _CUT_AT_MOST]:
                best.append(min(fitting, key=lambda padding: padding.waste))
        return sorted(best, key=lambda padding: padding.waste)

    def epochs(
        self, part: PartFacts, *, steps: int, batch_size: int, examples_per_row: float
    ) -> float | None:
        """How often training sees the part's examples."""
        if not part.examples:
            return None
        return steps * batch_size * examples_per_row * part.share / part.examples

    @cached_property
    def _sample(self) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of examples as the mixture draws them: two arrays [_SAMPLED or so]."""
        random = np.random.default_rng(0)
        inputs, targets = [], []
        for part in self.parts:
            assert part.inputs is not None and part.targets is not None
            count = round(part.share * _SAMPLED) or 1
            picked = random.integers(len(part.inputs), size=count)
            inputs.append(part.inputs[picked])
            targets.append(part.targets[picked])
        order = random.permutation(sum(map(len, inputs)))
        return np.concatenate(inputs)[order], np.concatenate(targets)[order]

    @property
    def is_complete(self) -> bool:
        """Whether every part has examples in a cache."""
        return all(part.inputs is not None and len(part.inputs) for part in self.parts)


def shares(rates: Sequence[float]) -> list[float]:
    """Rates as shares of 1."""
    total = sum(rates)
    return [rate / total for rate in rates]


def _cut(lengths: np.ndarray, width: int | None) -> np.ndarray:
    return lengths if width is None else np.minimum(lengths, width)


def _next(length: int) -> int:
    return next((n for n in _INPUT_LENGTHS if n >= length), _INPUT_LENGTHS[-1])
