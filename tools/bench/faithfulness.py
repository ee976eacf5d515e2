"""How far the rules for invented mentions can be trusted, on summaries that people wrote.

    FLAN_MIX_DATA_DIR=datasets python -m tools.bench.faithfulness [--split train] [--show 20]

For a split of SAMSum, DialogSum and the bundled chats, validation unless asked otherwise: the share
of human summaries in which something is flagged, and, with one invention planted in each
(`planted_inventions`), how many are found (recall) and how many of all flags are theirs (precision;
a flag on what the human wrote counts as wrong even where the human did invent). A plain rule stands
beside ours: capitals within a sentence and digits that the source does not have as they stand.
Prints a Markdown table; with `--show` also what is flagged in human summaries and which plants are
missed. Half a minute of one core; the train splits, with `--plants 500` in so many of each, two
minutes.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flan_mix.metrics import bootstrap_interval, invented_mentions
from tools.bench.planted_inventions import KINDS, Plant, plants
from tools.bench.summary_baselines import dialogues

TASKS = ("samsum", "dialogsum", "starter_chats")

Pairs = Sequence[tuple[str, str]]
Spans = Sequence[tuple[int, int]]
Rule = Callable[[str, str], Spans]


@dataclass(frozen=True)
class Measured:
    """One rule on the summaries of one task.

    flagged: 100 for each human summary with a flag, else 0. found, planted: by kind. right, flags:
    over all planted summaries. missed: the plants that were not found.
    """

    flagged: Sequence[float]
    found: Counter[str]
    planted: Counter[str]
    right: int
    flags: int
    missed: Sequence[Plant]

    @property
    def recall(self) -> float:
        """Plants found, in per cent."""
        return 100 * self.found.total() / self.planted.total()

    @property
    def precision(self) -> float:
        """Flags that touch a plant, in per cent."""
        return 100 * self.right / self.flags


def our_rules(summary: str, source: str) -> Spans:
    """What `invented_mentions` flags."""
    return [(mention.start, mention.end) for mention in invented_mentions(summary, source)]


def plain_rule(summary: str, source: str) -> Spans:
    """Words with a capital that open no sentence, and digits, unless the source holds them."""
    found = re.finditer(r"[A-Z][\w']*|\d[\d.,:]*\d|\d", summary)
    known = source.lower()
    return [
        each.span()
        for each in found
        if each[0].lower().removesuffix("'s") not in known
        and not (each[0][0].isalpha() and re.search(r"(^|[.!?]\s+)$", summary[: each.start()]))
    ]


def measure(rule: Rule, pairs: Pairs, planted_in: int | None = None) -> Measured:
    """A rule on (source, human summary) pairs; the plants are drawn by the pair's number.

    planted_in: the first so many get plants; None plants in all.
    """
    flagged = [100.0 * bool(rule(summary, source)) for source, summary in pairs]
    found, planted, missed = Counter[str](), Counter[str](), []
    right = flags = 0
    for number, (source, summary) in enumerate(pairs[:planted_in]):
        for plant in plants(source, summary, number):
            spans = rule(plant.text, source)
            touching = [span for span in spans if span[0] < plant.end and plant.start < span[1]]
            planted[plant.kind] += 1
            found[plant.kind] += bool(touching)
            right, flags = right + len(touching), flags + len(spans)
            if not touching:
                missed.append(plant)
    return Measured(flagged, found, planted, right, flags, missed)


def main() -> None:
    """Measures and prints."""
    import flan_mix.tasks.dialogue_summarization
    import flan_mix.tasks.starter.dialogue_summarization  # noqa: F401  register the tasks

    parser = argparse.ArgumentParser(description="Invented mentions: flags, precision, recall.")
    parser.add_argument("--show", type=int, default=0, help="examples to print of each task")
    parser.add_argument("--split", default="validation", help="of each task")
    parser.add_argument("--plants", type=int, help="plant in so many summaries of each task only")
    asked = parser.parse_args()
    print("| task | rule | human summaries flagged | precision | recall | " + " | ".join(KINDS))
    print("|---" * (5 + len(KINDS)) + "|")
    for task in TASKS:
        pairs = dialogues(task, asked.split)
        for name, rule in (("ours", our_rules), ("plain", plain_rule)):
            print(_row(task, name, measured := measure(rule, pairs, asked.plants)))
            if asked.show and rule is our_rules:
                _show(pairs, measured, asked.show)


def _row(task: str, name: str, measured: Measured) -> str:
    share = bootstrap_interval(measured.flagged)
    kinds = [100 * measured.found[kind] / measured.planted[kind] for kind in KINDS]
    cells = [f"{share.mean:.2f} % ({share.low:.1f}-{share.high:.1f}) of {len(measured.flagged)}"]
    cells += [f"{value:.1f}" for value in (measured.precision, measured.recall, *kinds)]
    return f"| {task} | {name} | " + " | ".join(cells) + " |"


def _show(pairs: Pairs, measured: Measured, count: int) -> None:
    flagged = [pair for pair, is_flagged in zip(pairs, measured.flagged, strict=True) if is_flagged]
    for source, summary in flagged[:count]:
        print(f"  {[m.text for m in invented_mentions(summary, source)]} in: {summary}")
    for plant in measured.missed[:count]:
        before, after = plant.text[: plant.start][-40:], plant.text[plant.end :][:40]
        print(f"  missed {plant.kind}: …{before}[{plant.text[plant.start : plant.end]}]{after}…")


if __name__ == "__main__":
    main()
