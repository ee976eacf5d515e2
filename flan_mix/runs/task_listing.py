"""`flan-mix tasks list` and `tasks show`: what there is to learn, and in which words."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from flan_mix.registry import FileSource, TaskError, TaskSpec, get_task, tasks_in_category
from flan_mix.registry.catalogue import task_names
from flan_mix.registry.linting.source_places import task_place
from flan_mix.registry.variants import variant_names
from flan_mix.runs.task_counts import known_examples
from flan_mix.runs.terminal_tables import NOTHING, add_row, counted, plain, show, table


def list_tasks(category: str | None = None, *, count: bool = True) -> None:
    """Prints all registered tasks by category, or those of one.

    count: whether files are read through to count their examples. Raises TaskError for a category
    that no task has.
    """
    names = task_names() if category is None else tasks_in_category(category)
    by_category: dict[str, list[TaskSpec]] = defaultdict(list)
    for name in names:
        by_category[get_task(name).category].append(get_task(name))
    listing = table("Task", "Source", "Licence", "Examples", right=("Templates",))
    for found, specs in sorted(by_category.items()):
        rows = [(spec, _counts(spec, count)) for spec in sorted(specs, key=lambda spec: spec.name)]
        total = sum(counts.get("train") or 0 for _, counts in rows)
        known = f"train {total:,}" if total else ""
        add_row(listing, found, counted(len(specs), "task"), "", known, "", style="bold")
        for spec, counts in rows:
            add_row(
                listing,
                f"  {spec.name}",
                source_name(spec),
                spec.licence or NOTHING,
                _splits(counts),
                len(spec.templates),
            )
    tasks = counted(len(names), "task")
    show(listing, f"{tasks} in {counted(len(by_category), 'category', 'categories')}")


def show_task(name: str) -> None:
    """Prints all that a task or a variant of one is. Raises TaskError for an unknown name."""
    spec = get_task(name)
    facts = table("", "")
    facts.show_header = False
    for label, text in _facts(spec):
        if text:
            add_row(facts, label, text)
    show(plain(spec.name, "bold"), facts)
    drawn = range(len(spec.templates)) if spec.drawn is None else spec.drawn
    for number in drawn:
        template = spec.templates[number]
        marks = [template.name or "", "inverted" if template.inverted else ""]
        marks += ["shows options" if template.uses_options else ""]
        show(
            plain(f"template {number}  {'  '.join(filter(None, marks))}", "bold"),
            plain(template.inputs),
            plain(f"→ {template.targets}\n", "green"),
        )


def source_name(spec: TaskSpec) -> str:
    """Where the rows come from, short."""
    if not isinstance(spec.source, FileSource):
        return f"TFDS {spec.source.name}"
    first = next(iter(spec.source.splits.values()))
    if isinstance(first, str):
        return first
    return next(iter(first.values() if hasattr(first, "values") else first))  # type: ignore


def _facts(spec: TaskSpec) -> Sequence[tuple[str, str]]:
    inverted = sum(template.inverted for template in spec.templates)
    fields = spec.fields
    made_by = getattr(fields, "__qualname__", "a function") if isinstance(fields, Callable) else ""
    return (
        ("category", spec.category),
        ("source", source_name(spec)),
        ("examples", _splits(_counts(spec, True))),
        ("fields", made_by or ", ".join(f"{k} ← {v}" for k, v in dict(fields).items())),  # type: ignore
        ("templates", f"{len(spec.templates)}, {inverted} of them inverted"),
        ("variants", ", ".join(variant_names(get_task(spec.base_name)))),
        ("metrics", ", ".join(metric.name for metric in spec.metrics)),
        ("cap", "" if spec.cap is None else f"{spec.cap:,} training rows"),
        ("collections", ", ".join(spec.collections)),
        ("text from", ", ".join(spec.text_sources)),
        ("licence", spec.licence),
        ("citation", spec.citation),
        ("description", spec.description),
        ("written in", task_place(spec)),
    )


def _counts(spec: TaskSpec, count: bool) -> dict[str, int | None]:
    return {split: known_examples(spec, split) if count else None for split in spec.splits}


def _splits(counts: Mapping[str, int | None]) -> str:
    return ", ".join(name if n is None else f"{name} {n:,}" for name, n in counts.items())


__all__ = ["TaskError", "list_tasks", "show_task", "source_name"]
