"""Code refinement: Java methods before and after a commit that fixed a bug (CodeXGLUE, small).

Names are masked in the source (VAR_1, METHOD_2). Code is shown and asked for in the spelling of
`code_escape`, because T5's vocabulary holds no braces; `unescape` undoes it before anything is
scored. Most methods change in a word or two, so that a copy of the input is nearly right by edit
distance: exact match is the main score. The inverted templates ask for the faulty method.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy, edit_similarity
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.code_escape import escape, unescape
from flan_mix.tasks.data_dir import data_dir
from flan_mix.templates import Template

CATEGORY = "code_refinement"


def _fixed(inputs: str, name: str) -> Template:
    return Template(inputs, "{fixed}", name=name)


def _buggy(inputs: str, name: str) -> Template:
    return Template(inputs, "{buggy}", name=name, inverted=True)


REFINE_TEMPLATES = (
    _fixed(
        "This Java method has a bug. Write it without the bug.\n\n{buggy}", name="without_the_bug"
    ),
    _fixed("Buggy: {buggy}\nFixed:", name="labels"),
    _fixed("{buggy}\n\nWhat should the code above have been?", name="what_should_it_have_been"),
    _fixed(
        'A commit named "fix" touched one function of a project. Before the commit it was:\n'
        "{buggy}\nPrint it as it is afterwards.",
        name="commit",
    ),
    _fixed(
        "You review a pull request and stumble over the following. Suggest a replacement: code, no "
        "comments.\n\n{buggy}",
        name="review",
    ),
    _fixed(
        "Identifiers were replaced by VAR_1, METHOD_2 and the like; the fault was left in. Repair "
        "it and keep those names.\n\n{buggy}",
        name="keep_the_names",
    ),
    _fixed(
        "A unit test is red because of this member of the class: {buggy}\nIt turns green with:",
        name="red_and_green",
    ),
    _fixed(
        "My program misbehaves, and I have narrowed it down to these lines. Please correct them "
        "for me!\n\n{buggy}",
        name="narrowed_down",
    ),
    _fixed(
        "Task: automatic program repair\nLanguage: Java\nChange no more than needed.\nInput: "
        "{buggy}\nOutput:",
        name="program_repair",
    ),
    _fixed("find mistake, mend, send back whole thing: {buggy}", name="find_and_mend"),
    _fixed(
        "{buggy}\n\nA more experienced colleague shakes her head at what you wrote here and takes "
        "over the keyboard. What does she leave on the screen?",
        name="experienced_colleague",
    ),
    _buggy(
        "{fixed}\n\nThis works. For a course on debugging, plant a flaw in it that a programmer "
        "might really be guilty of.",
        name="plant_a_flaw",
    ),
    _buggy(
        "A patch was applied, and this came out. Revert the patch.\n\n{fixed}",
        name="revert_the_patch",
    ),
)


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    return {side: escape(row[side].strip()) for side in ("buggy", "fixed")}


def _parallel(stem: str) -> dict[str, str]:
    return {
        side: f"codexglue_refine_small/{stem}.buggy-fixed.{side}" for side in ("buggy", "fixed")
    }


add_task(
    TaskSpec(
        name="refine_small",
        category=CATEGORY,
        source=FileSource(
            {
                "train": _parallel("train"),
                "validation": _parallel("valid"),
                "test": _parallel("test"),
            },
            format="lines",
            data_dir=data_dir,
        ),
        fields=_fields,
        templates=REFINE_TEMPLATES,
        metrics=(accuracy, edit_similarity),
        postprocess=unescape,
        licence="C-UDA 1.0",
        citation="Tufano, Watson, Bavota et al., An Empirical Study on Learning Bug-Fixing Patches "
        "in the Wild via Neural Machine Translation, 2019, https://arxiv.org/abs/1812.08693",
        text_sources=("bugs2fix",),
    )
)
