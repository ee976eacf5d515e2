"""Arithmetic and algebra: linear equations in one unknown (DeepMind's mathematics dataset).

A question states an equation and the unknown to solve for, as in ``Solve 5*x - 12 = 3 for x.``; the
answer is a whole number. The inverted templates ask for an equation with a given solution.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.text_columns import has_text
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

# FLAN's cluster, and the module's own name would shadow the standard library's.
CATEGORY = "math"


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


LINEAR_EQUATION_TEMPLATES = (
    _answer("{question}", name="bare"),
    _answer("Question: {question}\nResult:", name="labels"),
    _answer(
        "A number hides behind the letter. Work backwards to it and write it down.\n\n{question}",
        name="hides_behind_the_letter",
    ),
    _answer(
        "Isolate the unknown in your head and write down only what it equals. {question}",
        name="isolate_the_unknown",
    ),
    _answer(
        "My homework is due tomorrow and this is the one I could not do:\n{question}\nWhat comes "
        "out?",
        name="homework",
    ),
    _answer("calc this 4 me: {question}", name="calc_this"),
    _answer(
        "A computer algebra system evaluates what is typed at its prompt.\nin: {question}\nout:",
        name="algebra_system",
    ),
    _answer(
        "Entry test, part A, one whole number per line. Enter yours behind the task.\n\n"
        "Task: {question} Number:",
        name="entry_test",
    ),
    _answer(
        'The teacher wrote "{question}" on the board, and the first to call out the value gets a '
        "prize. Call it out.",
        name="on_the_board",
    ),
    _answer(
        "Collect like terms, divide by what stands in front of the letter, and say what you have "
        "got.\n{question}",
        name="collect_like_terms",
    ),
    _answer(
        "Behind the letter hides an integer. Which, if the following is asked of it?\n{question}",
        name="hidden_integer",
    ),
    Template(
        "Set a problem about an equation in one unknown whose solution is {answer}.",
        "{question}",
        name="set_a_problem",
        inverted=True,
    ),
    Template(
        "Solution on the back of the card: {answer}\nFront of the card, where something has to be "
        "solved for a letter:",
        "{question}",
        name="front_of_the_card",
        inverted=True,
    ),
)


def clean(text: Any) -> Any:
    """A text tensor without outer blanks, and without the Python quoting of older releases.

    Those hold ``b'Solve …\\n'``, marks and escaped line end included.
    """
    import tensorflow as tf

    text = tf.strings.regex_replace(text, r"""(?s)^b(?:'(.*)'|"(.*)")$""", r"\1\2")
    return tf.strings.strip(tf.strings.regex_replace(text, r"(?:\\n)+$", ""))


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"question": clean(row["question"]), "answer": clean(row["answer"])}


add_task(
    TaskSpec(
        name="flan_math_dataset",
        category=CATEGORY,
        source=tfds_source(
            "math_dataset/algebra__linear_1d:1.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "test"},
            keep=has_text("question", "answer"),
        ),
        fields=_fields,
        templates=LINEAR_EQUATION_TEMPLATES,
        metrics=(accuracy,),
        licence="Apache-2.0",
        citation="Saxton, Grefenstette, Hill and Kohli, Analysing Mathematical Reasoning Abilities "
        "of Neural Models, 2019, https://arxiv.org/abs/1904.01557",
        collections=("flan2021",),
        text_sources=("math_dataset",),
    )
)
