"""Names and numbers as readers see them, the same on the page and on the terminal."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from flan_mix.evaluation import Difference
from flan_mix.evaluation.comparison import Verdict

_CATEGORIES: Mapping[str, str] = {
    "nli": "Natural language inference",
    "open_domain_qa": "Open-domain questions",
    "conversational_qa": "Questions in conversation",
    "read_comp_and_common_sense": "Reading with common sense",
    "bbh_direct": "BIG-Bench Hard, direct",
    "bbh_cot": "BIG-Bench Hard, chain of thought",
}

_METRICS: Mapping[str, tuple[str, str]] = {
    "rouge1": ("ROUGE-1", "words shared with the reference, from 0 (none) to 100 (all)"),
    "rouge2": ("ROUGE-2", "pairs of neighbouring words shared with the reference, 0 to 100"),
    "rougeL": (
        "ROUGE-L",
        "the longest run of words in the same order as in the reference, 0 to 100",
    ),
    "rougeLsum": (
        "ROUGE-Lsum",
        "the longest runs of words in the same order, sentence by sentence, 0 to 100",
    ),
    "rank_accuracy": (
        "Rank accuracy",
        "examples whose right option the model finds the likeliest, in per cent",
    ),
    "rank_accuracy_per_token": (
        "Rank accuracy per token",
        "the same by likelihood per token, which does not favour short options, in per cent",
    ),
    "macro_f1": ("Macro F1", "F1 of each label, all labels counting alike, 0 to 100"),
    "positive_f1": (
        "F1 of yes",
        "how well the answer yes is told from no, 0 (never right) to 100 (always)",
    ),
    "question_match": (
        "Questions all right",
        "questions all of whose proposed answers are judged rightly, in per cent",
    ),
    "entity_f1": ("Entity F1", "names found with the right kind, 0 (none) to 100 (all, no other)"),
    "entity_precision": (
        "Entity precision",
        "of the names given those that are right, in per cent",
    ),
    "entity_recall": ("Entity recall", "of the right names those that were given, in per cent"),
    "matthews": ("Matthews", "correlation of answers with labels, from −100 over 0 to 100"),
    "pearson": ("Pearson", "correlation of the numbers answered with the right ones"),
    "spearman": ("Spearman", "correlation of their orders"),
    "readable": ("Readable", "answers that are a number, in per cent"),
    "accuracy": ("Accuracy", "answers that are exactly the right label, in per cent"),
    "exact_match": (
        "Exact match",
        "answers equal to the right one but for case, punctuation and articles, in per cent",
    ),
    "token_f1": ("Token F1", "words shared with the right answer, from 0 (none) to 100 (all)"),
    "edit_similarity": (
        "Edit similarity",
        "characters that need no change to become the right answer, from 0 (none) to 100 (all)",
    ),
    "bleu": ("BLEU", "runs of one to four words shared with the reference, 0 to 100"),
    "chrf": ("chrF", "runs of letters shared with the reference, 0 to 100"),
    "faithful": (
        "Faithful",
        "summaries that mention no name, number, date, time, price or place that their source "
        "does not support, in per cent",
    ),
    "coverage": (
        "Coverage",
        "of the names, numbers, dates, times, prices and places of the human reference, those "
        "that the summary has too, in per cent",
    ),
    "loss": ("Loss", "surprise at each token of the reference, in nats"),
    "token_accuracy": (
        "Token accuracy",
        "tokens of the reference that the model would have written next, in per cent",
    ),
}

_VERDICTS = {"better": "better", "worse": "worse", "unclear": "no clear change"}
_SIGNS = {"better": "▲", "worse": "▼", "unclear": "≈"}


def category_label(category: str) -> str:
    """`dialogue_summarization` -> `Dialogue summarization`."""
    words = category.replace("_", " ").strip()
    return _CATEGORIES.get(category, words[:1].upper() + words[1:])


def metric_label(key: str) -> str:
    """`rouge1` -> `ROUGE-1`; a key not known here stays as it is."""
    return _METRICS.get(key, (key, ""))[0]


def metric_meaning(key: str) -> str:
    """What a score says, in plain words; "" for a key not known here."""
    return _METRICS.get(key, (key, ""))[1]


def score_text(score: float, metric: str = "") -> str:
    """A score with one decimal; a loss, which lives on another scale, with two."""
    return _with_minus(f"{score:.{_decimals(metric)}f}")


def change_text(change: float, metric: str = "") -> str:
    """A change with its sign, and as many decimals as the score."""
    return _with_minus(f"{change:+.{_decimals(metric)}f}")


def interval_text(difference: Difference, metric: str = "") -> str:
    """`+1.2 to +3.4`; "" where there is no interval."""
    if difference.low is None or difference.high is None:
        return ""
    return f"{change_text(difference.low, metric)} to {change_text(difference.high, metric)}"


def shown_verdict(difference: Difference, metric: str = "") -> Verdict:
    """The verdict, of a change too small to be seen at the decimals shown "unclear"."""
    is_seen = float(f"{difference.change:.{_decimals(metric)}f}") != 0
    return difference.verdict if is_seen else "unclear"


def verdict_text(difference: Difference, firm: bool = True) -> str:
    """Better, worse, or no clear change; "perhaps" where it could be chance among so many."""
    verdict = shown_verdict(difference)
    return ("" if firm or verdict == "unclear" else "perhaps ") + _VERDICTS[verdict]


def verdict_sign(difference: Difference) -> str:
    """The same without words."""
    return _SIGNS[shown_verdict(difference)]


def name_parts(name: str) -> list[str]:
    """A name in the pieces between which a line may break."""
    return [part for part in re.split(r"(?<=[_.])", name) if part]


def letter(place: int) -> str:
    """What a model is called beside its colour: A, B, …, Z, AA."""
    head, tail = divmod(place, 26)
    return (letter(head - 1) if head else "") + chr(ord("A") + tail)


def percent(share: float | None) -> str:
    """A share of 1 in per cent."""
    return "–" if share is None else f"{share:.1%}"


def address(text: str) -> str:
    """`text` as the value in an address after the number sign."""
    return quote(text, safe="", errors="replace")


def _decimals(metric: str) -> int:
    return 2 if metric == "loss" else 1


def _with_minus(text: str) -> str:
    # A minus sign: a hyphen looks like a dash and breaks over lines.
    return text.replace("-", "\N{MINUS SIGN}")
