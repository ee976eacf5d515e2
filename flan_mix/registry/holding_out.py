"""Holding out: what may be trained on when some tasks are kept to be tested on unseen.

A collection is what tasks list in `TaskSpec.collections`, or a mixture. Beside the held-out tasks,
three kinds are kept from training: those of categories that the collection declares as related
(`relate_categories`), and, whatever their category, those whose rows come from the same text
(`TaskSpec.text_sources`). The mixtures come with a list of what was left out and why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flan_mix.registry import catalogue
from flan_mix.registry.rates import ExamplesProportional, Rate
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError, TaskSpec, nearest
from flan_mix.templates.draw import Draw

# FLAN 2021's (Wei et al. 2022, section 2.4).
TRAIN_RATE = ExamplesProportional(cap=3000)

_related: dict[str, frozenset[frozenset[str]]] = {}


class LeftOut(NamedTuple):
    """A task that could have been trained on, and why it must not be."""

    task: str
    reason: str


@dataclass(frozen=True)
class HoldOut:
    """The two sides of a held-out experiment.

    train, evaluation: names of the registered mixtures. train_tasks, evaluation_tasks: their
    parts. left_out: the tasks in neither, each with the reason.
    """

    train: str
    evaluation: str
    train_tasks: tuple[str, ...]
    evaluation_tasks: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def __str__(self) -> str:
        lines = [
            f"{self.train}: {len(self.train_tasks)} tasks",
            f"{self.evaluation}: {', '.join(self.evaluation_tasks)}",
        ]
        return "\n".join(lines + [f"left out: {task} ({reason})" for task, reason in self.left_out])


def relate_categories(collection: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Declares which categories of a collection say too much about each other.

    Where one of a pair is held out, the other is not trained on either.
    """
    _related[collection] = frozenset(frozenset(pair) for pair in pairs)


def hold_out(
    collection: str,
    category: str | Sequence[str],
    *,
    train_categories: Sequence[str] | None = None,
    name: str | None = None,
    rate: Rate = TRAIN_RATE,
) -> HoldOut:
    """Registers mixtures to train on a collection without some categories, and to test on these.

    category: the category or categories to hold out. train_categories: the only ones to train on;
    all others when not given. name: of the training mixture, ahead of "_train";
    "<collection>_without_<category>" when not given. rate: of each task in it. The other mixture is
    "<collection>_<category>_eval"; several categories are joined by "_and_".

    Calling it again gives the same mixtures. Raises TaskError for a collection or category that no
    task has, and when nothing is left to train or to test on.
    """
    held_out = (category,) if isinstance(category, str) else tuple(category)
    members = collection_tasks(collection)
    for each in (*held_out, *(train_categories or ())):
        _check_category(collection, each, members)
    if twice := set(held_out) & set(train_categories or ()):
        raise TaskError(f"category {min(twice)!r} cannot be held out and trained on.")
    joined = "_and_".join(held_out)
    wanted = train_categories and frozenset(train_categories)
    return _register(
        members,
        [spec for spec in members if spec.category in held_out],
        _related_to(collection, held_out),
        train=f"{name or f'{collection}_without_{joined}'}_train",
        evaluation=f"{collection}_{joined}_eval",
        rate=rate,
        trainable=[spec for spec in members if not wanted or spec.category in wanted],
    )


def hold_out_tasks(
    collection: str, tasks: Sequence[str], name: str, *, rate: Rate = TRAIN_RATE
) -> HoldOut:
    """The same for single tasks, whose category goes on being trained on: "<name>_train", "_eval".

    Tasks that share text with a held-out one are left out of training.
    """
    members = collection_tasks(collection)
    there = {spec.name: spec for spec in members}
    for task in tasks:
        if task not in there:
            raise TaskError(f"{collection!r} has no task {task!r}.{nearest(task, there)}")
    held_out = [there[task] for task in tasks]
    return _register(
        members, held_out, {}, train=f"{name}_train", evaluation=f"{name}_eval", rate=rate
    )


def within_categories(collection: str, number: int) -> HoldOut:
    """Split `number` of a series in which each category keeps one of its tasks to test on.

    As FLAN 2021's intra-cluster splits: the next number holds out the next task of every category,
    in an order drawn by hash, and starts over after the last. Tasks that share text are held out
    together; a category that is one task, or all one text, is only trained on. The mixtures are
    "<collection>_within_<number>_train" and "_eval".
    """
    held_out: list[str] = []
    members = collection_tasks(collection)
    for category in dict.fromkeys(spec.category for spec in members):
        groups = _sharing_text([spec for spec in members if spec.category == category])
        if len(groups) > 1:
            ordered = sorted(groups, key=lambda names: Draw("hold_out").rank(names[0]))
            held_out += ordered[number % len(ordered)]
    return hold_out_tasks(collection, held_out, f"{collection}_within_{number}")


