"""Which array of a checkpoint becomes which array of a state, where names or models differ.

Names are those of T5X's state trees, joined with "/": target/encoder/layers_0/…, state/step,
state/param_states/…, whatever the checkpoint's format. Nothing is read here: `loading` does.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flan_mix.checkpoints.state_tree import PARAMETERS, SLOTS

Shapes = Mapping[str, tuple[int, ...]]


class AssignmentError(ValueError):
    """The rules do not fit the checkpoint and the model: says which names."""


@dataclass(frozen=True)
class RestoreRules:
    """T5X's: what is taken from a checkpoint that was not made for just this model.

    assignment_map: (pattern, replacement) pairs. The first pattern that matches a name of the
    model in full decides: its array is that of the checkpoint's name that the replacement
    (`\\\\1` and so on) gives, or, with None, it starts afresh. Other names are the same in both.
    strict: parameters that only the checkpoint has are an error. fallback_to_scratch: parameters
    that only the model has start afresh; else they are an error.
    """

    assignment_map: tuple[tuple[str, str | None], ...] = ()
    strict: bool = True
    fallback_to_scratch: bool = False

    def sources(self, wanted: Shapes, stored: Shapes) -> dict[str, str | None]:
        """The checkpoint's name for each of the model's `wanted` names; None starts afresh.

        Optimizer slots of another optimizer, some of them or all, leave all of them afresh, unless
        the rules name those that are left out. Raises AssignmentError for names that the rules do
        not cover and for parameters of two shapes.
        """
        found = {name: self._source(name, stored) for name in wanted}
        self._check_patterns_match(found)
        missing = [
            name
            for name, source in found.items()
            if source is None and not self._is_left_out(name) and name.startswith(PARAMETERS)
        ]
        if missing and not self.fallback_to_scratch:
            raise AssignmentError(
                f"the checkpoint has no {_shown(missing)}: name their places in it with "
                "assignment_map, or set fallback_to_scratch to start them afresh"
            )
        used = {source for source in found.values() if source is not None}
        spare = sorted(set(stored) - used - set(found)) if self.strict else []
        if parameters := [name for name in spare if name.startswith(PARAMETERS)]:
            raise AssignmentError(
                f"the model has no {_shown(parameters)}, which the checkpoint has: set "
                "strict = False to leave them out"
            )
        if not self._slots_fit(found, spare, wanted, stored):
            found |= {name: None for name in found if name.startswith(SLOTS)}
        _check_shapes(found, wanted, stored)
        return found

    def _source(self, name: str, stored: Shapes) -> str | None:
        for pattern, replacement in self.assignment_map:
            match = re.fullmatch(pattern, name)
            if match is None:
                continue
            if replacement is None:
                return None
            source = match.expand(replacement)
            if source not in stored:
                raise AssignmentError(
                    f"assignment_map takes {name} from {source}, which the checkpoint does not "
                    f"have; it has {_shown(sorted(stored))}"
                )
            return source
        return name if name in stored else None

    def _is_left_out(self, name: str) -> bool:
        for pattern, replacement in self.assignment_map:
            if re.fullmatch(pattern, name):
                return replacement is None
        return False

    def _slots_fit(
        self, found: Mapping[str, str | None], spare: Iterable[str], wanted: Shapes, stored: Shapes
    ) -> bool:
        """Whether the checkpoint's slots are those of the model's optimizer."""
        if any(name.startswith(SLOTS) for name in spare):
            return False
        return all(
            self._is_left_out(name) or (source is not None and stored[source] == wanted[name])
            for name, source in found.items()
            if name.startswith(SLOTS)
        )

    def _check_patterns_match(self, names: Iterable[str]) -> None:
        patterns = [pattern for pattern, _ in self.assignment_map]
        used = {next((p for p in patterns if re.fullmatch(p, name)), None) for name in names}
        unused = [pattern for pattern in patterns if pattern not in used]
        if unused:
            raise AssignmentError(f"assignment_map: {_shown(unused)} decide nothing of the model")


def _check_shapes(found: Mapping[str, str | None], wanted: Shapes, stored: Shapes) -> None:
    differing = [
        f"{name}: {stored[source]} in the checkpoint, {wanted[name]} in the model"
        for name, source in found.items()
        if source is not None and stored[source] != wanted[name]
    ]
    if differing:
        raise AssignmentError("; ".join(differing[:5]))


def _shown(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
