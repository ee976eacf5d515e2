"""Natural language inference: does one text follow from another, is it excluded, or left open?

Two datasets ask whether a text follows (RTE, WNLI), one whether a sentence answers a question
(QNLI), the others for one of three relations. SuperGLUE's test rows carry no label and so cannot
be scored: the test split of such a task is the public validation split.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flan_mix.metrics import accuracy, macro_f1
from flan_mix.registry import FileSource, TaskSpec, TfdsSource, add_task
from flan_mix.tasks import nli_wording
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import ANSWERED_IN_FULL, YES_NO, by_label, labelled
from flan_mix.tasks.text_columns import stripped
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "nli"
ANSWERS = {"entailment": "yes", "not_entailment": "no"}
RELATIONS = {"entailment": "follows", "not_entailment": "does not follow"}
THREE_ANSWERS = {"entailment": "yes", "contradiction": "no", "neutral": "maybe"}
THREE_RELATIONS = {
    "entailment": "must be true",
    "contradiction": "cannot be true",
    "neutral": "may or may not be true",
}
VERDICTS = ("answer", "not answer")

# The orders in which the datasets number their labels.
SUPER_GLUE_CB = ("entailment", "contradiction", "neutral")
GLUE = ("entailment", "neutral", "contradiction")

RTE_TEMPLATES = nli_wording.RTE

_RTE_CITATION = (
    "Dagan, Glickman and Magnini, The PASCAL Recognising Textual Entailment "
    "Challenge, 2005; Wang et al., SuperGLUE: A Stickier Benchmark for General-Purpose "
    "Language Understanding Systems, 2019, https://arxiv.org/abs/1905.00537"
)
_CB_CITATION = (
    "De Marneffe, Simons and Tonhauser, The CommitmentBank: Investigating projection in naturally "
    "occurring discourse, 2019, https://doi.org/10.18148/sub/2019.v23i2.601"
)
_ANLI_CITATION = (
    "Nie, Williams, Dinan, Bansal, Weston and Kiela, Adversarial NLI: A New Benchmark for Natural "
    "Language Understanding, 2020, https://arxiv.org/abs/1910.14599"
)
_GLUE_CITATION = (
    "Wang et al., GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language "
    "Understanding, 2018, https://arxiv.org/abs/1804.07461"
)


def rte_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a row of RTE's JSON lines."""
    return {
        "id": str(row["idx"]),
        "premise": row["premise"].strip(),
        "hypothesis": row["hypothesis"].strip(),
        "options": list(ANSWERS.values()),
        "answer": ANSWERS[row["label"]],
        "relation": RELATIONS[row["label"]],
    }


def _three_way(premise: str, hypothesis: str, label: str) -> dict[str, Any]:
    return {
        "premise": premise.strip(),
        "hypothesis": hypothesis.strip(),
        "options": list(THREE_ANSWERS.values()),
        "answer": THREE_ANSWERS[label],
        "relation": THREE_RELATIONS[label],
    }


def cb_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a row of CB's JSON lines."""
    fields = _three_way(row["premise"], row["hypothesis"], row["label"])
    return {"id": str(row["idx"]), **fields}


def sick_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a row of SICK's tables."""
    fields = _three_way(row["sentence_A"], row["sentence_B"], row["entailment_judgment"].lower())
    return {"id": row["pair_ID"], **fields}


def anli_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a row of ANLI's annotated development set."""
    label = {"e": "entailment", "n": "neutral", "c": "contradiction"}[row["gold_label"]]
    return {"id": row["uid"], **_three_way(row["context"], row["statement"], label)}


def rte_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of RTE."""
    return {
        **stripped(premise="premise", hypothesis="hypothesis")(row),
        **labelled(row["label"], YES_NO),
        "relation": by_label(row["label"], tuple(RELATIONS.values())),
    }


def wnli_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of WNLI, whose label 1 says that the second sentence follows."""
    return {
        **stripped(premise="sentence1", hypothesis="sentence2")(row),
        **labelled(row["label"], ("no", "yes"), options=YES_NO),
        "relation": by_label(row["label"], tuple(reversed(RELATIONS.values()))),
    }


