"""Reading comprehension that is answered by yes or no (BoolQ and MultiRC).

The tasks of FLAN 2021 and the rows of FewGLUE (32 passages each, to train on a handful). BoolQ asks
what people typed into a search engine. MultiRC has several right answers to a question; each
proposed one is judged by itself, and scores are the F1 of yes and the share of questions whose
answers are all judged right; ids say which question an answer belongs to.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.metrics import accuracy, positive_f1, question_match
from flan_mix.registry import FileSource, TaskSpec, add_task, read_jsonl
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.labels import ANSWERED_IN_FULL
from flan_mix.tasks.question_templates import YES_NO, answer
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "reading_comprehension"
FLAN_2021 = ("flan2021",)
YES_OR_NO = ("yes", "no")

_BOOLQ_PAPER = (
    "Clark, Lee, Chang et al., BoolQ: Exploring the Surprising Difficulty of Natural Yes/No "
    "Questions, 2019, https://arxiv.org/abs/1905.10044"
)
_MULTIRC_PAPER = (
    "Khashabi, Chaturvedi, Roth et al., Looking Beyond the Surface: A Challenge Set for "
    "Reading Comprehension over Multiple Sentences, 2018, https://aclanthology.org/N18-1023"
)
_FEWGLUE_PAPER = (
    "Schick and Schütze, It's Not Just Size That Matters: Small Language Models Are Also "
    "Few-Shot Learners, 2020, https://arxiv.org/abs/2009.07118"
)


def _question(inputs: str, name: str) -> Template:
    return Template(inputs, "{question}", name=name, inverted=True)


BOOL_Q_TEMPLATES = (
    *YES_NO,
    answer(
        "Article: {title}\n\n{passage}\n\nA reader of the article wonders: {question}?\n{options}",
        name="reader_wonders",
    ),
    _question(
        "{passage}\n\nAsk something about {title}, in lower case and without a question mark, "
        "that these lines answer with {answer}.",
        name="ask_something",
    ),
)

MULTIRC_TEMPLATES = (
    answer(
        "{passage}\n\nSomebody wanted to know: {question}\nThey were told: {response}\nDoes the "
        "passage bear that out?\n{options}",
        name="bear_that_out",
    ),
    answer(
        "In this test a question can have more than one right answer, and every answer is judged "
        "by itself.\nReading: {passage}\nQuestion: {question}\nA student wrote: {response}\nDoes "
        "that earn a mark, yes or no?",
        name="earn_a_mark",
    ),
    answer(
        'Going by the story, could one truthfully say "{response}" when asked '
        '"{question}"?\n\nStory: {passage}\n\n{options}',
        name="truthfully",
    ),
    answer(
        "Q: {question}\nA: {response}\n\nYes or no: is this A, as a reply to the Q, supported by "
        "what follows?\n\n{passage}",
        name="q_and_a",
    ),
    answer(
        "{question}\n\nYour colleague thinks: {response}\n\nCheck with the document before you "
        "nod (yes) or shake your head (no).\nDocument: {passage}",
        name="nod",
    ),
    answer(
        'Text: {passage}\n\nWe collect everything that replies to "{question}" in a list. Should '
        '"{response}" go on it?\n{options}',
        name="go_on_the_list",
    ),
    answer(
        'is "{response}" ok here? they wanted to know {question} and all they had '
        "was\n\n{passage}\n\n{options}",
        name="ok_here",
    ),
    answer(
        "Verify a candidate.\nParagraph = {passage}\nQuery = {question}\nCandidate = "
        "{response}\nValid (yes/no) =",
        name="verify_a_candidate",
    ),
    answer(
        'A quiz team that had heard the report below was asked "{question}" and offered: '
        "{response}\n\nReport: {passage}\n\nAs the referee, accept with yes or turn down with no.",
        name="referee",
    ),
    answer(
        'Would you call somebody well informed who replies with "{response}" to "{question}"? All '
        "the information there is stands here:\n{passage}\n{options}",
        name="well_informed",
    ),
    Template(
        "{passage}\n\n{question}\nGive a reply that is {correctness} according to these lines.",
        "{response}",
        name="give_a_reply",
        inverted=True,
    ),
    _question(
        'Of someone who had read this, something was asked, and "{response}" was a {correctness} '
        "thing to say. What was asked?\n\n{passage}",
        name="what_was_asked",
    ),
)


def read_multirc(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields (line, row) for every answer to every question of SuperGLUE's MultiRC."""
    for line, row in read_jsonl(path):
        for question in row["passage"]["questions"]:
            for response in question["answers"]:
                yield (
                    line,
                    {
                        "passage": row["passage"]["text"],
                        "question": question["question"],
                        "response": response["text"],
                        "label": response["label"],
                        "idx": f"{row['idx']}-{question['idx']}-{response['idx']}",
                    },
                )


