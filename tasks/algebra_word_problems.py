"""AQuA as its authors publish it: algebra with five options and the way to the right one.

FLAN's file of it (`cot_aqua`) is training rows alone; these are the development and test rows. As
there, ``aqua`` has the reasoning in its targets and ``aqua_direct`` the answer alone. The files are
JSON lines in spite of their names.
"""

import re
from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.registry.bad_rows import RowFault
from flan_mix.tasks import reasoning_wording as wording
from flan_mix.tasks.answer_extraction import extract_answer
from flan_mix.tasks.chain_of_thought import CATEGORY, sentences
from flan_mix.tasks.chain_of_thought_sets import only_shown
from flan_mix.tasks.data_dir import data_dir
from flan_mix.templates import OPTION_GRAMMAR

_OPTION = re.compile(r"([A-E])\s*\)\s*(.*)", re.DOTALL)
# A last line that only names the option, as "Correct answer - A" or "Answer: (C)".
_LAST_LINE = re.compile(
    r"\s*\b(?:the\s+)?(?:correct\s+)?(?:ans(?:wer)?|option|choice)(?:\s+is)?[\s:=-]*\(?[A-E]\)?"
    r"[\s.]*\Z",
    re.IGNORECASE,
)


def aqua_fields(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Fields of a row; None where options, or all reasoning but the option's name, are missing."""
    options = {}
    for listed in row["options"]:
        found = _OPTION.fullmatch(listed.strip())
        if not found:
            hint = f"{listed!r} does not begin with its letter, as in 'A)32400'."
            raise RowFault("an option without its letter", hint, "options")
        options[found[1]] = " ".join(found[2].split())
    answer = options.get(row["correct"])
    texts = list(dict.fromkeys(filter(None, options.values())))
    reasoning = sentences(_LAST_LINE.sub("", row["rationale"]))
    if not answer or len(texts) < 2 or not reasoning:
        return None
    return {
        "question": " ".join(row["question"].split()),
        "options": texts,
        "answer": answer,
        "reasoning": reasoning,
    }


_CHOICE = (*wording.QUESTION, *wording.QUESTION_CHOICE)
_CHOICE_DIRECT = (*wording.QUESTION_DIRECT, *wording.QUESTION_CHOICE_DIRECT)

_ACCEPTED = {
    "aqua": {
        "dropped_characters": "formulas are written with ^, π and the like, which T5's lacks",
        "long_target": "some solutions are that long; 256 tokens hold nearly all",
    },
    "aqua_direct": {},
}

for _name, _templates in (
    ("aqua", (*_CHOICE, *wording.MATHS, *wording.QUESTION_INVERTED)),
    ("aqua_direct", _CHOICE_DIRECT),
):
    add_task(
        TaskSpec(
            name=_name,
            category=CATEGORY,
            source=FileSource(
                {"validation": "aqua/dev.json", "test": "aqua/test.json"},
                format="jsonl",
                data_dir=data_dir,
            ),
            fields=only_shown(aqua_fields, _templates),
            templates=_templates,
            option_styles=OPTION_GRAMMAR,
            metrics=(accuracy,),
            postprocess=extract_answer,
            licence="Apache-2.0",
            citation="Ling, Yogatama, Dyer and Blunsom, Program Induction by Rationale "
            "Generation: Learning to Solve and Explain Algebraic Word Problems, 2017, "
            "https://arxiv.org/abs/1705.04146",
            text_sources=("aqua",),
            accepted=_ACCEPTED[_name],
        )
    )
