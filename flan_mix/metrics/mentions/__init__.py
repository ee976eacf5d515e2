"""Mentions: what a text says that can be looked up in another, in whatever form it is put.

`pieces_of` finds the names, places, numbers, dates, times and prices of a text, `Evidence` tells
whether another text supports them. For English.
"""

from flan_mix.metrics.mentions.common_words import is_common
from flan_mix.metrics.mentions.evidence import Evidence
from flan_mix.metrics.mentions.finding import Parsed, Piece, pieces_of
from flan_mix.metrics.mentions.mention import Mention

__all__ = ["Evidence", "Mention", "Parsed", "Piece", "is_common", "pieces_of"]