def _bool_q_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    strip = tf.strings.strip
    return {
        "title": strip(row["title"]),
        "passage": strip(row["passage"]),
        "question": strip(row["question"]),
        "options": tf.constant(YES_OR_NO),
        "answer": tf.where(row["answer"], *YES_OR_NO),
    }


def _multirc_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    strip, is_right = tf.strings.strip, row["label"] == 1
    unbroken = tf.strings.regex_replace(row["paragraph"], r"\s*<br/?>\s*", " ")
    return {
        "passage": strip(tf.strings.regex_replace(unbroken, "</?b>", "")),
        "question": strip(row["question"]),
        "response": strip(row["answer"]),
        "options": tf.constant(YES_OR_NO),
        "answer": tf.where(is_right, *YES_OR_NO),
        "correctness": tf.where(is_right, "right", "wrong"),
        "id": tf.strings.join(
            [tf.strings.as_string(row["idx"][of]) for of in ("paragraph", "question", "answer")],
            "-",
        ),
    }


def _boolq_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["idx"]),
        "passage": row["passage"].strip(),
        "question": row["question"].strip(),
        "options": YES_OR_NO,
        "answer": "yes" if row["label"] else "no",
    }


def _multirc_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["idx"],
        "passage": row["passage"].strip(),
        "question": row["question"].strip(),
        "response": row["response"].strip(),
        "options": YES_OR_NO,
        "answer": "yes" if row["label"] else "no",
        "correctness": "right" if row["label"] else "wrong",
    }


add_task(
    TaskSpec(
        name="flan_bool_q",
        category=CATEGORY,
        source=tfds_source(
            "bool_q:1.0.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_bool_q_tensors,
        templates=BOOL_Q_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="CC BY-SA 3.0",
        citation=_BOOLQ_PAPER,
        collections=FLAN_2021,
        text_sources=("boolq", "wikipedia_passages"),
    )
)

add_task(
    TaskSpec(
        name="flan_multirc",
        category=CATEGORY,
        source=tfds_source(
            "super_glue/multirc:1.0.2",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_multirc_tensors,
        templates=MULTIRC_TEMPLATES,
        option_styles=ANSWERED_IN_FULL,
        metrics=(positive_f1, question_match, accuracy),
        licence="not stated by the source",
        citation=_MULTIRC_PAPER,
        collections=FLAN_2021,
        text_sources=("multirc",),
    )
)

add_task(
    TaskSpec(
        name="fewglue_boolq",
        category=CATEGORY,
        source=FileSource({"train": "fewglue/BoolQ.train.jsonl"}, data_dir=data_dir),
        fields=_boolq_fields,
        templates=YES_NO,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="CC BY-SA 3.0",
        citation=f"{_BOOLQ_PAPER}; {_FEWGLUE_PAPER}",
        text_sources=("boolq", "wikipedia_passages"),
    )
)

add_task(
    TaskSpec(
        name="fewglue_multirc",
        category=CATEGORY,
        source=FileSource(
            {"train": "fewglue/MultiRC.train.jsonl"}, data_dir=data_dir, reader=read_multirc
        ),
        fields=_multirc_fields,
        templates=MULTIRC_TEMPLATES,
        option_styles=ANSWERED_IN_FULL,
        metrics=(positive_f1, question_match, accuracy),
        licence="not stated by the source",
        citation=f"{_MULTIRC_PAPER}; {_FEWGLUE_PAPER}",
        text_sources=("multirc",),
    )
)
