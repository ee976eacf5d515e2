"""Natural language inference: does one text follow from another (RTE, as SuperGLUE has it).

SuperGLUE's test rows carry no label and so cannot be scored: the task has train and validation.
The inverted templates ask for a text that stands in a given relation to another.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.templates import Template

CATEGORY = "nli"
ANSWERS = {"entailment": "yes", "not_entailment": "no"}
RELATIONS = {"entailment": "follows", "not_entailment": "does not follow"}


def _answer(inputs: str, name: str) -> Template:
    return Template(inputs, "{answer}", name=name)


RTE_TEMPLATES = (
    _answer(
        "{premise}\n\nGoing by the text above, is the following certain to be true?\n{hypothesis}"
        "\n{options}",
        name="certain_to_be_true",
    ),
    _answer(
        "Text: {premise}\nClaim: {hypothesis}\nBacked by the text, yes or no?",
        name="backed_by_the_text",
    ),
    _answer(
        "If the first statement holds, must the second hold as well?\nFirst: {premise}\nSecond: "
        "{hypothesis}\n{options}",
        name="must_the_second_hold",
    ),
    _answer(
        "You check facts for a newspaper and may rely on a single source.\nSource: {premise}\n"
        "Statement: {hypothesis}\nDoes the source bear the statement out? Answer yes or no.",
        name="fact_checker",
    ),
    _answer(
        "Premise: {premise}\nConclusion: {hypothesis}\nIs this a valid step?\n{options}",
        name="valid_step",
    ),
    _answer(
        'Would you be so kind as to compare two notes for me? The long one says: "{premise}" The '
        'short one says: "{hypothesis}" What I need to know is whether the long one already tells '
        "me all that is in the short one. A yes or a no will do.",
        name="compare_two_notes",
    ),
    _answer(
        "An editor looks for a headline that promises no more than the article keeps.\n\nHeadline: "
        "{hypothesis}\nArticle: {premise}\n\nMay it be printed? (yes/no)",
        name="headline",
    ),
    _answer(
        "so the article goes: {premise}\n\nand my friend says: {hypothesis}\n\nis my friend right, "
        "going by the article? yes or no",
        name="is_my_friend_right",
    ),
    _answer(
        "Reading test. Mark the sentence with yes if someone who knows the passage and nothing "
        "else has to agree with it, and with no otherwise.\nPassage: {premise}\nSentence: "
        "{hypothesis}\nMark:",
        name="reading_test",
    ),
    _answer(
        '"{hypothesis}"\n\nDo these lines let a reader conclude that?\n\n{premise}\n\n{options}',
        name="let_a_reader_conclude",
    ),
    _answer(
        "Recognize textual entailment.\nt: {premise}\nh: {hypothesis}\nt entails h:",
        name="t_entails_h",
    ),
    Template(
        "{premise}\n\nThink of one sentence that {relation} from this.",
        "{hypothesis}",
        name="think_of_a_sentence",
        inverted=True,
    ),
    Template(
        'Write a few lines of news. A reader is then asked whether the statement "{hypothesis}" '
        "is a consequence of them, and the correct reply has to be: {answer}.",
        "{premise}",
        name="lines_of_news",
        inverted=True,
    ),
)


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["idx"]),
        "premise": row["premise"].strip(),
        "hypothesis": row["hypothesis"].strip(),
        "options": list(ANSWERS.values()),
        "answer": ANSWERS[row["label"]],
        "relation": RELATIONS[row["label"]],
    }


add_task(
    TaskSpec(
        name="rte",
        category=CATEGORY,
        source=FileSource(
            {"train": "superglue_rte/train.jsonl", "validation": "superglue_rte/val.jsonl"},
            data_dir=data_dir,
        ),
        fields=_fields,
        templates=RTE_TEMPLATES,
        metrics=(accuracy,),
        licence="not stated by the source; text from news and the PASCAL RTE challenges",
        citation="Dagan, Glickman and Magnini, The PASCAL Recognising Textual Entailment "
        "Challenge, 2005; Wang et al., SuperGLUE: A Stickier Benchmark for General-Purpose "
        "Language Understanding Systems, 2019, https://arxiv.org/abs/1905.00537",
    )
)
