"""BIG-Bench Hard: 27 tasks on which language models did worse than people, for testing only.

They are read from your copy of https://github.com/suzgunmirac/BIG-Bench-Hard: ``bbh/<task>.json``
and ``cot-prompts/<task>.txt``, looked for as ``bbh/`` in the data folder (the repository itself
under that name, or its two folders). If it is there when this module is imported the tasks and
suites are registered, else `register` does it.

``bbh_navigate`` wants the answer alone, ``bbh_navigate_cot`` the reasoning first. Template 0 is
the benchmark's: the description and three examples of the prompt file, which for direct answers
are cut to their answers. Its words, the opening of an answer included, are the file's; the other
templates, without examples, are ours. Answers are compared after `answer_extraction`.

Suites: ``bbh_direct``, ``bbh_cot`` (three examples) and ``bbh_zero_shot`` (our templates).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
from flan_mix.tasks.answer_extraction import extract_choice, extract_number
from flan_mix.tasks.data_dir import data_dir, in_data_folder
from flan_mix.templates import Template

COLLECTION = "big_bench_hard"
FOLDER = "bbh"
PROMPTS = "cot-prompts"

TASKS = (
    *("boolean_expressions", "causal_judgement", "date_understanding", "disambiguation_qa"),
    *("dyck_languages", "formal_fallacies", "geometric_shapes", "hyperbaton"),
    *("logical_deduction_five_objects", "logical_deduction_seven_objects"),
    *("logical_deduction_three_objects", "movie_recommendation", "multistep_arithmetic_two"),
    *("navigate", "object_counting", "penguins_in_a_table", "reasoning_about_colored_objects"),
    *("ruin_names", "salient_translation_error_detection", "snarks", "sports_understanding"),
    *("temporal_sequences", "tracking_shuffled_objects_five_objects"),
    *("tracking_shuffled_objects_seven_objects", "tracking_shuffled_objects_three_objects"),
    *("web_of_lies", "word_sorting"),
)
# Answered by a number, whatever is said around it.
_NUMERIC = ("multistep_arithmetic_two", "object_counting")
# Where the question does not list what it may be answered with.
_UNLISTED_OPTIONS = {
    "boolean_expressions": ("True", "False"),
    "sports_understanding": ("yes", "no"),
    "web_of_lies": ("Yes", "No"),
}
# What lint finds in their rows and is the data's own.
_ALSO_ACCEPTED = {
    "dyck_languages": {"dropped_characters": "some answers have }, which T5's vocabulary lacks"},
}
_LETTERED = re.compile(r"^(\([A-Z]\)) ", re.MULTILINE)
_DASHED = re.compile(r"^- (.+?)\s*$", re.MULTILINE)
_EXAMPLE = re.compile(r"Q:\s*(?P<question>.*?)\n+A:\s*(?P<answer>.*)", re.DOTALL)
_CONCLUSION = re.compile(r"answer is\s+(?P<answer>.*?)\.?\s*\Z", re.DOTALL)
_EXAMPLES = 3

_CITATION = (
    "Suzgun, Scales, Schärli et al., Challenging BIG-Bench Tasks and Whether Chain-of-Thought Can "
    "Solve Them, 2022, https://arxiv.org/abs/2210.09261"
)


def _direct(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


DIRECT = (
    _direct("{description}\n\n{answered}\n\nQ: {question}\nA:", "three_shot"),
    _direct("{description}\n\n{question}", "description_first"),
    _direct("{question}\n\nWhat this is about: {description} Give the result alone.", "result"),
    _direct("Puzzle kind: {description}\nPuzzle: {question}\nSolution (short):", "puzzle"),
    _direct("{question}\n\nDecide, and write down nothing beside your decision.", "decide"),
    _direct(
        "An examiner hands you this sheet.\n\n{question}\n\nOn its back it says: {description}\n"
        "Fill in the answer box.",
        "answer_box",
    ),
    _direct("How would you reply to this, in as few words as it takes?\n{question}", "few_words"),
    _direct("[{description}]\nAsked: {question}\n=>", "arrow"),
    _direct(
        "We collect the keys to a quiz, one line for each item. The item: {question}\nIts line:",
        "quiz_key",
    ),
    _direct("{description} Apply that here, please: {question}", "apply_that"),
)


def _reasoned(inputs: str, name: str) -> Template:
    return Template(inputs, "{conclusion}", name=name)


REASONED = (
    _reasoned(
        "{description}\n\n{reasoned}\n\nQ: {question}\nA: {opening}",
        "three_shot",
    ),
    _reasoned("{description}\n\n{question}\n\nReason first, then conclude.", "reason_first"),
    _reasoned("{question}\n\nTell me how you get to your answer, and name it last.", "name_last"),
    _reasoned(
        "Puzzle kind: {description}\nPuzzle: {question}\nWorking and solution:",
        "working",
    ),
    _reasoned(
        "{question}\n\nGo through it piece by piece. Close with what follows from the pieces.",
        "piece_by_piece",
    ),
    _reasoned(
        "An examiner who gives marks for the derivation hands you this sheet.\n\n{question}\n\nOn "
        "its back it says: {description}\nWrite the derivation and what it proves.",
        "derivation",
    ),
    _reasoned(
        "Why is the right reply to the following the right one? Argue, and state it at the end."
        "\n{question}",
        "argue",
    ),
    _reasoned("[{description}; with explanation]\n{question}\n=>", "arrow"),
    _reasoned(
        "For each item of a quiz we print the thoughts that lead to its key. The item: {question}"
        "\nThoughts and key:",
        "thoughts_and_key",
    ),
    _reasoned(
        "{description} Do so here, slowly enough for a reader to check every move: {question}",
        "check_every_move",
    ),
)


@dataclass(frozen=True)
class Prompt:
    """What a prompt file holds.

    description: of the task. reasoned, answered: the worked examples, with their reasoning and
    with their answers alone. opening: the sentence with which all answers begin.
    """

    description: str
    reasoned: str
    answered: str
    opening: str


def register(folder: str | Path | None = None) -> tuple[str, ...]:
    """Registers the tasks and suites, those there already stay; returns the names of the tasks.

    folder: ``bbh`` in the data folder when not given.
    """
    where = Path(folder).expanduser() if folder else None
    for name in TASKS:
        # One function for both: what a row gives is shown by the templates of either.
        fields = partial(_fields, _UNLISTED_OPTIONS.get(name, ()))
        for is_reasoned in (False, True):
            spec = _spec(name, where, fields, is_reasoned=is_reasoned)
            if not is_task(spec.name):
                add_task(spec)
    _add_suites()
    return tuple(f"{FOLDER}_{name}{kind}" for name in TASKS for kind in ("", "_cot"))


def read_prompt(path: Path) -> Prompt:
    """The parts of a prompt file. Raises BadRowError for a file that is laid out in another way."""
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    # Ahead of the line of dashes stands the mark that keeps such files out of training data.
    description, *blocks = re.split(r"\n\n(?=Q:)", text.partition("\n-----\n")[2].strip())
    examples = [_EXAMPLE.fullmatch(block.strip()) for block in blocks]
    answers = [_CONCLUSION.search(found["answer"]) for found in examples if found]
    if len(blocks) != _EXAMPLES or len(answers) != _EXAMPLES or not all(answers):
        hint = (
            "After a line ----- it holds a description and three examples, Q: … and A: …, that "
            "end with 'the answer is …'."
        )
        raise BadRowError(path, 1, "not a prompt of BIG-Bench Hard", hint)
    cut = [
        f"Q: {found['question']}\nA: {concluded['answer']}"
        for found, concluded in zip(examples, answers, strict=True)
        if found and concluded
    ]
    openings = {found["answer"].partition(".")[0] for found in examples if found}
    return Prompt(
        description=description.strip(),
        reasoned="\n\n".join(block.strip() for block in blocks),
        answered="\n\n".join(cut),
        opening=f"{openings.pop()}." if len(openings) == 1 else "",
    )


def _spec(
    name: str, folder: Path | None, fields: Callable[..., Any], *, is_reasoned: bool
) -> TaskSpec:
    return TaskSpec(
        name=f"{FOLDER}_{name}_cot" if is_reasoned else f"{FOLDER}_{name}",
        category="bbh_cot" if is_reasoned else "bbh_direct",
        source=FileSource(
            {"test": [f"**/{name}.json", f"**/{PROMPTS}/{name}.txt"]},
            data_dir=folder or _folder,
            reader=_read,
        ),
        fields=fields,
        templates=REASONED if is_reasoned else DIRECT,
        metrics=(accuracy,),
        postprocess=extract_number if name in _NUMERIC else extract_choice,
        licence="MIT",
        citation=_CITATION,
        description="For testing only: its data must not be trained on.",
        collections=(COLLECTION,),
        text_sources=("big_bench",),
        accepted={
            "unused_field": "the questions list their options, and chance is told by them",
            **_ALSO_ACCEPTED.get(name, {}),
        },
    )


def _folder() -> Path:
    return Path(data_dir()) / FOLDER


def _read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The examples of a task file, each with the parts of its prompt; none of a prompt file."""
    if path.suffix == ".txt":
        return
    try:
        examples = json.loads(path.read_text(encoding="utf-8"))["examples"]
    except (ValueError, KeyError, TypeError) as error:
        hint = f'It is one object with a list "examples" of input and target ({error}).'
        raise BadRowError(path, 1, "not a task of BIG-Bench Hard", hint) from None
    prompt = vars(read_prompt(_prompt_of(path)))
    for number, example in enumerate(examples):
        yield number + 1, {**prompt, **example}