def collection_tasks(collection: str) -> tuple[TaskSpec, ...]:
    """The tasks that list the collection, or else those of the mixture of that name.

    Raises TaskError that names the nearest where neither is there.
    """
    specs = [catalogue.get_task(name) for name in catalogue.task_names()]
    listed = tuple(spec for spec in specs if collection in spec.collections)
    if listed:
        return listed
    if catalogue.is_mixture(collection):
        names = dict.fromkeys(_mixture_tasks(collection))
        return tuple(catalogue.get_task(name) for name in names)
    known = {each for spec in specs for each in spec.collections} | {*catalogue.mixture_names()}
    raise TaskError(
        f"no task lists the collection {collection!r} and no mixture is called so."
        f"{nearest(collection, known)} Is the module that registers it imported?"
    )


def _mixture_tasks(mixture: str) -> Iterable[str]:
    for part, _ in catalogue.get_mixture(mixture).parts:
        if catalogue.is_mixture(part):
            yield from _mixture_tasks(part)
        elif catalogue.is_task(part):
            yield part
        else:
            raise TaskError(
                f"mixture {mixture!r} has {part!r}, a task of SeqIO's own: it has no category, so "
                "nothing can be held out of the mixture."
            )


def _check_category(collection: str, category: str, members: Sequence[TaskSpec]) -> None:
    there = {spec.category for spec in members}
    if category not in there:
        hint = nearest(category, there) or f" There are: {', '.join(sorted(there))}."
        raise TaskError(f"{collection!r} has no category {category!r}.{hint}")


def _related_to(collection: str, held_out: Sequence[str]) -> dict[str, str]:
    """Category that must not be trained on -> the held-out one it says too much about."""
    related = {}
    for pair in _related.get(collection, ()):
        for category in held_out:
            for other in pair - {category} if category in pair else ():
                related[other] = category
    return related


def _register(
    members: Sequence[TaskSpec],
    held_out: Sequence[TaskSpec],
    related: dict[str, str],
    *,
    train: str,
    evaluation: str,
    rate: Rate,
    trainable: Sequence[TaskSpec] | None = None,
) -> HoldOut:
    tested = tuple(spec.name for spec in held_out if set(spec.splits) - {TRAIN_SPLIT})
    wanted = {spec.name for spec in (members if trainable is None else trainable)}
    left_out = []
    for spec in members:
        reason = _why_not(spec, held_out, related)
        untested = spec in held_out and spec.name not in tested
        if untested:
            left_out.append(LeftOut(spec.name, "held out, and has no split to be tested on"))
        elif reason and TRAIN_SPLIT in spec.splits and spec.name in wanted:
            left_out.append(LeftOut(spec.name, reason))
    kept_away = {spec.name for spec in held_out} | {task for task, _ in left_out}
    trained = tuple(
        spec.name
        for spec in members
        if spec.name in wanted - kept_away and TRAIN_SPLIT in spec.splits
    )
    for mixture, tasks, side in ((train, trained, "train"), (evaluation, tested, "test")):
        if not tasks:
            raise TaskError(f"mixture {mixture!r}: no task is left to {side} on.")
    _add_once(train, trained, rate)
    _add_once(evaluation, tested, 1.0)
    return HoldOut(train, evaluation, trained, tested, tuple(left_out))


def _why_not(spec: TaskSpec, held_out: Sequence[TaskSpec], related: dict[str, str]) -> str | None:
    """Why a task that is not itself held out must not be trained on."""
    if spec in held_out:
        return None
    if spec.category in related:
        return f"category {spec.category} is too near to {related[spec.category]}"
    for other in held_out:
        if shared := set(spec.text_sources) & set(other.text_sources):
            return f"shares the text of {min(shared)} with {other.name}"
    return None


def _add_once(name: str, tasks: Sequence[str], rate: Rate) -> None:
    if catalogue.is_mixture(name):
        if catalogue.get_mixture(name).parts == tuple((task, rate) for task in tasks):
            return
        raise TaskError(
            f"mixture {name!r} is already registered with other tasks or rates; give another name."
        )
    catalogue.add_mixture(name, tasks, rate=rate)


def _sharing_text(specs: Sequence[TaskSpec]) -> list[list[str]]:
    """Names in groups: tasks that share a text source, directly or by way of others."""
    groups: list[tuple[set[str], list[str]]] = []
    for spec in specs:
        sources, names = set(spec.text_sources), [spec.name]
        apart = []
        for group in groups:
            if group[0] & sources:
                sources, names = sources | group[0], group[1] + names
            else:
                apart.append(group)
        groups = [*apart, (sources, names)]
    return [names for _, names in groups]
