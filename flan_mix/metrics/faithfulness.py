"""Faithfulness of summaries: what they mention that their source does not, and what they miss.

Rules and word lists for English, no model: names and places by their capitals, numbers, dates,
times and prices by how they are written, each looked up in the source in whatever form it has there
(`mentions`). What is wrong but not new, such as who did what, is not seen.
"""

import functools
from collections.abc import Mapping, Sequence

from flan_mix.metrics.mentions import Evidence, Mention, Parsed, Piece, is_common, pieces_of
from flan_mix.metrics.metric import Metric, check_scorable

_Run = list[Piece]


def invented_mentions(summary: str, source: str) -> tuple[Mention, ...]:
    """The mentions of a summary that its source does not support, in order.

    Offsets are into `summary`. Words of one name that stand together are one mention.
    """
    evidence = _evidence(source)
    pieces = pieces_of(Parsed.of(summary))
    supported = [evidence.supports(piece) for piece in pieces]
    invented = [
        piece
        for place, piece in enumerate(pieces)
        if not supported[place] and not _completes_a_name(summary, pieces, supported, place)
    ]
    return _mentions(summary, _runs(summary, invented))


def supported_mentions(text: str, source: str) -> tuple[Mention, ...]:
    """The mentions of a text that a source supports, in order; offsets are into `text`."""
    return _mentions(text, _supported_runs(text, source))


def missed_mentions(summary: str, reference: str, source: str = "") -> tuple[Mention, ...]:
    """The mentions of a reference that a summary lacks, in order; offsets are into `reference`.

    What the source does not support is not missed; without a source everything may be. Of a name of
    several words one is enough.
    """
    evidence = Evidence(summary)
    runs = _supported_runs(reference, source)
    missed = [run for run in runs if not any(evidence.supports(piece) for piece in run)]
    return _mentions(reference, missed)


@functools.lru_cache(maxsize=64)
def _evidence(source: str) -> Evidence:
    return Evidence(source)


def _completes_a_name(
    summary: str, pieces: Sequence[Piece], supported: Sequence[bool], place: int
) -> bool:
    """Whether an ordinary word with a capital belongs to a name that the source has.

    Hoza Street, the O2 Arena, where the source says Hoza and O2.
    """
    piece, before, after = pieces[place], place - 1, place + 1
    if piece.kind not in ("name", "place") or not is_common(piece.key):
        return False
    if before >= 0 and supported[before] and _one_name(summary, pieces[before], piece):
        return True
    return after < len(pieces) and supported[after] and _one_name(summary, piece, pieces[after])


def _supported_runs(text: str, source: str) -> list[_Run]:
    pieces = pieces_of(Parsed.of(text))
    if source:
        evidence = _evidence(source)
        pieces = [piece for piece in pieces if evidence.supports(piece)]
    return _runs(text, pieces)


def _runs(text: str, pieces: Sequence[Piece]) -> list[_Run]:
    """Pieces, those together that are words of one name."""
    runs: list[_Run] = []
    for piece in pieces:
        if runs and _one_name(text, runs[-1][-1], piece):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def _one_name(text: str, before: Piece, piece: Piece) -> bool:
    names = {before.kind, piece.kind} <= {"name", "place"}
    return names and text[before.end : piece.start] in (" ", "-", " of ", " & ", "'s ")


def _mentions(text: str, runs: Sequence[_Run]) -> tuple[Mention, ...]:
    spans = [(run[0].start, run[-1].end, run[0].kind) for run in runs]
    return tuple(Mention(start, end, text[start:end], kind) for start, end, kind in spans)


def _score_faithfulness(
    prediction: str, references: Sequence[str], source: str
) -> Mapping[str, float]:
    check_scorable(prediction, references)
    if not source.strip():
        raise ValueError("there is no source to hold the summary against: its inputs are empty.")
    return {
        "faithful": 0.0 if invented_mentions(prediction, source) else 100.0,
        "coverage": 100.0 * max(_coverage(prediction, text, source) for text in references),
    }


def _coverage(summary: str, reference: str, source: str) -> float:
    """Share of the distinct mentions of a reference, as far as the source has them too."""
    wanted = {mention.text.casefold() for mention in supported_mentions(reference, source)}
    missed = {mention.text.casefold() for mention in missed_mentions(summary, reference, source)}
    return 1.0 - len(missed) / len(wanted) if wanted else 1.0


def _refuse_without_source(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    raise ValueError("faithfulness looks into the source of a summary: call `score` with it.")


faithfulness = Metric(
    "faithfulness",
    ("faithful", "coverage"),
    _refuse_without_source,
    score_with_source=_score_faithfulness,
    protocol="By rules, for English. faithful: share of summaries whose names, places, numbers, "
    "dates, times and prices are all in the source, in whatever form. coverage: share of those of "
    "a reference (as far as the source has them) that the summary has too, the best of several "
    "references, averaged over examples.",
)
"""faithful: 100 where a summary invents nothing, else 0; coverage: what it tells of a reference.

A reference without any mention is covered. The source is the prompt without worked exemplars.
"""
