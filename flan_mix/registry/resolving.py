"""Resolving: a name becomes the tasks behind it and the rate of each."""

from collections.abc import Callable
from typing import NamedTuple

from flan_mix.registry import catalogue, seqio_arrival
from flan_mix.registry.counting import num_input_examples
from flan_mix.registry.rates import ExamplesProportional, Rate
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError


class MixturePart(NamedTuple):
    """A task and its rate; rates are relative to those of the other parts."""

    task: str
    rate: float


CountExamples = Callable[[str, str], int]


def resolve(
    name: str, count_examples: CountExamples = num_input_examples
) -> tuple[MixturePart, ...]:
    """The tasks of a mixture, sorted by name, or the one task that `name` is, at rate 1.

    count_examples: how many examples a task has in a split, for proportional rates.

    Rates are what `seqio.Mixture.get_rate` gives. Needs no SeqIO unless a part is SeqIO's own or
    a proportional rate counts a TFDS dataset. Raises TaskError for a name nobody registered.
    """
    if catalogue.is_mixture(name):
        rates = _task_rates(name, count_examples)
        return tuple(MixturePart(task, rate) for task, rate in sorted(rates.items()))
    if catalogue.is_task(name):
        return (MixturePart(name, 1.0),)
    if name in seqio_arrival.foreign_names():
        from flan_mix.registry.seqio_half import foreign

        return tuple(MixturePart(task, rate) for task, rate in foreign.task_rates(name))
    raise TaskError(catalogue.unknown(name))


def _task_rates(mixture: str, count_examples: CountExamples) -> dict[str, float]:
    """Task -> rate. A mixture within shares out its rate in proportion to its parts' own."""
    rates: dict[str, float] = {}
    for part, rate in catalogue.get_mixture(mixture).parts:
        members = resolve(part, count_examples)
        share = _part_rate(part, rate, count_examples) / sum(member.rate for member in members)
        for member in members:
            rates[member.task] = rates.get(member.task, 0.0) + share * member.rate
    return rates


def _part_rate(part: str, rate: Rate, count_examples: CountExamples) -> float:
    if not isinstance(rate, ExamplesProportional):
        return rate
    return rate.rate(count_examples(part, TRAIN_SPLIT))
