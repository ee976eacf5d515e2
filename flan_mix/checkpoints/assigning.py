"""Which array of a checkpoint becomes which array of a state, where names or models differ.

Names are those of T5X's state trees, joined with "/": target/encoder/layers_0/…, state/step,
state/param_states/…. Readers of any format can use it: it asks for names, shapes and a way to
read arrays by name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from flax import serialization
from flax.traverse_util import flatten_dict, unflatten_dict

from flan_mix.training import TrainState

Shapes = Mapping[str, tuple[int, ...]]
Read = Callable[[Mapping[str, jax.ShapeDtypeStruct]], Mapping[str, Any]]
"""Abstract arrays by the checkpoint's names -> those arrays, placed as the abstract ones say."""

_STEP = "state/step"
_SLOTS = "state/param_states/"


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

    def sources(self, wanted: Iterable[str], stored: Iterable[str]) -> dict[str, str | None]:
        """The checkpoint's name for each of the model's `wanted` names; None starts afresh.

        Optimizer slots the checkpoint lacks start afresh always. Raises AssignmentError.
        """
        stored = set(stored)
        found = {name: self._source(name, stored) for name in wanted}
        self._check_patterns_match(found)
        missing = [
            name
            for name, source in found.items()
            if source is None and not self._is_left_out(name) and name.startswith("target/")
        ]
        if missing and not self.fallback_to_scratch:
            raise AssignmentError(
                f"the checkpoint has no {_shown(missing)}: name their places in it with "
                "assignment_map, or set fallback_to_scratch to start them afresh"
            )
        used = {source for source in found.values() if source is not None}
        spare = sorted(n for n in stored - used - set(found) if n.startswith("target/"))
        if spare and self.strict:
            raise AssignmentError(
                f"the model has no {_shown(spare)}, which the checkpoint has: set strict = False "
                "to leave them out"
            )
        return found

    def _source(self, name: str, stored: set[str]) -> str | None:
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
        patterns = (pattern for pattern, new in self.assignment_map if new is None)
        return any(re.fullmatch(pattern, name) for pattern in patterns)

    def _check_patterns_match(self, names: Iterable[str]) -> None:
        patterns = [pattern for pattern, _ in self.assignment_map]
        used = {next((p for p in patterns if re.fullmatch(p, name)), None) for name in names}
        unused = [pattern for pattern in patterns if pattern not in used]
        if unused:
            raise AssignmentError(f"assignment_map: {_shown(unused)} decide nothing of the model")


def restore_by_rules(
    like: TrainState, stored: Shapes, read: Read, rules: RestoreRules
) -> tuple[TrainState, set[str]]:
    """The state with what the checkpoint gives, and the names of what has to start afresh.

    Of the latter the state has what `like` has. Slots that do not fit, some of them or all, leave
    all of them afresh, unless the rules name those that are left out. Raises AssignmentError for
    shapes that differ.
    """
    wanted = flat_state(like)
    sources = rules.sources(wanted, stored)
    slots = [name for name in wanted if name.startswith(_SLOTS)]
    unfit = [n for n in slots if not _fits(sources[n], stored, wanted[n])]
    if any(not rules._is_left_out(name) for name in unfit):
        sources |= dict.fromkeys(slots)
    differing = [
        f"{name}: {stored[source]} in the checkpoint, {tuple(wanted[name].shape)} in the model"
        for name, source in sources.items()
        if source is not None and not _fits(source, stored, wanted[name])
    ]
    if differing:
        raise AssignmentError("; ".join(differing[:5]))
    # One array of the checkpoint may go to several places of the model.
    arrays = dict(
        read({source: _abstract(wanted[name]) for name, source in sources.items() if source})
    )
    flat = {n: wanted[n] if source is None else arrays[source] for n, source in sources.items()}
    return with_flat(like, flat), {name for name, source in sources.items() if source is None}


def flat_state(state: TrainState) -> dict[str, Any]:
    """A state's arrays (or abstract ones) by T5X's names."""
    slots = serialization.to_state_dict(state.opt_state)
    tree = {"target": state.params, "state": {"step": state.step, "param_states": slots}}
    return flatten_dict(tree, sep="/")  # pyright: ignore[reportReturnType]


def with_flat(like: TrainState, flat: Mapping[str, Any]) -> TrainState:
    """`like` with the arrays of `flat`, all of them."""
    tree = unflatten_dict(dict(flat), sep="/")
    slots = tree["state"].get("param_states")
    opt_state = like.opt_state
    if slots is not None:
        opt_state = serialization.from_state_dict(like.opt_state, slots)
    return replace(like, step=flat[_STEP], params=tree["target"], opt_state=opt_state)


def _fits(source: str | None, stored: Shapes, wanted: Any) -> bool:
    return source is not None and tuple(stored[source]) == tuple(wanted.shape)


def _abstract(leaf: Any) -> jax.ShapeDtypeStruct:
    dtype = getattr(leaf, "dtype", np.float32)
    sharding = getattr(leaf, "sharding", None)
    return jax.ShapeDtypeStruct(leaf.shape, dtype, sharding=sharding)


def _shown(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
