"""The token budget of few-shot prompts: exemplars farthest from the query are dropped until the
whole prompt fits, for the cache and for previews alike."""

from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

from flan_mix import registry
from flan_mix.vocabularies import Vocabulary


class Prompt(Protocol):
    """What is asked of an example: its inputs with 0, 1, … exemplars, none of a task without."""

    @property
    def inputs(self) -> str: ...
    @property
    def inputs_by_shots(self) -> tuple[str, ...]: ...

    def with_shots(self, shots: int) -> Self:
        """The same with fewer exemplars."""
        ...


_Prompt = TypeVar("_Prompt", bound=Prompt)


def max_input_tokens(task: str, sequence_length: Mapping[str, int] | None) -> int | None:
    """What a few-shot prompt of a task may take, EOS included: the task's own limit or the inputs'
    length, whichever is less; None where neither says."""
    if not registry.is_task(task):
        return None
    own, length = registry.get_task(task).few_shot.max_input_tokens, sequence_length or {}
    limits = (limit for limit in (own, length.get("inputs")) if limit is not None)
    return min(limits, default=None)


def fitting(example: _Prompt, vocabulary: Vocabulary, limit: int | None) -> _Prompt:
    """The example with as many of its exemplars as fit, counted in tokens of the whole."""
    while limit is not None and len(example.inputs_by_shots) > 1:
        if len(vocabulary.encode(example.inputs)) < limit:
            return example
        example = example.with_shots(len(example.inputs_by_shots) - 2)
    return example
