"""Text of an example: templates, options, exemplars, dialogues, and the draws that choose.

Fields come in from registry/, (inputs, targets) text goes out to data/. Everything here but the
insides of `tensor_*` is plain Python; tests hold that both render the same text.
"""

from flan_mix.templates.dialogue import (
    DIALOGUE_FIELDS,
    KNOWN_BY_TURNS,
    SPEAKER_STYLES,
    SpeakerStyle,
    drawn_turn,
)
from flan_mix.templates.few_shot import SHOT_STYLES, FewShot, ShotStyle
from flan_mix.templates.options import (
    DASH_LIST,
    LETTERED,
    OPTION_GRAMMAR,
    OPTION_STYLES,
    OptionStyle,
)
from flan_mix.templates.placeholders import Pattern, TemplateSyntaxError
from flan_mix.templates.template import RenderedText, Template

# Part of every cache's fingerprint: raise it whenever the same row, seed and pass would give
# another text, id or subset than before (tests/registry/test_rendered_bytes.py notices).
RENDERING_VERSION = 3

__all__ = [
    "DASH_LIST",
    "DIALOGUE_FIELDS",
    "KNOWN_BY_TURNS",
    "LETTERED",
    "OPTION_GRAMMAR",
    "OPTION_STYLES",
    "RENDERING_VERSION",
    "SHOT_STYLES",
    "SPEAKER_STYLES",
    "FewShot",
    "OptionStyle",
    "Pattern",
    "RenderedText",
    "ShotStyle",
    "SpeakerStyle",
    "Template",
    "TemplateSyntaxError",
    "drawn_turn",
]