def qnli_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a TFDS row of QNLI, whose label 0 says that the sentence has the answer."""
    return {
        **stripped(question="question", sentence="sentence")(row),
        **labelled(row["label"], YES_NO),
        "verdict": by_label(row["label"], VERDICTS),
    }


def three_way_tensors(
    labels: Sequence[str], premise: str = "premise"
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from a TFDS row to fields.

    labels: what the dataset's labels mean, in the order it numbers them. premise: its column.
    """

    def fields(row: Mapping[str, Any]) -> dict[str, Any]:
        answers = [THREE_ANSWERS[label] for label in labels]
        return {
            **stripped(premise=premise, hypothesis="hypothesis")(row),
            **labelled(row["label"], answers, options=tuple(THREE_ANSWERS.values())),
            "relation": by_label(row["label"], [THREE_RELATIONS[label] for label in labels]),
        }

    return fields


def has_label(row: Mapping[str, Any]) -> Any:
    """Whether a row of tensors has a label: SNLI has -1 where annotators did not agree."""
    return row["label"] >= 0


def _add_flan(
    name: str,
    source: TfdsSource,
    fields: Callable[[Mapping[str, Any]], dict[str, Any]],
    templates: Sequence[Template],
    **about: Any,
) -> None:
    add_task(
        TaskSpec(
            name=f"flan_{name}",
            category=CATEGORY,
            source=source,
            fields=fields,
            templates=templates,
            collections=("flan2021",),
            **{"metrics": (accuracy,), "option_styles": OPTION_GRAMMAR, **about},
        )
    )


add_task(
    TaskSpec(
        name="rte",
        category=CATEGORY,
        source=FileSource(
            {"train": "superglue_rte/train.jsonl", "validation": "superglue_rte/val.jsonl"},
            data_dir=data_dir,
        ),
        fields=rte_fields,
        templates=RTE_TEMPLATES,
        metrics=(accuracy,),
        licence="not stated by the source; text from news and the PASCAL RTE challenges",
        citation=_RTE_CITATION,
        text_sources=("rte",),
    )
)

add_task(
    TaskSpec(
        name="cb",
        category=CATEGORY,
        source=FileSource(
            {"train": "superglue_cb/train.jsonl", "validation": "superglue_cb/val.jsonl"},
            data_dir=data_dir,
        ),
        fields=cb_fields,
        templates=nli_wording.CB,
        metrics=(accuracy, macro_f1),
        licence="not stated by the source",
        citation=_CB_CITATION,
        text_sources=("commitmentbank",),
    )
)

add_task(
    TaskSpec(
        name="sick",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "sick/SICK_train.txt",
                "validation": "sick/SICK_trial.txt",
                "test": "sick/SICK_test_annotated.txt",
            },
            data_dir=data_dir,
            format="tsv",
            quoted=False,
        ),
        fields=sick_fields,
        templates=nli_wording.SICK,
        metrics=(accuracy,),
        licence="CC BY-NC-SA 3.0",
        citation="Marelli et al., A SICK cure for the evaluation of compositional distributional "
        "semantic models, 2014, https://aclanthology.org/L14-1314",
        # Captions of photographs, and of the videos that STS-B also has.
        text_sources=("sick", "msr_video"),
    )
)

add_task(
    TaskSpec(
        name="anli_r1",
        category=CATEGORY,
        source=FileSource(
            {"validation": "anli/ANLI_analysis_r1_dev.csv.gz"}, data_dir=data_dir, format="csv"
        ),
        fields=anli_fields,
        templates=nli_wording.ANLI,
        metrics=(accuracy,),
        licence="CC BY-NC 4.0",
        citation=_ANLI_CITATION,
        text_sources=("anli",),
    )
)

