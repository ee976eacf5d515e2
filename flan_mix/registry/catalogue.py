"""The catalogue: every task and mixture registered here, by name.

Nothing in it needs TensorFlow. Whatever is added reaches SeqIO's own registries as well: at once
where SeqIO is loaded, else when it is (`seqio_arrival`).
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flan_mix.registry import seqio_arrival
from flan_mix.registry.rates import ExamplesProportional, Rate, check_rate
from flan_mix.registry.task_spec import TaskError, TaskSpec, nearest
from flan_mix.registry.variants import variant, variant_names


@dataclass(frozen=True)
class MixtureSpec:
    """A mixture: its parts, which are tasks or mixtures, each with its rate."""

    name: str
    parts: tuple[tuple[str, Rate], ...]


_MIXTURE_NAME = re.compile(r"[\w.:#]+\Z")  # SeqIO's rule.

_tasks: dict[str, TaskSpec] = {}
_mixtures: dict[str, MixtureSpec] = {}


def add_task(spec: TaskSpec) -> TaskSpec:
    """Registers a task with all its variants, here and with SeqIO; returns it.

    Raises TaskError when a name is taken, here or in one of SeqIO's registries.
    """
    names = _names(spec)
    for name in names:
        _check_free(name)
    _tasks[spec.name] = spec
    seqio_arrival.announce(*names)
    return spec


def add_mixture(
    name: str, parts: Sequence[str | tuple[str, Rate]], rate: Rate | None = None
) -> MixtureSpec:
    """Registers a mixture, here and with SeqIO; returns it.

    parts: names of tasks or mixtures, ours or SeqIO's, or (name, rate) pairs. rate: of the parts
    that bring none. Rates are relative; a mixture within a mixture shares out its rate among its
    parts in proportion to theirs, as SeqIO does.

    Raises TaskError when the name is taken, a part is unknown or listed twice, a rate is missing,
    or a mixture within is given ExamplesProportional (SeqIO wants a number there).
    """
    if not _MIXTURE_NAME.match(name):
        raise TaskError(f"mixture name {name!r}: only letters, digits and '_.:#' are allowed.")
    _check_free(name)
    rated = [_rated_part(name, part, rate) for part in parts]
    if not rated:
        raise TaskError(f"mixture {name!r} has no parts.")
    names = [part for part, _ in rated]
    if doubled := {part for part in names if names.count(part) > 1}:
        raise TaskError(f"mixture {name!r} lists {min(doubled)!r} twice; add up its rates.")
    _mixtures[name] = MixtureSpec(name, tuple(rated))
    seqio_arrival.announce(name)
    return _mixtures[name]


def get_task(name: str) -> TaskSpec:
    """The task or variant of that name; TaskError that names the nearest if there is none."""
    if name in _tasks:
        return _tasks[name]
    if name in _mixtures:
        raise TaskError(f"{name!r} is a mixture, not a task.")
    base, _, kind = name.partition(".")
    if base not in _tasks:
        raise TaskError(unknown(name))
    return variant(_tasks[base], kind)


def get_mixture(name: str) -> MixtureSpec:
    """The mixture of that name; TaskError that names the nearest if there is none."""
    if name not in _mixtures:
        if name in _tasks:
            raise TaskError(f"{name!r} is a task, not a mixture.")
        raise TaskError(unknown(name))
    return _mixtures[name]


def is_task(name: str) -> bool:
    """Whether a task of ours, or a variant of one, has that name."""
    base, _, kind = name.partition(".")
    return name in _tasks or (base in _tasks and kind in variant_names(_tasks[base]))


def is_mixture(name: str) -> bool:
    """Whether a mixture of ours has that name."""
    return name in _mixtures


def task_names() -> tuple[str, ...]:
    """Names of all tasks of ours, without their variants, in the order of registration."""
    return tuple(_tasks)


def mixture_names() -> tuple[str, ...]:
    """Names of all mixtures of ours, in the order of registration."""
    return tuple(_mixtures)


def categories() -> tuple[str, ...]:
    """All categories that some task has, sorted."""
    return tuple(sorted({spec.category for spec in _tasks.values()}))


def tasks_in_category(category: str) -> tuple[str, ...]:
    """Names of the tasks of a category; TaskError that names the nearest if nothing has it."""
    names = tuple(spec.name for spec in _tasks.values() if spec.category == category)
    if not names:
        raise TaskError(f"no category {category!r}.{nearest(category, categories())}")
    return names


def remove(name: str) -> None:
    """Forgets a task or mixture, here and in SeqIO's registries: for notebooks and tests.

    Raises TaskError when there is none of that name, or a mixture still has it as a part.
    """
    if name not in _tasks and name not in _mixtures:
        raise TaskError(unknown(name))
    names = _names(_tasks[name]) if name in _tasks else [name]
    users = [m.name for m in _mixtures.values() if not dict(m.parts).keys().isdisjoint(names)]
    if users:
        raise TaskError(f"{name!r} is a part of mixture {users[0]!r}; remove that first.")
    _tasks.pop(name, None)
    _mixtures.pop(name, None)
    seqio_arrival.withdraw(*names)


def exclude_rows(ids_by_task: Mapping[str, frozenset[str]]) -> None:
    """Has the train splits of tasks leave rows out, besides those they leave out already."""
    for name, ids in ids_by_task.items():
        spec = get_task(name)
        _tasks[name] = dataclasses.replace(spec, excluded=spec.excluded | ids)
    # SeqIO's objects hold what they were made of; names that wait for it are looked up then.
    groups = [_names(spec) for spec in _tasks.values() if spec.name in ids_by_task]
    changed = {name for group in groups for name in group}
    for mixture in _mixtures.values():
        if not dict(mixture.parts).keys().isdisjoint(changed):
            changed.add(mixture.name)
            groups.append([mixture.name])
    seqio_arrival.renew(*groups)


def unknown(name: str) -> str:
    """What to say of a name that nobody registered."""
    base, _, kind = name.partition(".")
    if base in _tasks:
        there = variant_names(_tasks[base])
        hint = nearest(kind, there)
        return f"task {base!r} has no variant {kind!r}; there are: {', '.join(there)}.{hint}"
    known = [*_tasks, *_mixtures, *seqio_arrival.foreign_names()]
    if not known:
        return f"no task or mixture {name!r}: none is registered; import the module that has it."
    hint = nearest(name, known) or f" There are {len(known)}: {', '.join(known[:8])}, …"
    return f"no task or mixture {name!r}.{hint} Is the module that registers it imported?"


def _names(spec: TaskSpec) -> list[str]:
    """A task's name and those of its variants."""
    return [spec.name, *(f"{spec.name}.{kind}" for kind in variant_names(spec))]


def _check_free(name: str) -> None:
    if is_task(name) or name in _mixtures:
        kind = "mixture" if name in _mixtures else "task"
        raise TaskError(f"{name!r} is already the name of a {kind}; take another, or remove() it.")
    if seqio_arrival.is_foreign(name):
        raise TaskError(f"{name!r} is already registered with SeqIO; take another name.")


def _rated_part(
    mixture: str, part: str | tuple[str, Rate], default: Rate | None
) -> tuple[str, Rate]:
    name, rate = (part, default) if isinstance(part, str) else part
    where = f"mixture {mixture!r}, part {name!r}"
    if rate is None:
        raise TaskError(f"{where} has no rate; write ({name!r}, 1.0), or give add_mixture a rate.")
    if not is_task(name) and name not in _mixtures and not seqio_arrival.is_foreign(name):
        raise TaskError(f"{where}: {unknown(name)}")
    rate = check_rate(rate, where)
    is_mixture_part = name in _mixtures or seqio_arrival.is_foreign_mixture(name)
    if isinstance(rate, ExamplesProportional) and is_mixture_part:
        raise TaskError(f"{where} is a mixture itself: its rate must be a number.")
    return name, rate