def _prompt_of(path: Path) -> Path:
    """The prompt file beside a task file, or beside its folder as in the repository."""
    name = f"{path.stem}.txt"
    beside = path.parent / PROMPTS / name
    return beside if beside.is_file() else path.parent.parent / PROMPTS / name


def _fields(unlisted: tuple[str, ...], row: Mapping[str, Any]) -> dict[str, Any]:
    question, answer = row["input"].strip(), row["target"].strip()
    options = unlisted or tuple(dict.fromkeys(_LETTERED.findall(question)))
    options = options or tuple(_DASHED.findall(question.partition("Options:")[2]))
    return {
        **{name: row[name] for name in ("description", "reasoned", "answered", "opening")},
        "question": question,
        "answer": answer,
        "conclusion": f"The answer is {answer}.",
        # A few answers are none of the options that their question lists.
        "options": options if answer in options else (),
        "references": (answer,),
    }


def _add_suites() -> None:
    direct = tuple(f"{FOLDER}_{name}" for name in TASKS)
    suites = {
        "bbh_direct": (
            [SuiteTask(name, templates=(0,)) for name in direct],
            "BIG-Bench Hard, three examples, the answer alone",
        ),
        "bbh_cot": (
            [SuiteTask(f"{name}_cot", templates=(0,)) for name in direct],
            "BIG-Bench Hard, three examples with reasoning",
        ),
        "bbh_zero_shot": (
            [SuiteTask(name, templates=tuple(range(1, len(DIRECT)))) for name in direct],
            "BIG-Bench Hard without examples, in each of our own templates",
        ),
    }
    for suite, (tasks, description) in suites.items():
        if not is_suite(suite):
            add_suite(suite, tasks, description)


if in_data_folder(FOLDER):
    register()