_add_flan(
    "rte",
    tfds_source(
        "super_glue/rte:1.0.2",
        {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
    ),
    rte_tensors,
    nli_wording.RTE,
    licence="not stated by the source; text from news and the PASCAL RTE challenges",
    citation=_RTE_CITATION,
    text_sources=("rte",),
)

for _round, _train, _texts in (
    ("r1", "train", ("anli",)),
    ("r2", "train[:30000]", ("anli",)),
    # The third round added texts of RTE and of Story Cloze, among others.
    ("r3", "train[:30000]", ("anli", "rte", "roc_stories")),
):
    _add_flan(
        f"anli_{_round}",
        tfds_source(
            f"anli/{_round}:0.1.0",
            {"train": _train, "validation": "validation[:200]", "test": "test"},
        ),
        three_way_tensors(GLUE, premise="context"),
        nli_wording.ANLI,
        licence="CC BY-NC 4.0",
        citation=_ANLI_CITATION,
        text_sources=_texts,
    )

_add_flan(
    "cb",
    tfds_source(
        "super_glue/cb:1.0.2",
        {"train": "train[:-50]", "validation": "train[-50:]", "test": "validation"},
    ),
    three_way_tensors(SUPER_GLUE_CB),
    nli_wording.CB,
    metrics=(accuracy, macro_f1),
    option_styles=ANSWERED_IN_FULL,
    licence="not stated by the source",
    citation=_CB_CITATION,
    text_sources=("commitmentbank",),
)

# Both test sets go with one training set, of which each task gets its own half.
for _test, _train, _validation in (
    ("matched", "train[:15000]", "train[-200:]"),
    ("mismatched", "train[15000:30000]", "train[-400:-200]"),
):
    _add_flan(
        f"mnli_{_test}",
        tfds_source(
            "glue/mnli:2.0.0",
            {"train": _train, "validation": _validation, "test": f"validation_{_test}"},
        ),
        three_way_tensors(GLUE),
        nli_wording.MNLI,
        licence="OANC's licence; of the fiction some CC BY 3.0, some CC BY-SA 3.0",
        citation="Williams, Nangia and Bowman, A Broad-Coverage Challenge Corpus for Sentence "
        "Understanding through Inference, 2018, https://arxiv.org/abs/1704.05426",
        text_sources=("multinli",),
    )

_add_flan(
    "qnli",
    tfds_source(
        "glue/qnli:2.0.0",
        {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
    ),
    qnli_tensors,
    nli_wording.QNLI,
    licence="CC BY-SA 4.0",
    citation="Rajpurkar, Zhang, Lopyrev and Liang, SQuAD: 100,000+ Questions for Machine "
    f"Comprehension of Text, 2016; {_GLUE_CITATION}",
    text_sources=("squad",),
)

_add_flan(
    "wnli",
    tfds_source(
        "glue/wnli:2.0.0",
        {"train": "train[:-30]", "validation": "train[-30:]", "test": "validation"},
    ),
    wnli_tensors,
    nli_wording.WNLI,
    licence="CC BY 4.0",
    citation="Levesque, Davis and Morgenstern, The Winograd Schema Challenge, 2012; "
    f"{_GLUE_CITATION}",
    text_sources=("winograd",),
)

_add_flan(
    "snli",
    tfds_source(
        "snli:1.1.0",
        {"train": "train[:30000]", "validation": "validation[:200]", "test": "test"},
        keep=has_label,
    ),
    three_way_tensors(GLUE),
    nli_wording.SNLI,
    licence="CC BY-SA 4.0",
    citation="Bowman, Angeli, Potts and Manning, A large annotated corpus for learning natural "
    "language inference, 2015, https://arxiv.org/abs/1508.05326",
    # Its premises are captions of Flickr30k.
    text_sources=("snli", "flickr30k"),
)
