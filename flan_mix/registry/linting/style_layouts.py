"""Lint of styles: two of one layout, which is then drawn twice as often, or of one name."""

import dataclasses
from collections.abc import Iterator, Sequence

from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates import OptionStyle, ShotStyle


def style_findings(spec: TaskSpec) -> Iterator[Finding]:
    """Doubled styles among those of options and of exemplars."""
    yield from _doubled(spec, "option_styles", spec.option_styles)
    yield from _doubled(spec, "shot_styles", spec.shot_styles)


def _doubled(
    spec: TaskSpec, listed: str, styles: Sequence[OptionStyle] | Sequence[ShotStyle]
) -> Iterator[Finding]:
    layouts: dict[object, str] = {}
    names: set[str] = set()
    for style in styles:
        layout = dataclasses.replace(style, name="")
        if layout in layouts:
            yield Finding(
                spec.name,
                "duplicate_style",
                f"{listed}: {style.name!r} lays out what {layouts[layout]!r} does, so that both "
                "are drawn twice as often as others.",
            )
        elif style.name in names:
            yield Finding(
                spec.name,
                "duplicate_style",
                f"{listed}: two are named {style.name!r}, and records could not tell which.",
            )
        layouts.setdefault(layout, style.name)
        names.add(style.name)
