"""Chain of thought: questions answered with the reasoning written out (GSM8K's word problems).

The target is the reasoning followed by ``The answer is 72.``, and a prediction is scored by the
number in it. GSM8K's calculator marks (``<<48/2=24>>``) are taken out. Since T5's vocabulary drops
line ends, each step becomes a sentence of its own. The inverted templates ask for the problem that
a solution belongs to, and for the steps that lead to a given result. ``gsm8k_direct`` has the same
rows and asks for the number alone.
"""

import re
from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.answer_extraction import extract_number
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.reasoning_wording import QUESTION_DIRECT
from flan_mix.templates import Template

CATEGORY = "chain_of_thought"

_CALCULATOR_MARK = re.compile(r"<<.*?>>")
_ANSWER_PHRASE = "The answer is {result}."
# What T5's vocabulary has no piece for, as a person would type it.
_TYPED = {"×": "x", "÷": "/", "−": "-", "<": " is less than "}


def _solution(inputs: str, name: str) -> Template:
    return Template(inputs, "{reasoning} " + _ANSWER_PHRASE, name=name)


GSM8K_TEMPLATES = (
    _solution(
        "{question}\n\nExplain each step on the way to your answer.", name="explain_each_step"
    ),
    _solution("Problem: {question}\nSolution:", name="labels"),
    _solution(
        "A pupil is stuck with this exercise. Work it out for them so that they can follow, and "
        "end with the result.\n\n{question}",
        name="pupil_is_stuck",
    ),
    _solution(
        "You are marking a test and need a worked solution to compare with. The exercise reads:\n"
        "{question}\n\nWorked solution:",
        name="worked_solution",
    ),
    _solution(
        "I would be grateful if you could do this sum for me and show how you got there.\n\n"
        "{question}",
        name="show_how",
    ),
    _solution("{question} (show your working)", name="show_your_working"),
    _solution(
        "Write down what is given, compute what follows from it, one thing after another, and only "
        "then name the final number.\n\nQuestion: {question}",
        name="one_thing_after_another",
    ),
    _solution("hmm can you figure this one out? talk me through it\n\n{question}", name="talk_me"),
    _solution(
        "An answer without reasons scores no points. With that in mind, answer:\n{question}",
        name="no_points",
    ),
    _solution(
        "Q: {question}\nA (a short calculation in words, then the answer):",
        name="calculation_in_words",
    ),
    _solution(
        "Below is an arithmetic problem told as a story. Find the numbers in it, combine them in "
        "the right order, and state what comes out.\n\nStory: {question}",
        name="story",
    ),
    Template(
        "For a workbook we have this solution but lost the exercise:\n{reasoning} "
        "The answer is {result}.\n\nMake up an exercise that it solves.",
        "{question}",
        name="lost_exercise",
        inverted=True,
    ),
    Template(
        "{question}\n\nThe result is known to be {result}. Give the steps that lead to it.",
        "{reasoning}",
        name="known_result",
        inverted=True,
    ),
    Template(
        "Only somebody's scribbles are left of a sum:\n{reasoning}\n\nWhich story were they about? "
        "Tell it to the end, with its outcome.",
        "{question} The answer is {result}.",
        name="scribbles",
        inverted=True,
    ),
    Template(
        "Think of an everyday situation in which somebody has to find the number {result}, and "
        "work it out.",
        "{question} {reasoning}",
        name="everyday_situation",
        inverted=True,
    ),
)


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    steps, _, result = row["answer"].rpartition("####")
    return {
        "question": row["question"].strip(),
        "reasoning": sentences(_CALCULATOR_MARK.sub("", steps)),
        "result": extract_number(result),
    }


def _direct_fields(row: Mapping[str, Any]) -> dict[str, str]:
    fields = _fields(row)
    return {"question": fields["question"], "answer": fields["result"]}


def sentences(steps: str) -> str:
    """The lines of `steps` as sentences of one paragraph, without symbols that T5 cannot spell."""
    for symbol, typed in _TYPED.items():
        steps = steps.replace(symbol, typed)
    lines = (" ".join(line.split()) for line in steps.splitlines())
    return " ".join(line if line[-1] in ".!?:,;" else f"{line}." for line in lines if line)


for _name, _made, _templates in (
    ("gsm8k", _fields, GSM8K_TEMPLATES),
    ("gsm8k_direct", _direct_fields, QUESTION_DIRECT),
):
    add_task(
        TaskSpec(
            name=_name,
            category=CATEGORY,
            source=FileSource(
                {"train": "gsm8k/train.jsonl.gz", "test": "gsm8k/test.jsonl"}, data_dir=data_dir
            ),
            fields=_made,
            templates=_templates,
            metrics=(accuracy,),
            postprocess=extract_number,
            accepted={"long_target": "some solutions are that long; 256 tokens hold nearly all"},
            licence="MIT",
            citation="Cobbe, Kosaraju, Bavarian et al., Training Verifiers to Solve Math Word "
            "Problems, 2021, https://arxiv.org/abs/2110.14168",
            text_sources=("gsm8k",),
        )
    )
