"""What guessing scores: the level from which a score is counted in chance-normalised averages.

100 · (score − chance) / (100 − chance), as Flan 2022 averages benchmarks of different kinds (Chung
et al. 2022, appendix D, https://arxiv.org/abs/2210.11416): 0 is a guess, 100 is perfect, and worse
than guessing is below 0.
"""

from collections.abc import Iterable

# Main scores that are the share of right answers, which a guess among options reaches by luck.
_SHARES = {"accuracy", "exact_match", "rank_accuracy"}


def chance_of(main_metric: str | None, right_shares: Iterable[float]) -> float:
    """What guessing scores, 0 to 100: the mean over the examples.

    right_shares: of each example the share of its options that are right, 0 without options.
    Metrics that are no share of right answers start at 0.
    """
    shares = list(right_shares)
    if main_metric not in _SHARES or not shares:
        return 0.0
    chance = 100 * sum(shares) / len(shares)
    # Where every option is right there is nothing to guess.
    return chance if chance < 100 else 0.0


def normalized(score: float, chance: float) -> float:
    """A score, 0 to 100, counted from chance."""
    return 100 * (score - chance) / (100 - chance)


def right_share(options: Iterable[str], right: Iterable[str]) -> float:
    """The share of an example's options that are right; 0 without options."""
    listed, answers = list(options), set(right)
    return sum(option in answers for option in listed) / len(listed) if listed else 0.0
