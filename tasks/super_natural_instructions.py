"""Super-NaturalInstructions: 1,600 tasks, each with a definition and worked examples.

They are read straight from a local checkout of https://github.com/allenai/natural-instructions,
which is looked for as ``natural_instructions/`` in the data folder; if it is there when this module
is imported its tasks are registered, else `register` takes any folder. Each is a task of its own,
``ni_task1393_superglue_copa_text_completion``, with at most 5,000 rows to train on.

The words of the task are its file's own: they are data, fields like any other. Templates here only
say how definition, examples and input are set out, half of them without examples and half with.
The file's first hundred instances are the test split, as in the official evaluation. Scores are
ROUGE's as there, and token F1 where outputs are in a script that ROUGE cannot read.

Mixtures: ``super_natural_instructions`` has all tasks but those made of MMLU and BIG-Bench Hard,
which models are evaluated on; ``…_train`` and ``…_test`` have those of the checkout's default split
lists. Rates are rows, up to the cap.

Suites: ``natural_instructions_test`` has the tasks of the default test list, in the official form
(definition and two examples) and scored by ROUGE-L; ``natural_instructions_mmlu`` the tasks made of
MMLU.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flan_mix.metrics import Metric, edit_similarity, exact_match, rouge
from flan_mix.registry import (
    FileSource,
    SuiteTask,
    TaskSpec,
    add_mixture,
    add_suite,
    add_task,
    is_mixture,
    is_suite,
    is_task,
)
from flan_mix.tasks.data_dir import data_dir, in_data_folder
from flan_mix.tasks.natural_instructions_index import (
    TaskFile,
    definition,
    load,
    shown_examples,
    split_rows,
    task_files,
)
from flan_mix.tasks.natural_instructions_texts import texts_of
from flan_mix.templates import Template

COLLECTION = "super_natural_instructions"
CAP = 5000
FOLDER = "natural_instructions"

# Where the file's category is one of ours by another name.
CATEGORIES = {
    "textual_entailment": "nli",
    "sentiment_analysis": "sentiment",
    "coreference_resolution": "coreference",
    "data_to_text": "structure_to_text",
    "named_entity_recognition": "entity_recognition",
}
# Names of tasks whose rows are what models are evaluated on.
_EVALUATED_ON = re.compile(r"mmmlu|_bbh_")
_CITATION = (
    "Wang, Mishra, Alipoormolabashi, Kordi et al., Super-NaturalInstructions: Generalization via "
    "Declarative Instructions on 1600+ NLP Tasks, 2022, https://arxiv.org/abs/2204.07705"
)


def _told(inputs: str, name: str) -> Template:
    return Template(inputs, "{output}", name=name)


DEFINED = (
    _told("{definition}\n\n{input}", name="bare"),
    _told("{input}\n\nWith the text above, do the following. {definition}", name="text_first"),
    _told(
        "Here is a job description, and below it the first piece of work.\n{definition}\n\nThe "
        "piece: {input}\n\nHand in your solution.",
        name="job_description",
    ),
    _told(
        'A colleague on leave has left a note: "{definition}"\nThe next one on the pile reads:\n'
        "{input}\nWhat would the colleague have written?",
        name="colleague",
    ),
    _told("Rule: {definition}\nCase: {input}\nFollow the rule for this case.", name="rule_case"),
    _told("input: {input}\ntask: {definition}\noutput:", name="input_task_output"),
    _told(
        "You have signed up as an annotator. These are the guidelines you agreed to: {definition}"
        "\n\nThis is the item on your screen:\n{input}",
        name="annotator",
    ),
    _told(
        "Could you take care of something for me? {definition} I have pasted it underneath.\n\n"
        "{input}",
        name="take_care",
    ),
    _told(
        "Directions that hold for every question of this exam: {definition}\nQuestion: {input}\n"
        "Your answer, without further remarks:",
        name="exam",
    ),
    _told(
        "What does a program print that was written to this specification?\n{definition}\n\nIt is "
        "started with:\n{input}",
        name="specification",
    ),
)

WITH_ONE_EXAMPLE = (
    _told(
        "{definition}\n\nFrom\n{example_input}\none would get\n{example_output}\n\nNow do the same "
        "with\n{input}",
        name="one_would_get",
    ),
    _told(
        "{definition}\n\nQ: {example_input}\nA: {example_output}\n\nQ: {input}\nA:",
        name="one_example_q_a",
    ),
    _told(
        "An instruction, one time it was carried out, and a new case for you.\nInstruction: "
        "{definition}\nCarried out: {example_input} was answered by {example_output}\nNew case: "
        "{input}",
        name="carried_out",
    ),
    _told(
        "Before me somebody solved {example_input} like this: {example_output}. My turn is "
        "{input}, and what we were both told is: {definition} How do I solve mine?",
        name="my_turn",
    ),
)

WITH_AN_EXPLANATION = (
    _told(
        "{definition}\n\nA model answer: to {example_input} the right response is {example_output}"
        "\nWhy: {explanation}\n\nRespond likewise to {input}",
        name="model_answer",
    ),
    _told(
        "Training for new staff.\n{definition}\nSeen before: {example_input}\nReply given: "
        "{example_output}\nThe trainer's remark: {explanation}\nSeen now: {input}\nReply to give:",
        name="new_staff",
    ),
    _told(
        "{example_input} calls for {example_output}, and the reason is this: {explanation} In "
        "general: {definition} What does the following call for?\n{input}",
        name="calls_for",
    ),
)

WITH_TWO_EXAMPLES = (
    _told(
        "{definition}\n\nExample 1, given: {example_input}\nExample 1, result: {example_output}\n"
        "Example 2, given: {second_input}\nExample 2, result: {second_output}\nExample 3, given: "
        "{input}\nExample 3, result:",
        name="example_3",
    ),
    _told(
        "Fill in the last line of the table.\n{example_input} | {example_output}\n{second_input} | "
        "{second_output}\n{input} |\n\nHow the right-hand column comes about: {definition}",
        name="table",
    ),
    _told(
        "{example_input}\n=> {example_output}\n\n{second_input}\n=> {second_output}\n\nBoth were "
        "done by the book, which says: {definition}\nGo on by the book.\n\n{input}\n=>",
        name="by_the_book",
    ),
)


@dataclass(frozen=True)
class Registered:
    """What `register` did.

    tasks: names, sorted. mixtures: names. missing: tasks that the split lists name and the
    checkout lacks. empty: tasks of the checkout without a row to train on, left out.
    """

    tasks: tuple[str, ...]
    mixtures: tuple[str, ...]
    missing: tuple[str, ...]
    empty: tuple[str, ...]


def register(
    checkout: str | Path | None = None, *, index: str | Path | None = None, cap: int | None = CAP
) -> Registered:
    """Registers every task of a checkout, and the mixtures; those there are already stay.

    checkout: ``natural_instructions`` in the data folder when not given. index: the file in which
    to keep what is known of the task files; one in the user's cache folder when not given.
    cap: at most so many rows of each to train on; None for all.

    Raises FileNotFoundError when it is no checkout, and BadRowError for a file that is no task.
    """
    folder = (Path(checkout) if checkout else Path(data_dir()) / FOLDER).expanduser().resolve()
    files = task_files(folder, Path(index) if index else _default_index(folder))
    usable = {file.name: file for file in files if file.rows["train"]}
    for file in usable.values():
        if not is_task(registered_name(file.name)):
            add_task(task_spec(folder, file, cap))
    listed = {split: _listed_tasks(folder, split) for split in ("train", "test")}
    members = {COLLECTION: [name for name in usable if not _EVALUATED_ON.search(name)]}
    for split, names in listed.items():
        members[f"{COLLECTION}_{split}"] = [name for name in names if name in usable]
    for mixture, names in members.items():
        if names and not is_mixture(mixture):
            add_mixture(
                mixture, [(registered_name(name), _rate(usable[name], cap)) for name in names]
            )
    _add_suites(usable, listed["test"])
    return Registered(
        tasks=tuple(map(registered_name, usable)),
        mixtures=tuple(mixture for mixture, names in members.items() if names),
        missing=tuple(name for names in listed.values() for name in names if name not in usable),
        empty=tuple(file.name for file in files if file.name not in usable),
    )


def _add_suites(usable: Mapping[str, TaskFile], tested: Sequence[str]) -> None:
    suites = {
        "natural_instructions_test": (tested, "Super-NaturalInstructions' test tasks, ROUGE-L"),
        "natural_instructions_mmlu": (
            [name for name in usable if "mmmlu" in name],
            "Super-NaturalInstructions' tasks made of MMLU",
        ),
    }
    for suite, (names, description) in suites.items():
        there = [usable[name] for name in names if name in usable and usable[name].rows["test"]]
        if there and not is_suite(suite):
            add_suite(suite, [_suite_task(file) for file in there], description)


def _suite_task(file: TaskFile) -> SuiteTask:
    """Definition and two examples, as the official evaluation has it, or the definition alone."""
    templates = list(_templates(file))
    official = WITH_TWO_EXAMPLES[0]
    number = templates.index(official) if official in templates else 0
    return SuiteTask(registered_name(file.name), templates=(number,))


def _score_rouge_l(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    return {"rougeL": rouge.score_example(prediction, references)["rougeL"]}


rouge_l = Metric("rouge_l", ("rougeL",), _score_rouge_l)
"""ROUGE-L alone, the official score (Wang et al. 2022, section 5)."""


def registered_name(task: str) -> str:
    """What a task is registered as: `ni_`, and characters that names cannot have as `_`."""
    return "ni_" + re.sub(r"\W", "_", task, flags=re.ASCII)


def task_spec(checkout: Path, file: TaskFile, cap: int | None = CAP) -> TaskSpec:
    """The task that a file holds."""
    category = re.sub(r"\W+", "_", file.category.lower()).strip("_")
    known = file.licence.lower() not in ("", "unknown")
    languages = ", ".join(file.languages)
    # ROUGE reads a-z and digits alone.
    is_english = set(file.output_languages) <= {"English"}
    return TaskSpec(
        name=registered_name(file.name),
        category=CATEGORIES.get(category, category),
        source=FileSource(
            {split: f"tasks/{file.file}" for split in _READERS if file.rows[split]},
            data_dir=checkout,
            reader=_READERS,
        ),
        fields=_fields,
        templates=_templates(file),
        metrics=(rouge_l if is_english and file.is_latin else edit_similarity, exact_match),
        accepted={}
        if is_english
        else {"dropped_characters": "T5's vocabulary is of English, French, German and Romanian"},
        cap=cap,
        licence=file.licence if known else "not stated by the source",
        citation=_CITATION,
        description=f"{file.category}, from {', '.join(file.sources) or 'a source not stated'}"
        + (f"; {languages}" if languages else ""),
        collections=(COLLECTION,),
        text_sources=texts_of(file.sources),
    )


def _templates(file: TaskFile) -> Sequence[Template]:
    """Those that show no more than the file has."""
    templates = DEFINED
    if file.examples:
        templates += WITH_ONE_EXAMPLE
    if file.is_explained:
        templates += WITH_AN_EXPLANATION
    return templates + WITH_TWO_EXAMPLES if file.examples > 1 else templates


def _read(split: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Instances of a split, counted from 1, each with what its templates may show."""
    task = load(path)
    shared = {"definition": definition(task)}
    for example, prefix in zip(shown_examples(task), ("example", "second"), strict=False):
        shared |= {f"{prefix}_input": example["input"], f"{prefix}_output": example["output"]}
        if prefix == "example" and example["explanation"]:
            shared["explanation"] = example["explanation"]
    for number, row in split_rows(task, split):
        yield number, {**shared, **row}


