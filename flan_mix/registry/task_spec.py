"""TaskSpec: everything a task is, in one place: data, fields, templates, metrics, provenance."""

import dataclasses
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flan_mix.metrics import Metric
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.tfds_source import TfdsSource
from flan_mix.templates import (
    DIALOGUE_FIELDS,
    OPTION_STYLES,
    SHOT_STYLES,
    FewShot,
    OptionStyle,
    ShotStyle,
    Template,
)
from flan_mix.vocabularies import Vocabulary

TRAIN_SPLIT = "train"

# A dot parts a task from its variants (samsum.few_shot); the rest is what SeqIO allows.
_NAME = re.compile(r"[\w:#]+\Z")

_PLURAL = (
    "templates",
    "metrics",
    "option_styles",
    "shot_styles",
    "collections",
    "text_sources",
)

Fields = Mapping[str, str] | Callable[[Any], Any]


class TaskError(ValueError):
    """A task or mixture is not described as it must be."""


@dataclass(frozen=True)
class TaskSpec:
    """One task, from its rows to its metrics.

    name: what it is registered as. category: the kind of task it is, which reports group by.
    source: a FileSource or a TfdsSource.
    fields: field -> column; or a function from a row to a mapping of fields, run in the reader for
      files (a dict of the row's values; None drops the row), on tensors for TFDS. Fields are text.
      Reserved: `id` (the row's own; for TFDS it must be unique), `options` (list of text),
      `answer` (text; one of the options where there are some), `references` (list of text, all
      right answers), `turns` and `speakers` (lists of text) of a dialogue, whose templates show
      `{turns_before}`, `{next_turn}` and `{next_speaker}` (flan_mix.templates.dialogue).
    templates: the ways to put it into words, of which each example gets one, drawn uniformly;
      inverted ones for the train split only.
    option_styles: layouts of `{options}`, drawn likewise.
    turn_step: of a dialogue, every how many turns after the first one may be predicted: with 2 only
      what the second of two speakers says.
    few_shot: how the few-shot variants choose exemplars. shot_styles: how those are set out.
    metrics: what a prediction is worth; the first key of the first is the task's main score.
    postprocess: applied to predictions, targets and references before metrics see them.
    cap: at most so many rows of the train split: a subset drawn by hash of id, after filters.
    excluded: ids of rows that the train split leaves out (`registry.overlap.drop_rows`).
    seed: the registered seed of all draws.
    vocabulary: what bare SeqIO and T5X tokenize with: a vocabulary of `flan_mix.vocabularies`, a
      seqio.Vocabulary or the path of a SentencePiece model with T5's 100 extra ids; T5's own when
      not given. Training here names its vocabulary itself.
    chance: what guessing scores on the main metric, 0 to 100; told from the options of the rows
      where it is not given (evaluation.chance).
    licence, citation, description: of the data, for reports and docs.
    collections: names of the collections that list it, as in ("flan2021",).
    text_sources: what the rows' text was taken from; tasks that share one are held out together.
    accepted: kind of lint finding -> why it stays: what is the data's own and not to be mended.
      Lint then tells it as a note.
    variant, drawn: set by `variants`: which variant of a task this is, and the numbers of the
      templates that it draws from.

    Raises TaskError that names the task and the mend.
    """

    name: str
    category: str
    source: FileSource | TfdsSource
    fields: Fields
    templates: Sequence[Template]
    metrics: Sequence[Metric] = ()
    postprocess: Callable[[str], str] | None = None
    cap: int | None = None
    excluded: frozenset[str] = frozenset()
    seed: int = 0
    option_styles: Sequence[OptionStyle] = OPTION_STYLES
    few_shot: FewShot = dataclasses.field(default_factory=FewShot)
    shot_styles: Sequence[ShotStyle] = SHOT_STYLES
    turn_step: int = 1
    vocabulary: Any = None
    chance: float | None = None
    licence: str = ""
    citation: str = ""
    description: str = ""
    collections: Sequence[str] = ()
    text_sources: Sequence[str] = ()
    accepted: Mapping[str, str] = dataclasses.field(default_factory=dict)
    variant: str = ""
    drawn: tuple[int, ...] | None = None

    def __post_init__(self):
        for plural in _PLURAL:
            object.__setattr__(self, plural, tuple(getattr(self, plural)))
        check_name(self.base_name)
        self._check_plain_values()
        if isinstance(self.fields, Mapping):
            object.__setattr__(self, "fields", dict(self.fields))
            self._check_mapping(self.fields)

    @property
    def base_name(self) -> str:
        """The task's name without that of its variant."""
        return self.name.removesuffix(f".{self.variant}") if self.variant else self.name

    @property
    def is_few_shot(self) -> bool:
        """Whether prompts hold exemplars."""
        return self.variant.startswith("few_shot")

    @property
    def is_ranked(self) -> bool:
        """Whether each row is one example for each of its options."""
        return self.variant == "rank"

    @property
    def is_dialogue(self) -> bool:
        """Whether some template shows part of a dialogue, so that every row must have turns."""
        return any(template.fields & DIALOGUE_FIELDS for template in self.templates)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that the source has."""
        return tuple(self.source.splits)

    @cached_property
    def text_fields(self) -> tuple[str, ...]:
        """Names of the fields that rows must give as text: those the templates show, sorted."""
        shown = frozenset().union(*(template.fields for template in self.templates))
        return tuple(sorted(shown - {"options"} - DIALOGUE_FIELDS))

    @property
    def uses_options(self) -> bool:
        """Whether some template shows `{options}`, so that every row must have some."""
        return any(template.uses_options for template in self.templates)

    def _check_plain_values(self) -> None:
        if not self.category:
            raise TaskError(f"task {self.name!r} needs a category, as in 'nli'.")
        if not isinstance(self.source, FileSource | TfdsSource):
            raise TaskError(f"task {self.name!r}: source is a FileSource or a TfdsSource.")
        if not self.templates:
            raise TaskError(f"task {self.name!r} needs at least one template.")
        if not self.option_styles or not self.shot_styles:
            kind = "shot" if self.option_styles else "option"
            raise TaskError(f"task {self.name!r} needs at least one {kind} style.")
        if self.cap is not None and self.cap < 1:
            raise TaskError(f"task {self.name!r}: cap must be at least 1, not {self.cap}.")
        if self.turn_step < 1:
            raise TaskError(
                f"task {self.name!r}: turn_step must be at least 1, not {self.turn_step}."
            )
        if self.chance is not None and not 0 <= self.chance < 100:
            raise TaskError(f"task {self.name!r}: chance is 0 to below 100, not {self.chance}.")
        for metric in self.metrics:
            if not isinstance(metric, Metric):
                raise TaskError(
                    f"task {self.name!r}: {metric!r} is no flan_mix.metrics.Metric, as `rouge` is."
                )
        if not _is_vocabulary(self.vocabulary):
            raise TaskError(
                f"task {self.name!r}: vocabulary is one of flan_mix.vocabularies, a "
                f"seqio.Vocabulary or the path of a SentencePiece model, not {self.vocabulary!r}."
            )
        for kind, reason in self.accepted.items():
            if not isinstance(reason, str) or not reason.strip():
                raise TaskError(
                    f"task {self.name!r}: accepted[{kind!r}] says why the finding stays."
                )
        self._check_reserved_shown()

    def _check_reserved_shown(self) -> None:
        """`id` and lists other than options are no text to show."""
        for number, template in enumerate(self.templates):
            hidden = template.fields & {"id", "references", "turns", "speakers"}
            if hidden:
                raise TaskError(
                    f"task {self.name!r}, template {number}: {{{min(hidden)}}} is reserved and "
                    "cannot be shown; give the same column to a field of another name."
                )

    def _check_mapping(self, fields: Mapping[str, str]) -> None:
        for field, column in fields.items():
            if not isinstance(column, str):
                raise TaskError(
                    f"task {self.name!r}: field {field!r} maps to {column!r}; a mapping holds "
                    "column names, and a row function does everything else."
                )
        for number, template in enumerate(self.templates):
            for field in sorted(template.fields - set(fields) - DIALOGUE_FIELDS):
                raise TaskError(
                    f"task {self.name!r}, template {number} shows {{{field}}}, which is no field; "
                    f"there are: {', '.join(sorted(fields))}.{nearest(field, fields)}"
                )


def _is_vocabulary(value: Any) -> bool:
    """Whether SeqIO can be given it; its own are known by what they can do, not to import it."""
    if value is None or isinstance(value, str | os.PathLike | Vocabulary):
        return True
    return hasattr(value, "encode_tf")


def check_name(name: str) -> None:
    """Raises TaskError unless `name` can be a task's."""
    if not _NAME.match(name):
        raise TaskError(
            f"task name {name!r}: only letters, digits, '_', ':' and '#' are allowed "
            "(a dot parts a task from its variants)."
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """' Did you mean …?' where some known name is near to `name`, else the empty text."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
