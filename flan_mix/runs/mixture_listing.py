"""`flan-mix mixtures list` and `mixtures show`: what is mixed with what, and what comes out."""

from collections.abc import Callable, Sequence
from pathlib import Path

from flan_mix.data import RenderSettings, TokenCache
from flan_mix.data.cache_key import open_if_built
from flan_mix.data.task_cache import open_or_build, task_cache_key
from flan_mix.registry import (
    ExamplesProportional,
    get_mixture,
    get_task,
    is_task,
    mixture_names,
    num_input_examples,
    resolve,
)
from flan_mix.runs.mixture_facts import Lengths, MixtureFacts, Padding, PartFacts, shares
from flan_mix.runs.task_counts import known_examples
from flan_mix.runs.terminal_tables import add_row, percent, show, table
from flan_mix.vocabularies import Vocabulary

OpenCache = Callable[[str], TokenCache | None]

# Parts of a mixture that a list shows.
_LISTED = 6
# Examples of a task whose data is elsewhere: more than any cap in use but the largest.
_UNCOUNTED = 100_000


def list_mixtures() -> None:
    """Prints the registered mixtures with their parts as written."""
    listing = table("Mixture", "Parts", "Rates", right=("Parts",), whole=1)
    for name in mixture_names():
        parts = get_mixture(name).parts
        one_rate = len({rate for _, rate in parts}) == 1
        shown = [part if one_rate else f"{part} × {_rate(rate)}" for part, rate in parts[:_LISTED]]
        if len(parts) > _LISTED:
            shown.append(f"… and {len(parts) - _LISTED} more")
        add_row(
            listing,
            name,
            ", ".join(shown),
            _all_at(parts[0][1]) if one_rate else "as written",
            len(parts),
        )
    show(listing)


def show_mixture(
    name: str,
    *,
    open_cache: OpenCache,
    lengths: Lengths | None = None,
    steps: int | None = None,
    batch_size: int = 128,
    packed: bool = True,
) -> None:
    """Prints what a mixture, or a task, amounts to. Raises TaskError for an unknown name.

    open_cache: gives a task's token cache, or None. lengths: (inputs, targets) of
    TASK_FEATURE_LENGTHS. steps, batch_size, packed: of the training whose epochs are wanted.
    """
    facts, uncounted = mixture_facts(name, open_cache)
    padding = facts.padding(lengths, packed=packed) if lengths and facts.is_complete else None
    per_row = padding.examples_per_row if padding else (None if packed else 1.0)
    show(_parts_table(name, facts, lengths, steps, batch_size, per_row))
    if uncounted:
        show(
            f"The data of {_some(uncounted)} is not on this machine: each counts as "
            f"{_UNCOUNTED:,} examples, which is at or above the cap of most rates."
        )
    if not facts.is_complete:
        missing = [part.task for part in facts.parts if part.inputs is None]
        show(
            f"No token cache of {_some(missing)}: their "
            "lengths are not known. Give --vocabulary and the --cache_dir of `flan-mix cache`, or "
            "--build."
        )
        return
    if lengths:
        show("In, Out: tokens, cut to the lengths. In cut, Out cut: examples longer than they are.")
    if padding:
        show(_said(padding))
    for part in facts.parts:
        if part.shots:
            show(_shots(part))
    if steps and per_row is None:
        show("Epochs need --lengths, which say how many examples a packed row holds.")
    for kind in (True, False):
        show(_lengths_table(facts.least_wasteful(packed=kind), packed=kind))


def mixture_facts(name: str, open_cache: OpenCache) -> tuple[MixtureFacts, list[str]]:
    """Shares and lengths of the tasks behind a name; and the tasks that cannot be counted here and
    whose rate goes by examples: nothing is downloaded to tell what a mixture is."""
    uncounted: list[str] = []

    def count(task: str, split: str) -> int:
        if is_task(task) and known_examples(get_task(task), split) is None:
            uncounted.append(task)
            return _UNCOUNTED
        return num_input_examples(task, split)

    members = resolve(name, count)
    parts = []
    for member, share in zip(members, shares([m.rate for m in members]), strict=True):
        category = get_task(member.task).category if is_task(member.task) else "others"
        cache = open_cache(member.task)
        if cache is not None:
            parts.append(PartFacts.of(member.task, category, share, cache))
            continue
        ours = is_task(member.task)
        examples = known_examples(get_task(member.task), "train") if ours else None
        parts.append(PartFacts(member.task, category, share, examples))
    return MixtureFacts(tuple(parts)), uncounted


