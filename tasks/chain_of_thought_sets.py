"""Chain-of-thought sets in FLAN's layout, each with a twin that asks for the answer alone.

Files are ``flan_cot/<set>_train.tsv`` in the data folder, plain or gzipped: three columns without
header (what is asked, the answer, the reasoning), in which the two characters ``\\n`` stand for a
line break and answers to choose from are part of what is asked, below ``Options:``. They are taken
out of it again, so that our templates can set them out in any style, or leave them away. Where the
question was only FLAN's wording around a claim or two sentences, that wording is dropped too.

``cot_<set>`` has the reasoning in its targets, ``cot_<set>_direct`` shares its rows and ids.
esnli and qed are read the same way if you have their files.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task, get_task
from flan_mix.registry.bad_rows import RowFault
from flan_mix.tasks import reasoning_wording as wording
from flan_mix.tasks.answer_extraction import extract_answer, extract_number
from flan_mix.tasks.chain_of_thought import CATEGORY, GSM8K_TEMPLATES, sentences
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import YES_NO
from flan_mix.templates import OPTION_GRAMMAR, OPTION_STYLES, Template

COLUMNS = ("input", "target", "rationale")
COLLECTION = "flan2022_cot"
ENTAILMENTS = ("yes", "it is not possible to tell", "no")

# Some line breaks were escaped twice.
_LINE_BREAK = re.compile(r"\\+n")
_OPTIONS_LINE = "\nOptions:\n"
# "- bloody mess", "(A) 300", "- (A) DNA", '- Sentence A: "He drinks milk."'
_ITEM = re.compile(r"(?:- )?(?:\(([A-Z])\)|(Sentence [A-Z]):)?\s*(.*)")
_QUOTED_LINE = re.compile(r'^(?:Claim: )?"(.*)"$', re.MULTILINE)

# What a row may have whether a template shows it or not.
RESERVED = ("id", "options", "answer", "references")

Row = Mapping[str, Any]


class Asked(NamedTuple):
    """A row taken apart; options is empty where the row shows none."""

    question: str
    options: tuple[str, ...]
    answer: str
    reasoning: str


def taken_apart(row: Row) -> Asked:
    """The question, the options it showed, the right one and the reasoning of a row.

    An option that is listed twice is kept once. Raises RowFault for a row that lacks something and
    for an answer that is none of the options shown.
    """
    cells = {column: _LINE_BREAK.sub("\n", row[column]).strip() for column in COLUMNS}
    for column, text in cells.items():
        if not text:
            raise RowFault("empty cell", f"Column {column!r} holds no text.", column)
    question, _, listed = cells["input"].partition(_OPTIONS_LINE)
    texts, names = _items(listed)
    answer = names.get(cells["target"], _without_full_stop(cells["target"]))
    if texts and answer not in texts:
        hint = f"{answer!r} is neither the name nor the text of: {', '.join(map(repr, texts))}."
        raise RowFault("the answer is not an option", hint, "target")
    return Asked(question.strip(), texts, answer, sentences(cells["rationale"]))


def _items(listed: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The texts of listed options, each once, and what the names of options stand for."""
    texts, names = [], {}
    for line in filter(None, map(str.strip, listed.splitlines())):
        letter, title, text = _ITEM.fullmatch(line).groups()  # type: ignore[union-attr]
        text = text.strip()
        if title:
            text = text.removeprefix('"').removesuffix('"')
        else:
            text = _without_full_stop(text)
        if letter or title:
            names[f"({letter})" if letter else title] = text
        texts.append(text)
    return tuple(dict.fromkeys(texts)), names


def _without_full_stop(text: str) -> str:
    """An option without a full stop at its end, which some have and some not; "p.m." keeps it."""
    return text.removesuffix(".") if text.count(".") == 1 else text


def question_fields(row: Row) -> dict[str, Any]:
    """Fields of a row that has no options."""
    asked = taken_apart(row)
    return {"question": asked.question, "answer": asked.answer, "reasoning": asked.reasoning}


def number_fields(row: Row) -> dict[str, Any]:
    """Fields of a word problem, with the number under its name in GSM8K's templates as well."""
    fields = question_fields(row)
    number = extract_number(fields["answer"])
    return {**fields, "answer": number, "result": number}