_READERS: dict[str, Callable] = {split: partial(_read, split) for split in ("train", "test")}


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    outputs = row["outputs"]
    content = "\x1f".join([row["input"], *outputs]).encode("utf-8", "surrogatepass")
    shown = {name: text for name, text in row.items() if name != "outputs"}
    return {
        **shown,
        "id": row.get("id") or hashlib.blake2b(content, digest_size=8).hexdigest(),
        "output": outputs[0],
        "references": outputs,
    }


def _rate(file: TaskFile, cap: int | None) -> float:
    """Rows up to the cap: known from the index, so that no file has to be read to mix."""
    return float(min(file.rows["train"], cap or file.rows["train"]))


def _listed_tasks(checkout: Path, split: str) -> list[str]:
    """Names in a default split list; none where the checkout has no such list."""
    path = checkout / "splits" / "default" / f"{split}_tasks.txt"
    if not path.is_file():
        return []
    return list(dict.fromkeys(path.read_text(encoding="utf-8").split()))


def _default_index(checkout: Path) -> Path:
    name = hashlib.blake2b(str(checkout).encode(), digest_size=8).hexdigest()
    return Path.home() / ".cache" / "flan_mix" / f"natural_instructions_{name}.json"


if in_data_folder(f"{FOLDER}/tasks"):
    register()