def cache_opener(
    vocabulary: Vocabulary | None,
    cache_dir: Path,
    *,
    split: str = "train",
    seed: int = 0,
    lengths: Lengths | None = None,
    build: bool = False,
) -> OpenCache:
    """Opens caches as a run with these settings would, the first pass; builds them if asked to."""
    sequence_length = {"inputs": lengths[0], "targets": lengths[1]} if lengths else None
    settings = RenderSettings(seed, sequence_length=sequence_length)

    def open_cache(task: str) -> TokenCache | None:
        if vocabulary is None:
            return None
        try:
            key = task_cache_key(task, split, vocabulary, settings=settings)
        except (OSError, ValueError):
            return None  # Its data is not on this machine.
        if build:
            return open_or_build(key, vocabulary, cache_dir)
        return open_if_built(key, cache_dir)

    return open_cache


def _parts_table(
    name: str,
    facts: MixtureFacts,
    lengths: Lengths | None,
    steps: int | None,
    batch_size: int,
    per_row: float | None,
):
    figures = ("Examples", "Rate", "In", "Out", "By tokens", "Epochs", "In cut", "Out cut")
    listing = table("Category and task", right=figures, title=name)

    def epochs(part: PartFacts) -> float | None:
        if steps is None or per_row is None:
            return None
        return facts.epochs(part, steps=steps, batch_size=batch_size, examples_per_row=per_row)

    def row(label: str, parts: Sequence[PartFacts], style: str = "") -> None:
        counts = [part.examples for part in parts]
        tokens = facts.token_share(parts, lengths)
        seen = epochs(parts[0]) if len(parts) == 1 else None
        add_row(
            listing,
            label,
            None if None in counts else sum(count or 0 for count in counts),
            percent(sum(part.share for part in parts)),
            *_weighted(parts, lambda part: part.mean_tokens(lengths), "{:.1f}".format),
            None if tokens is None else percent(tokens),
            None if seen is None else f"{seen:.2f}",
            *_weighted(parts, lambda p: p.truncated(lengths) if lengths else None, percent),
            style=style,
        )

    for category, parts in facts.categories.items():
        row(category, parts, "bold")
        for part in parts:
            row(f"  {part.task}", [part])
    row("All", facts.parts, "bold")
    return listing


def _weighted(
    parts: Sequence[PartFacts],
    of: Callable[[PartFacts], tuple[float, float] | None],
    shown: Callable[[float], str],
) -> tuple[str | None, str | None]:
    """Means of two figures over parts, as often as they are drawn."""
    values = [of(part) for part in parts]
    if any(value is None for value in values):
        return None, None
    weight = sum(part.share for part in parts)
    first, second = (
        sum(part.share * value[side] for part, value in zip(parts, values, strict=True) if value)
        / weight
        for side in (0, 1)
    )
    return shown(first), shown(second)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:6])}{f' and {len(names) - 6} more' if len(names) > 6 else ''}"


def _said(padding: Padding) -> str:
    how = "packed" if padding.packed else "not packed"
    return (
        f"At {padding.lengths[0]}, {padding.lengths[1]} {how}: {padding.examples_per_row:.2f} "
        f"examples a row, {percent(padding.waste)} padding, {percent(padding.cut)} of the tokens "
        "cut off, of a sample as the mixture draws it"
    )


def _shots(part: PartFacts) -> str:
    """What the few-shot prompts of a part came to."""
    prompts = sum(part.shots.values())
    mean = sum(shots * count for shots, count in part.shots.items()) / prompts
    without = percent(part.shots.get(0, 0) / prompts)
    return (
        f"{part.task}: {mean:.2f} exemplars a prompt; {without} zero-shot, as none fitted or none "
        "was to be had"
    )


def _lengths_table(paddings: Sequence[Padding], *, packed: bool):
    title = f"Lengths that waste least, {'packed' if packed else 'not packed'}"
    figures = ("inputs", "targets", "Padding", "Cut off", "Examples a row")
    listing = table(right=figures, title=title)
    for padding in paddings[:5]:
        add_row(
            listing,
            *padding.lengths,
            percent(padding.waste),
            percent(padding.cut),
            f"{padding.examples_per_row:.2f}",
        )
    return listing


def _all_at(rate: float | ExamplesProportional) -> str:
    return f"by {_rate(rate)}" if isinstance(rate, ExamplesProportional) else "equal"


def _rate(rate: float | ExamplesProportional) -> str:
    if not isinstance(rate, ExamplesProportional):
        return f"{rate:g}"
    cap = f", at most {rate.cap:,}" if rate.cap else ""
    tempered = f", temperature {rate.temperature:g}" if rate.temperature != 1 else ""
    return f"examples{cap}{tempered}"