def choice_fields(row: Row) -> dict[str, Any] | None:
    """Fields of a row with options; None where there is nothing to choose between."""
    asked = taken_apart(row)
    if len(asked.options) < 2:
        return None
    return {**asked._asdict(), "options": list(asked.options)}


def yes_or_no_fields(row: Row) -> dict[str, Any]:
    """Fields of a question that is answered by yes or no, whether it says so or not."""
    return {**taken_apart(row)._asdict(), "options": list(YES_NO)}


def entailment_fields(row: Row) -> dict[str, Any]:
    """Fields of a row of e-SNLI, whose answers are three."""
    return {**taken_apart(row)._asdict(), "options": list(ENTAILMENTS)}


def claim_fields(row: Row) -> dict[str, Any]:
    """Fields of a claim to judge, which is the one line in quotes of what is asked."""
    fields = yes_or_no_fields(row)
    claims = _QUOTED_LINE.findall(fields.pop("question"))
    if len(claims) != 1:
        hint = f"There should be one claim in quotes on a line of its own, not {len(claims)}."
        raise RowFault("no claim", hint, "input")
    return {**fields, "claim": claims[0].strip()}


def sentence_pair_fields(row: Row) -> dict[str, Any] | None:
    """Fields of two sentences, of which the absurd one is the answer; None if they are the same."""
    fields = choice_fields(row)
    if fields is None:
        return None
    if len(fields["options"]) != 2:
        hint = f"There should be two sentences, not {len(fields['options'])}."
        raise RowFault("no pair", hint, "input")
    one, other = fields["options"]
    sensible = other if fields["answer"] == one else one
    del fields["question"]
    return {**fields, "sentence_a": one, "sentence_b": other, "sensible": sensible}


def only_shown(
    fields: Callable[[Row], dict[str, Any] | None], templates: Sequence[Template]
) -> Callable[[Row], dict[str, Any] | None]:
    """`fields` without those that none of the templates shows: twins leave out the reasoning."""
    kept = frozenset[str]().union(RESERVED, *(template.fields for template in templates))

    def shown(row: Row) -> dict[str, Any] | None:
        made = fields(row)
        return made and {name: value for name, value in made.items() if name in kept}

    return shown


def _add_set(
    name: str,
    fields: Callable[[Row], dict[str, Any] | None],
    templates: Sequence[Template],
    twin: Sequence[Template],
    **about: Any,
) -> str:
    """Registers the task of a set and its twin; gives the task's name."""
    source = FileSource(
        # Gzipped or not: the suffix may go on.
        {"train": f"flan_cot/{name}_train.tsv*"},
        format="tsv",
        columns=COLUMNS,
        quoted=False,
        data_dir=data_dir,
    )
    shows_options = any(template.uses_options for template in templates)
    shared = {
        "category": CATEGORY,
        "source": source,
        "metrics": (accuracy,),
        "postprocess": extract_number if fields is number_fields else extract_answer,
        "option_styles": OPTION_GRAMMAR if shows_options else OPTION_STYLES,
        **about,
    }
    task = f"cot_{name}"
    for told, wording_of_it, collections in (
        (task, templates, (COLLECTION,)),
        (f"{task}_direct", twin, ()),
    ):
        add_task(
            TaskSpec(
                name=told,
                fields=only_shown(fields, wording_of_it),
                templates=wording_of_it,
                collections=collections,
                **shared,
            )
        )
    return task


_CHOICE = (*wording.QUESTION, *wording.QUESTION_CHOICE)
_CHOICE_DIRECT = (*wording.QUESTION_DIRECT, *wording.QUESTION_CHOICE_DIRECT)
_INVERTED = (*wording.QUESTION_INVERTED, *wording.ANSWER_INVERTED)

