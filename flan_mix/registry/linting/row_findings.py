"""Lint of sampled rows: what only the data can tell of fields, options and targets."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from flan_mix.registry.field_rows import FieldRow
from flan_mix.registry.linting.finding import Finding, Severity
from flan_mix.registry.linting.rendered_rows import LintExample
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.vocabularies import Vocabulary

# Fewer rows than these say nothing of what all rows have in common.
_ENOUGH = 20
_MOSTLY = 0.5
_OFTEN = 0.05
# Of a field with more values, that each goes with one answer says nothing.
_FEW_VALUES = 8
# What a target is where it names an option.
_ITEM_NAME = re.compile(r"\(?([A-Ha-h])\)?\.?")


def option_row_findings(spec: TaskSpec, rows: Sequence[FieldRow]) -> Iterator[Finding]:
    """Answers that are no option, options that repeat, options that nobody is shown."""
    strangers = [row for row in rows if row.options and row.answer not in (*row.options, "")]
    if strangers:
        yield Finding(
            spec.name,
            "answer_not_an_option",
            f"{_of(strangers, rows)}: row {strangers[0].id!r} has {strangers[0].answer!r} and the "
            f"options {', '.join(map(repr, strangers[0].options))}.",
        )
    if doubled := [row for row in rows if len(set(row.options)) < len(row.options)]:
        yield Finding(
            spec.name,
            "doubled_options",
            f"{_of(doubled, rows)} list an option twice: row {doubled[0].id!r} has "
            f"{', '.join(map(repr, doubled[0].options))}.",
            severity="finding" if len(doubled) > _OFTEN * len(rows) else "note",
        )
    if any(row.options for row in rows) and not spec.uses_options:
        yield Finding(
            spec.name, "unused_field", "rows have options and no template shows {options}."
        )


def field_row_findings(spec: TaskSpec, rows: Sequence[FieldRow]) -> Iterator[Finding]:
    """Fields that are empty, or the same as another that a template asks for."""
    columns = dict(
        zip(spec.text_fields, zip(*(row.texts for row in rows), strict=True), strict=True)
    )
    for field, texts in columns.items():
        if empty := sum(not text.strip() for text in texts):
            severity: Severity = "finding" if empty > _MOSTLY * len(texts) else "note"
            yield Finding(
                spec.name,
                "empty_field",
                f"{field!r} is empty in {empty} of {len(texts)} sampled rows.",
                severity=severity,
            )
    for number, template in enumerate(spec.templates):
        asked = template.target_fields & columns.keys()
        given = template.input_fields & columns.keys() - asked
        for target in sorted(asked):
            for field in sorted(given):
                same = sum(map(_tells, columns[field], columns[target]))
                if len(rows) >= _ENOUGH and same > 0.9 * len(rows):
                    yield Finding(
                        spec.name,
                        "answer_leak",
                        f"{{{field}}} in the inputs is what {{{target}}} asks for in {same} of "
                        f"{len(rows)} sampled rows.",
                        number,
                    )
                elif len(rows) >= _ENOUGH and _is_code(columns[field], columns[target]):
                    yield Finding(
                        spec.name,
                        "answer_leak",
                        f"{{{field}}} in the inputs is a code of what {{{target}}} asks for: each "
                        f"value of one goes with one of the other, as {columns[field][0]!r} with "
                        f"{columns[target][0]!r}, in all {len(rows)} sampled rows.",
                        number,
                    )


def lost_letter_findings(spec: TaskSpec, rows: Sequence[FieldRow]) -> Iterator[Finding]:
    """Texts made of their targets, of which letters beyond a to z went missing on the way."""
    columns = dict(
        zip(spec.text_fields, zip(*(row.texts for row in rows), strict=True), strict=True)
    )
    for number, template in enumerate(spec.templates):
        for target in sorted(template.target_fields & columns.keys()):
            for field in sorted(template.input_fields & columns.keys() - {target}):
                pairs = list(zip(columns[field], columns[target], strict=True))
                same = [pair for pair in pairs if _plain_letters(*pair)]
                lost = [pair for pair in same if _letters(pair[0]) != _letters(pair[1])]
                if len(same) > _MOSTLY * len(pairs) and lost:
                    yield Finding(
                        spec.name,
                        "letters_lost",
                        f"{{{field}}} lacks letters of {{{target}}} in {_of(lost, pairs)}: "
                        f"{lost[0][0][:60]!r}. Does a pattern know a to z only?",
                        number,
                    )


def example_findings(spec: TaskSpec, examples: Sequence[LintExample]) -> Iterator[Finding]:
    """Constant inputs or targets, empty targets, targets longer than what they sum up."""
    by_template: dict[int, list[LintExample]] = defaultdict(list)
    for example in examples:
        by_template[example.template].append(example)
    sums_up = any("rouge" in metric.name for metric in spec.metrics)
    for number, of_template in by_template.items():
        template = spec.templates[number]
        inputs = Counter(example.inputs for example in of_template)
        targets = Counter(example.targets for example in of_template)
        if len(of_template) >= _ENOUGH and len(inputs) == 1 and template.input_fields:
            yield Finding(
                spec.name, "constant_input", "all sampled rows give the same inputs.", number
            )
        if len(of_template) >= _ENOUGH and len(targets) == 1 and template.target_fields:
            yield Finding(
                spec.name, "constant_target", "all sampled rows give the same targets.", number
            )
        if empty := [e for e in of_template if not e.targets.strip()]:
            yield Finding(
                spec.name,
                "empty_target",
                f"{_of(empty, of_template)}: row {empty[0].row.id!r}.",
                number,
            )
        short = [e for e in of_template if len(e.inputs) < len(e.targets)]
        is_summary = sums_up and "summar" in spec.category and not template.inverted
        if is_summary and len(short) > _MOSTLY * len(of_template):
            yield Finding(
                spec.name,
                "text_shorter_than_summary",
                f"{_of(short, of_template)}: is the text the field that was meant? Row "
                f"{short[0].row.id!r} has {short[0].inputs[-60:]!r}.",
                number,
            )


def option_name_findings(spec: TaskSpec, examples: Sequence[LintExample]) -> Iterator[Finding]:
    """Targets that are names of options, such as B or (b), where the inputs list none."""
    by_template: dict[int, list[LintExample]] = defaultdict(list)
    for example in examples:
        if not spec.templates[example.template].uses_options:
            by_template[example.template].append(example)
    for number, of_template in by_template.items():
        names = [_ITEM_NAME.fullmatch(example.targets.strip()) for example in of_template]
        letters = [name.group(1) for name in names if name]
        if len(of_template) < _ENOUGH or len(letters) < len(names) or len(set(letters)) < 2:
            continue
        pairs = list(zip(of_template, letters, strict=True))
        unlisted = [e for e, name in pairs if not re.search(rf"(?<!\w){name}[).:\]]", e.inputs)]
        if len(unlisted) > _MOSTLY * len(of_template):
            yield Finding(
                spec.name,
                "letter_without_options",
                f"the targets are names of options, such as {unlisted[0].targets!r}, and the "
                "inputs list none: show {options}, or ask for their text.",
                number,
            )


def length_findings(
    spec: TaskSpec,
    examples: Sequence[LintExample],
    vocabulary: Vocabulary,
    target_length: int,
) -> Iterator[Finding]:
    """Targets longer than what TASK_FEATURE_LENGTHS leaves them, EOS included."""
    for number, template in enumerate(spec.templates):
        texts = [example.targets for example in examples if example.template == number]
        lengths = [len(ids) + 1 for ids in vocabulary.encode_batch(texts)]
        over = [length for length in lengths if length > target_length]
        if over:
            often = len(over) > _OFTEN * len(lengths) and not template.inverted
            yield Finding(
                spec.name,
                "long_target",
                f"{_of(over, lengths)} have more than {target_length} tokens, the longest "
                f"{max(over):,}.",
                number,
                severity="finding" if often else "note",
            )


def _tells(given: str, asked: str) -> bool:
    return bool(asked.strip()) and given.strip() == asked.strip()


def _is_code(given: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether each of a few values of `given` goes with one of `asked`, and the other way round."""
    pairs = set(zip(given, asked, strict=True))
    return 1 < len(pairs) <= _FEW_VALUES and len(pairs) == len(set(given)) == len(set(asked))


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.casefold()))


def _plain_letters(a: str, b: str) -> bool:
    """Whether two texts have the same letters from a to z, and some."""
    letters = [c for c in a.casefold() if c.isascii() and c.isalpha()]
    return bool(letters) and letters == [c for c in b.casefold() if c.isascii() and c.isalpha()]


def _of(some: Sequence, among: Sequence) -> str:
    return f"{len(some)} of {len(among)} sampled"
