"""MMLU: 57 exams with four choices a question, for testing only.

They are read from the published archive (https://github.com/hendrycks/test), unpacked as ``mmlu/``
in the data folder: ``dev/``, ``val/`` and ``test/`` (also below ``data/``), with a file
``<subject>_<split>.csv`` of question, four choices and the letter of the right one. If it is there
when this module is imported the tasks and suites are registered, else `register` does it.

Template 0 shows the five questions of the dev file ahead of the question, in the order of the file,
as the benchmark asks; the others are without examples. All are in our own words, and all want the
letter. "validation" is the val file.

Suites: ``mmlu_5_shot`` and ``mmlu_5_shot_rank`` by generation and by the likelihood of the letters,
``mmlu_0_shot`` and ``mmlu_0_shot_rank`` in each template without examples. Their categories are the
benchmark's four.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import (
    BadRowError,
    FileSource,
    SuiteTask,
    TaskSpec,
    add_suite,
    add_task,
    is_suite,
    is_task,
)
from flan_mix.registry.suites import Mode
from flan_mix.tasks.answer_extraction import extract_choice
from flan_mix.tasks.data_dir import data_dir, in_data_folder
from flan_mix.templates import OptionStyle, Template

COLLECTION = "mmlu"
FOLDER = "mmlu"

SUBJECTS = {
    "stem": (
        *("abstract_algebra", "astronomy", "college_biology", "college_chemistry"),
        *("college_computer_science", "college_mathematics", "college_physics"),
        *("computer_security", "conceptual_physics", "electrical_engineering"),
        *("elementary_mathematics", "high_school_biology", "high_school_chemistry"),
        *("high_school_computer_science", "high_school_mathematics", "high_school_physics"),
        *("high_school_statistics", "machine_learning"),
    ),
    "humanities": (
        *("formal_logic", "high_school_european_history", "high_school_us_history"),
        *("high_school_world_history", "international_law", "jurisprudence"),
        *("logical_fallacies", "moral_disputes", "moral_scenarios", "philosophy", "prehistory"),
        *("professional_law", "world_religions"),
    ),
    "social_sciences": (
        *("econometrics", "high_school_geography", "high_school_government_and_politics"),
        *("high_school_macroeconomics", "high_school_microeconomics", "high_school_psychology"),
        *("human_sexuality", "professional_psychology", "public_relations", "security_studies"),
        *("sociology", "us_foreign_policy"),
    ),
    "other": (
        *("anatomy", "business_ethics", "clinical_knowledge", "college_medicine", "global_facts"),
        *("human_aging", "management", "marketing", "medical_genetics", "miscellaneous"),
        *("nutrition", "professional_accounting", "professional_medicine", "virology"),
    ),
}
_SPLITS = {"validation": "val", "test": "test"}
_EXAMPLES = "dev"
_LETTERS = "ABCD"

# The exam's own layout: the letter of a choice is the answer.
CHOICES = OptionStyle("mmlu_choices", before="", after=". ", naming="upper", answer_by_name=True)
_ASKED = "Letter of the right choice:"

_CITATION = (
    "Hendrycks, Burns, Basart et al., Measuring Massive Multitask Language Understanding, 2021, "
    "https://arxiv.org/abs/2009.03300"
)


def _letter(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


TEMPLATES = (
    _letter(
        "From an exam in {subject}, the first five questions with their keys.\n\n{examples}"
        "{question}\n{options}\n" + _ASKED,
        "five_shot",
    ),
    _letter("{question}\n{options}\n\n" + _ASKED, "question_only"),
    _letter(
        "A multiple-choice exam in {subject} has this question.\n\n{question}\n{options}\n\nMark "
        "one letter.",
        "mark_one_letter",
    ),
    _letter("Subject: {subject}\nQ: {question}\n{options}\nKey:", "subject_key"),
    _letter(
        "{options}\n\nOne of these answers the following from {subject}: {question}\nWhich letter "
        "stands before it?",
        "choices_first",
    ),
    _letter(
        "You grade tests in {subject} and need the key to this item. Reply with its letter only."
        "\n\n{question}\n\n{options}",
        "grader",
    ),
    _letter(
        "only one of the four is correct, which? (A, B, C or D)\n{question}\n{options}",
        "only_one",
    ),
    _letter(
        "My flash card on {subject} reads: {question}\nOn the back are four lines.\n{options}\nThe "
        "line I should learn is",
        "flash_card",
    ),
    _letter(
        "Pick what an expert in {subject} would pick.\n{question}\n{options}\nThe expert's pick:",
        "expert",
    ),
    _letter(
        "{question}\n\nPossible replies:\n{options}\n\nWrite down the letter of the reply that is "
        "true.",
        "true_reply",
    ),
)
WITHOUT_EXAMPLES = tuple(range(1, len(TEMPLATES)))


def register(folder: str | Path | None = None) -> tuple[str, ...]:
    """Registers the tasks and suites, those there already stay; returns the names of the tasks.

    folder: ``mmlu`` in the data folder when not given.
    """
    where = Path(folder).expanduser() if folder else None
    for category, subjects in SUBJECTS.items():
        for subject in subjects:
            if not is_task(f"mmlu_{subject}"):
                add_task(_spec(subject, category, where))
    names = tuple(f"mmlu_{each}" for subjects in SUBJECTS.values() for each in subjects)
    _add_suites(names)
    return names


def read_questions(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, question, choices and key) of a file; BadRowError for a row of another kind."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadRowError(path, line, f"unreadable: {error}", "Unpack it anew.") from None
            if cells is None:
                return
            if len(cells) != 6 or cells[5].strip() not in _LETTERS:
                hint = "A row is question, four choices and A, B, C or D."
                raise BadRowError(path, line, f"{len(cells)} cells, {cells[-1:]} last", hint)
            question, *choices, key = (cell.strip() for cell in cells)
            yield line, {"question": question, "options": choices, "key": key}


def _spec(subject: str, category: str, folder: Path | None) -> TaskSpec:
    return TaskSpec(
        name=f"mmlu_{subject}",
        category=f"mmlu_{category}",
        source=FileSource(
            {
                split: [f"**/{part}/{subject}_{part}.csv" for part in (named, _EXAMPLES)]
                for split, named in _SPLITS.items()
            },
            data_dir=folder or _folder,
            reader=partial(_read, subject),
        ),
        fields=_fields,
        templates=TEMPLATES,
        option_styles=(CHOICES,),
        metrics=(accuracy,),
        postprocess=extract_choice,
        licence="MIT",
        citation=_CITATION,
        description="For testing only.",
        collections=(COLLECTION,),
        text_sources=("mmlu",),
    )


def _folder() -> Path:
    return Path(data_dir()) / FOLDER


def _read(subject: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The questions of a val or test file, each with the examples; none of the dev file."""
    if path.parent.name == _EXAMPLES:
        return
    dev = path.parent.parent / _EXAMPLES / f"{subject}_{_EXAMPLES}.csv"
    shared = {
        "subject": subject.replace("_", " "),
        "examples": "".join(map(_worked, (row for _, row in read_questions(dev)))),
    }
    for line, row in read_questions(path):
        yield line, {**shared, **row}


def _worked(row: Mapping[str, Any]) -> str:
    return f"{row['question']}\n{CHOICES.render(row['options'])}\n{_ASKED} {row['key']}\n\n"


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    answer = row["options"][_LETTERS.index(row["key"])]
    return {**row, "answer": answer}


def _add_suites(names: tuple[str, ...]) -> None:
    forms = {
        "5_shot": ((0,), "five examples"),
        "0_shot": (WITHOUT_EXAMPLES, "no examples, in each template"),
    }
    modes: dict[str, tuple[Mode, str]] = {
        "": ("generate", "the letter generated"),
        "_rank": ("rank", "the likeliest letter"),
    }
    for form, (templates, shown) in forms.items():
        for mode, (done, scored) in modes.items():
            suite = f"mmlu_{form}{mode}"
            if not is_suite(suite):
                tasks = [SuiteTask(n, mode=done, templates=templates) for n in names]
                add_suite(suite, tasks, f"MMLU, {shown}, {scored}")


if in_data_folder(FOLDER):
    register()
