"""When a change is more than chance: p-values from bootstrap errors, and Holm's rule for many.

An interval speaks of one figure. Among fifty tasks of a model that did not change, two or three
95% intervals leave 0 out all the same; Holm's rule (Holm 1979) keeps the probability of calling
any of them changed at 5%.
"""

import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)


def p_value(change: float, error: float | None) -> float | None:
    """The two-sided probability of a change at least this large if there is none.

    error: the change's standard error; None, where it has none, gives None. The change is taken
    for normally distributed, as means over dozens of examples are.
    """
    if error is None:
        return None
    if error == 0:
        return 1.0 if change == 0 else 0.0
    return math.erfc(abs(change) / error / math.sqrt(2))


def fewest_examples(confidence: float) -> int:
    """How many examples it takes before any change can be clear.

    If all n examples changed the same way, equal coins would do that in 2^(1 - n) of the cases:
    at 95% it takes 6. A bootstrap does not know that: of two gains it draws only gains.
    """
    return 1 + math.ceil(-math.log2(1 - confidence))


def holm(p_values: Mapping[_Key, float | None], confidence: float) -> frozenset[_Key]:
    """The keys that are significant together; one without a p-value never is."""
    known = sorted(
        (p, order, key) for order, (key, p) in enumerate(p_values.items()) if p is not None
    )
    kept = []
    for passed, (p, _, key) in enumerate(known):
        if p > (1 - confidence) / (len(known) - passed):
            break
        kept.append(key)
    return frozenset(kept)