TASKS = (
    _add_set(
        "aqua",
        choice_fields,
        (*_CHOICE, *wording.MATHS, *_INVERTED),
        _CHOICE_DIRECT,
        accepted={
            "dropped_characters": "formulas are written with ^ and the like, which T5's lacks"
        },
        licence="Apache-2.0",
        citation="Ling, Yogatama, Dyer and Blunsom, Program Induction by Rationale Generation: "
        "Learning to Solve and Explain Algebraic Word Problems, 2017, "
        "https://arxiv.org/abs/1705.04146",
        text_sources=("aqua",),
    ),
    _add_set(
        "creak",
        claim_fields,
        (*wording.CLAIM, *wording.CLAIM_INVERTED),
        wording.CLAIM_DIRECT,
        licence="not stated by the source",
        citation="Onoe, Zhang, Choi and Durrett, CREAK: A Dataset for Commonsense Reasoning over "
        "Entity Knowledge, 2021, https://arxiv.org/abs/2109.01653",
        text_sources=("creak",),
    ),
    _add_set(
        "ecqa",
        choice_fields,
        (*_CHOICE, *wording.EVERYDAY, *_INVERTED),
        _CHOICE_DIRECT,
        licence="not stated by the source",
        citation="Aggarwal, Mandowara, Agrawal, Khandelwal, Singla and Garg, Explanations for "
        "CommonsenseQA: New Dataset and Models, 2021, https://aclanthology.org/2021.acl-long.238",
        text_sources=("commonsenseqa",),
    ),
    _add_set(
        "esnli",
        entailment_fields,
        (*_CHOICE, *wording.INFERENCE, *wording.QUESTION_INVERTED),
        _CHOICE_DIRECT,
        licence="not stated by the source",
        citation="Camburu, Rocktaeschel, Lukasiewicz and Blunsom, e-SNLI: Natural Language "
        "Inference with Natural Language Explanations, 2018, https://arxiv.org/abs/1812.01193",
        text_sources=("snli", "flickr30k"),
    ),
    _add_set(
        "gsm8k",
        number_fields,
        GSM8K_TEMPLATES,
        wording.QUESTION_DIRECT,
        accepted={"long_target": "some solutions are that long; 256 tokens hold nearly all"},
        licence="MIT",
        citation="Cobbe, Kosaraju, Bavarian et al., Training Verifiers to Solve Math Word "
        "Problems, 2021, https://arxiv.org/abs/2110.14168",
        text_sources=("gsm8k",),
    ),
    _add_set(
        "qasc",
        choice_fields,
        (*_CHOICE, *wording.SCIENCE, *_INVERTED),
        _CHOICE_DIRECT,
        licence="CC BY 4.0",
        citation="Khot, Clark, Guerquin, Jansen and Sabharwal, QASC: A Dataset for Question "
        "Answering via Sentence Composition, 2019, https://arxiv.org/abs/1910.11473",
        text_sources=("qasc",),
    ),
    _add_set(
        "qed",
        question_fields,
        (*wording.QUESTION, *wording.PASSAGE, *_INVERTED),
        wording.QUESTION_DIRECT,
        licence="not stated by the source",
        citation="Lamm, Palomaki, Alberti, Andor, Choi, Soares and Collins, QED: A Framework and "
        "Dataset for Explanations in Question Answering, 2020, https://arxiv.org/abs/2009.06354",
        text_sources=("natural_questions",),
    ),
    _add_set(
        "sensemaking",
        sentence_pair_fields,
        (*wording.SENTENCE_PAIR, *wording.SENTENCE_PAIR_INVERTED),
        wording.SENTENCE_PAIR_DIRECT,
        licence="not stated by the source",
        citation="Wang, Liang, Zhang, Li and Gao, Does It Make Sense? And Why? A Pilot Study for "
        "Sense Making and Explanation, 2019, https://arxiv.org/abs/1906.00363",
        text_sources=("sensemaking",),
    ),
    _add_set(
        "strategyqa",
        yes_or_no_fields,
        (*_CHOICE, *wording.YES_OR_NO, *wording.QUESTION_INVERTED),
        _CHOICE_DIRECT,
        accepted={"dropped_characters": "a few names have letters that T5's vocabulary lacks"},
        licence="MIT",
        citation="Geva, Khashabi, Segal, Khot, Roth and Berant, Did Aristotle Use a Laptop? A "
        "Question Answering Benchmark with Implicit Reasoning Strategies, 2021, "
        "https://arxiv.org/abs/2101.02235",
        text_sources=("strategyqa",),
    ),
)
"""The tasks with reasoning; the name of a twin ends in `_direct`."""


def tasks_with_files() -> tuple[str, ...]:
    """Those of `TASKS` whose files lie in the data folder; none while no folder is set."""
    return tuple(task for task in TASKS if _has_files(get_task(task).source))


def _has_files(source: Any) -> bool:
    try:
        return bool(source.files("train"))
    except (FileNotFoundError, ValueError):
        return False
