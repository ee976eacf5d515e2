"""`flan-mix tasks lint`: prints what is wrong with tasks, and says whether anything is."""

from collections import Counter
from collections.abc import Iterator, Sequence

from flan_mix.registry.linting import Finding, lint_tasks
from flan_mix.runs.task_selection import select
from flan_mix.runs.terminal_tables import add_row, counted, show, table
from flan_mix.vocabularies import Vocabulary


def lint(
    words: Sequence[str],
    *,
    rows: int = 0,
    vocabulary: Vocabulary | None = None,
    target_length: int | None = None,
    notes: bool = True,
) -> int:
    """Lints the tasks that words stand for; returns how many findings there are, notes apart."""
    specs = select(words)
    found = lint_tasks(specs, rows=rows, vocabulary=vocabulary, target_length=target_length)
    shown = [finding for finding in found if notes or finding.severity == "finding"]
    if shown:
        show(_table(shown))
    counts = Counter(finding.severity for finding in found)
    tasks, templates = len(specs), sum(len(spec.templates) for spec in specs)
    show(
        f"{counted(tasks, 'task')}, {counted(templates, 'template')}: "
        f"{counted(counts['finding'], 'finding')}, {counted(counts['note'], 'note')}"
    )
    return counts["finding"]


def said_once(findings: Sequence[Finding]) -> Iterator[tuple[Finding, str]]:
    """What is said of several templates of a task, once, at the place of the first, with their
    numbers.
    """
    said: dict[tuple[str, str, str, str], tuple[Finding, list[int]]] = {}
    for finding in findings:
        key = (finding.task, finding.kind, finding.severity, finding.message)
        _, numbers = said.setdefault(key, (finding, []))
        if finding.template is not None:
            numbers.append(finding.template)
    return ((finding, _ranges(numbers)) for finding, numbers in said.values())


def _table(findings: Sequence[Finding]):
    listing = table("Where", "Task", "Template", "Kind", "What", whole=1)
    for finding, numbers in said_once(findings):
        kind = finding.kind if finding.severity == "finding" else f"{finding.kind} (note)"
        style = "" if finding.severity == "finding" else "dim"
        add_row(listing, finding.place, finding.task, numbers, kind, finding.message, style=style)
    return listing


def _ranges(numbers: Sequence[int]) -> str:
    """ "0-10, 12" of increasing numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
