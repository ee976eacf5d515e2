"""Lint of characters: those a vocabulary drops or cannot tell from others, and how often they come.

T5's has no newline and none of `{ } < \\ ~`. A model never sees them, and never writes them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from flan_mix.registry.linting.finding import Finding, each_template
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.vocabularies import Vocabulary

# Of targets that a model cannot write, from where on it is no longer a footnote.
_TARGETS_LOST = 0.01


class DroppedCharacters:
    """Which characters a vocabulary loses; each is tried once."""

    def __init__(self, vocabulary: Vocabulary):
        self._vocabulary = vocabulary
        self._known: dict[str, bool] = {}

    def of(self, text: str) -> set[str]:
        """The characters of `text` that do not come back."""
        characters = set(text)
        for character in characters - self._known.keys():
            self._known[character] = bool(self._vocabulary.dropped_characters(character))
        return {character for character in characters if self._known[character]}


def template_character_findings(spec: TaskSpec, dropped: DroppedCharacters) -> Iterator[Finding]:
    """Characters of the templates' own text that are lost; for a newline that is a note."""
    with_newlines = []
    for number, side, _, literal in each_template(spec):
        lost = dropped.of(literal.replace("{}", ""))
        if "\n" in lost:
            with_newlines.append(number)
        if others := lost - {"\n"}:
            yield Finding(
                spec.name,
                "dropped_characters",
                f"{side}: the vocabulary has no {_shown(others)}: write it in words.",
                number,
            )
    if with_newlines:
        yield Finding(
            spec.name,
            "dropped_characters",
            f"the vocabulary has no newline; {len(set(with_newlines))} templates have some, which "
            "become spaces.",
            severity="note",
        )


def data_character_findings(
    spec: TaskSpec,
    answers: Sequence[tuple[int, str, tuple[str, ...]]],
    inputs: Sequence[str],
    dropped: DroppedCharacters,
) -> Iterator[Finding]:
    """Characters that sampled rows lose. A finding where targets lose more than a newline and
    every hundredth or more does; else a note.

    answers: as in metric_reading. inputs: the same examples' inputs.
    """
    for side, texts in (("targets", [target for _, target, _ in answers]), ("inputs", inputs)):
        lost: Counter[str] = Counter()
        for text in texts:
            lost.update(dropped.of(text))
        hit = sum(1 for text in texts if dropped.of(text) - {"\n"})
        grave = side == "targets" and hit > _TARGETS_LOST * len(texts)
        if side == "inputs":
            del lost["\n"]  # Templates' own, as a rule, and said of them.
        if lost:
            times = ", ".join(
                f"{_shown({character})} in {count / len(texts):.1%}"
                for character, count in lost.most_common(8)
            )
            yield Finding(
                spec.name,
                "dropped_characters",
                f"the vocabulary has no character for {times} of {len(texts)} sampled {side}.",
                severity="finding" if grave else "note",
            )


def _shown(characters: set[str]) -> str:
    return " ".join(c if c.isprintable() else repr(c)[1:-1] for c in sorted(characters))
