"""Packs of a few rows, for learning from a handful: the rest of FewGLUE, and two of T-Few.

FewGLUE has 32 training rows of each dataset of SuperGLUE (its BoolQ, MultiRC and ReCoRD are in the
modules of their categories; its WSC is left out, for there the answer is yes in every row). T-Few's
packs are 50 rows of Winogrande and 20 of HellaSwag, drawn five times over; all draws together are
one training split here. Its rows come as prompts: the wording around the sentence and its options
is dropped, and ours used.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.registry.bad_rows import RowFault
from flan_mix.tasks import common_sense, coreference, nli, nli_wording, word_disambiguation
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import YES_NO
from flan_mix.tasks.question_templates import ENDING_OPEN, ENDING_SHOWN
from flan_mix.templates import OPTION_GRAMMAR, Template

Row = Mapping[str, Any]

_FEWGLUE_PAPER = (
    "Schick and Schütze, It's Not Just Size That Matters: Small Language Models Are Also "
    "Few-Shot Learners, 2020, https://arxiv.org/abs/2009.07118"
)
_T_FEW_PAPER = (
    "Liu, Tam, Muqeeth et al., Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper "
    "than In-Context Learning, 2022, https://arxiv.org/abs/2205.05638"
)

_BLANK_PROMPT = re.compile(r"(?P<text>.*_.*)\n[^\n]*\? (?P<first>.+) or (?P<second>.+)\?")
_ENDING_PROMPT = re.compile(
    r"[^\n]*\n(?:First, )?(?P<context>.*?)\s*(?:Then, )?\s*\.\.\.\n.*", re.S
)
_WIKIHOW_TITLE = re.compile(r"([^.!?\s])\s*\[title\]\s*")
_WIKIHOW_MARK = re.compile(r"\[(?:header|title|step|substeps)\]")


def copa_fields(row: Row) -> dict[str, Any]:
    """Fields of a row of COPA as SuperGLUE writes it: `label` 0 or 1."""
    options = [row["choice1"].strip(), row["choice2"].strip()]
    return {
        "id": str(row["idx"]),
        "premise": row["premise"].strip(),
        "options": options,
        "answer": options[row["label"]],
        **common_sense.COPA_WORDING[row["question"]],
    }


def wic_fields(row: Row) -> dict[str, Any]:
    """Fields of a row of WiC; a label of true says that the senses are the same."""
    return {
        "id": str(row["idx"]),
        "first": row["sentence1"].strip(),
        "second": row["sentence2"].strip(),
        "word": row["word"].strip(),
        "options": list(YES_NO),
        "answer": word_disambiguation.ANSWERS[row["label"]],
        "sense": word_disambiguation.SENSES[row["label"]],
    }


def blank_fields(row: Row) -> dict[str, Any]:
    """Fields of a prompt of T-Few's Winogrande, whose target is the number of its option."""
    found = _BLANK_PROMPT.fullmatch(row["input"].strip())
    if not found or row["target"] not in ("1", "2"):
        hint = "There should be a sentence with _ and below it a question that ends in 'A or B?'."
        raise RowFault("no sentence with a blank", hint, "input")
    options = [found["first"].strip(), found["second"].strip()]
    meant = int(row["target"]) - 1
    return {
        "text": found["text"].strip(),
        "options": options,
        "answer": options[meant],
        "other": options[1 - meant],
    }


def ending_fields(row: Row) -> dict[str, Any]:
    """Fields of a prompt of T-Few's HellaSwag, without the marks of WikiHow's layout."""
    found = _ENDING_PROMPT.fullmatch(row["input"].strip())
    if not found or row["target"] not in row["answer_choices"]:
        hint = "There should be a text that ends in '...' ahead of its endings, one the target."
        raise RowFault("no text to go on with", hint, "input")
    return {
        "context": _without_marks(found["context"]),
        "options": [_without_marks(ending) for ending in row["answer_choices"]],
        "answer": _without_marks(row["target"]),
    }


def _without_marks(text: str) -> str:
    text = _WIKIHOW_MARK.sub(" ", _WIKIHOW_TITLE.sub(r"\1. ", text))
    return " ".join(text.split())


def _add_pack(
    name: str,
    category: str,
    files: str,
    fields: Callable[[Row], dict[str, Any]],
    templates: Sequence[Template],
    **about: Any,
) -> None:
    add_task(
        TaskSpec(
            name=name,
            category=category,
            source=FileSource({"train": files}, data_dir=data_dir),
            fields=fields,
            templates=templates,
            option_styles=OPTION_GRAMMAR,
            metrics=(accuracy,),
            **about,
        )
    )


_add_pack(
    "fewglue_copa",
    common_sense.CATEGORY,
    "fewglue/COPA.train.jsonl",
    copa_fields,
    common_sense.COPA_TEMPLATES,
    licence="BSD 2-Clause",
    citation="Roemmele, Bejan and Gordon, Choice of Plausible Alternatives, 2011, "
    f"https://people.ict.usc.edu/~gordon/copa.html; {_FEWGLUE_PAPER}",
    text_sources=("copa",),
)

_add_pack(
    "fewglue_wic",
    word_disambiguation.CATEGORY,
    "fewglue/WiC.train.jsonl",
    wic_fields,
    word_disambiguation.WIC_TEMPLATES,
    licence="CC BY-NC 4.0",
    citation="Pilehvar and Camacho-Collados, WiC: the Word-in-Context Dataset, 2019, "
    f"https://arxiv.org/abs/1808.09121; {_FEWGLUE_PAPER}",
    text_sources=("wic",),
)

_add_pack(
    "fewglue_cb",
    nli.CATEGORY,
    "fewglue/CB.train.jsonl",
    nli.cb_fields,
    nli_wording.CB,
    licence="not stated by the source",
    citation="De Marneffe, Simons and Tonhauser, The CommitmentBank, 2019, "
    f"https://doi.org/10.18148/sub/2019.v23i2.601; {_FEWGLUE_PAPER}",
    text_sources=("commitmentbank",),
)

_add_pack(
    "fewglue_rte",
    nli.CATEGORY,
    "fewglue/RTE.train.jsonl",
    nli.rte_fields,
    nli_wording.RTE,
    licence="not stated by the source; text from news and the PASCAL RTE challenges",
    citation="Dagan, Glickman and Magnini, The PASCAL Recognising Textual Entailment Challenge, "
    f"2005; {_FEWGLUE_PAPER}",
    text_sources=("rte",),
)

_add_pack(
    "few_shot_winogrande",
    coreference.CATEGORY,
    "fewshot_tfew/winogrande.50_shot.*_seed.jsonl",
    blank_fields,
    coreference.WINOGRANDE_TEMPLATES,
    licence="CC BY 4.0",
    citation="Sakaguchi, Le Bras, Bhagavatula and Choi, WinoGrande, 2019, "
    f"https://arxiv.org/abs/1907.10641; {_T_FEW_PAPER}",
    text_sources=("winogrande", "winograd"),
)

_add_pack(
    "few_shot_hellaswag",
    common_sense.CATEGORY,
    "fewshot_tfew/h-swag.20_shot.*_seed.jsonl",
    ending_fields,
    (*ENDING_SHOWN, *ENDING_OPEN),
    licence="MIT",
    citation="Zellers, Holtzman, Bisk et al., HellaSwag: Can a Machine Really Finish Your "
    f"Sentence?, 2019, https://arxiv.org/abs/1905.07830; {_T_FEW_PAPER}",
    text_sources=("hellaswag", "wikihow"),
)
