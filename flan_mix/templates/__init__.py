"""Text of an example: templates, option styles and the draws that choose among them.

Fields come in from registry/, (inputs, targets) text goes out to data/. Everything here but the
insides of `tensor_rendering` is plain Python; a test holds that both render the same text.
"""

from flan_mix.templates.options import DASH_LIST, LETTERED, OPTION_STYLES, OptionStyle
from flan_mix.templates.placeholders import Pattern, TemplateSyntaxError
from flan_mix.templates.template import RenderedText, Template

# Part of every cache's fingerprint: raise it whenever the same row, seed and pass would give
# another text, id or subset than before (tests/registry/test_rendered_bytes.py notices).
RENDERING_VERSION = 1

__all__ = [
    "DASH_LIST",
    "LETTERED",
    "OPTION_STYLES",
    "RENDERING_VERSION",
    "OptionStyle",
    "Pattern",
    "RenderedText",
    "Template",
    "TemplateSyntaxError",
]
