"""Conversational question answering: questions that build on one another (CoQA and QuAC).

A row of CoQA is a whole conversation: all questions in their order are answered at once, each under
its number, and scored by how far each answer shares its words with the right one. A row of QuAC is
one question, and TFDS keeps no record of those before it, so a question may point to something that
was said earlier; what the section does not tell is answered by "unanswerable".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flan_mix.metrics import Metric, exact_match, token_f1
from flan_mix.registry import TaskSpec, add_task
from flan_mix.tasks.question_templates import answer
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import Template

CATEGORY = "conversational_qa"
FLAN_2021 = ("flan2021",)
UNANSWERABLE = "unanswerable"

_NUMBERED = re.compile(r"\((\d+)\)")


def _question(inputs: str, target: str, name: str) -> Template:
    return Template(inputs, target, name=name, inverted=True)


COQA_TEMPLATES = (
    answer(
        "{passage}\n\nAnswer all of these, each under its number: {questions}",
        name="under_its_number",
    ),
    answer("Story: {passage}\nQuestions: {questions}\nAnswers:", name="labels"),
    answer(
        "A child keeps asking things while a bedtime story is read. Note down, numbered likewise, "
        "what the parent says.\n\nThe story: {passage}\n\nThe child: {questions}",
        name="bedtime_story",
    ),
    answer(
        "Of an interview only the interviewer's part survives, and so does the text that it was "
        "about. Supply the lost part, a few words for every number.\n\nText: "
        "{passage}\n\nInterviewer: {questions}",
        name="lost_part",
    ),
    answer(
        "{questions}\n\nSomeone put these to you one after another, with the following in front "
        "of both of you. What were your replies?\n\n{passage}",
        name="one_after_another",
    ),
    answer(
        "can u do these for me? number ur answers pls\n{questions}\n\nit's all in here: {passage}",
        name="in_here",
    ),
    answer(
        "Conversational reading test. A pronoun may stand for what an earlier item was about. "
        "Fill the answer sheet in the form: (1) ... (2) ...\nPassage: {passage}\nItems: "
        "{questions}",
        name="reading_test",
    ),
    answer(
        "Make a list of short replies that is as long as the list of questions.\nSource: "
        "{passage}\nList of questions: {questions}\nList of replies:",
        name="two_lists",
    ),
    answer(
        "The guide at a museum knows no more than this plaque.\nPlaque: {passage}\n\nA visitor "
        "works through a notebook: {questions}\n\nWrite what the guide tells the visitor about "
        "each entry.",
        name="museum",
    ),
    answer(
        "Here is a document. Please study it, for afterwards there is a round of rapid "
        "questions.\n\n{passage}\n\nThe round: {questions}\n\nYour quick responses:",
        name="rapid_questions",
    ),
    answer(
        "Cross-examination. The witness has seen what is in the file and speaks in as few words "
        "as possible.\nFile: {passage}\nCounsel: {questions}\nWitness:",
        name="cross_examination",
    ),
    _question(
        "{passage}\n\nThe answers given in a conversation about this were {answer}\nWhat were the "
        "questions?",
        "{questions}",
        name="what_were_the_questions",
    ),
)

QUAC_TEMPLATES = (
    answer(
        "{background}\n\n{passage}\n\n{question}\nAnswer in words of the text, or by: "
        "unanswerable.",
        name="words_of_the_text",
    ),
    answer(
        "Article: {title}\nSection: {section}\nText: {passage}\nQuestion: {question}\nAnswer "
        "(unanswerable if it is not there):",
        name="labels",
    ),
    answer(
        'A student who sees no more than the heading "{section}" asks a teacher, who has the page '
        'about {title}: "{question}" The teacher reads out the lines that say so, or calls the '
        "question unanswerable.\n\nPage: {passage}\n\nTeacher:",
        name="student_and_teacher",
    ),
    answer(
        'During a chat about {title} someone says "{question}" Find the part of these notes that '
        "takes care of it. Should there be none, respond: unanswerable.\n\nNotes: {passage}",
        name="during_a_chat",
    ),
    answer(
        "In brief: {background}\nIn detail ({section}): {passage}\n\nA curious listener would "
        "like to hear more. {question} Repeat the fitting piece word for word; no such piece "
        "means unanswerable.",
        name="curious_listener",
    ),
    answer(
        "so i'm reading up on {title}. {question}\n\n{passage}\n\n(just copy the bit, or "
        "unanswerable)",
        name="copy_the_bit",
    ),
    answer(
        "Extract a span, or output unanswerable.\nTopic: {title}, {section}\nQuery: "
        "{question}\nDocument: {passage}",
        name="extract_a_span",
    ),
    answer(
        "What has the encyclopedia to offer to its user? Where it keeps quiet, tell the user that "
        "this is unanswerable.\n\nUser: {question}\nEncyclopedia: {background} {passage}",
        name="encyclopedia",
    ),
    answer(
        "You prepare cards for the host of a podcast, who may be asked about {title}: "
        "{question}\nA card bears either an excerpt from the dossier or the single word "
        "unanswerable.\n\nDossier: {passage}\n\nCard:",
        name="podcast",
    ),
    answer(
        'Which words would you underline here if "{question}" were what you wanted to find out? '
        "When nothing deserves a line, the result is unanswerable.\n\n{title}: {passage}",
        name="underline",
    ),
    answer(
        "{question} We talked about {title} for a while, and then this came up. Look under "
        "{section} and quote, but do not make things up: unanswerable is fine too.\n\n{section}: "
        "{passage}",
        name="came_up",
    ),
    _question(
        "{title}, {section}: {passage}\n\nCarry on a conversation about this by asking something "
        "to which the reply is: {answer}",
        "{question}",
        name="carry_on",
    ),
)


def numbered_answers(text: str) -> dict[str, str]:
    """The answers of "(1) … (2) …" by their numbers; of a number that comes twice, the first."""
    _, *parts = _NUMBERED.split(text)
    found: dict[str, str] = {}
    for number, part in zip(parts[::2], parts[1::2], strict=True):
        found.setdefault(number, part.strip())
    return found


def _score_numbered(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    given = numbered_answers(prediction)
    scores = [_score_each(given, numbered_answers(reference)) for reference in references]
    return {"numbered_f1": max(scores)}


def _score_each(given: Mapping[str, str], right: Mapping[str, str]) -> float:
    if not right:
        raise ValueError("a reference must number its answers: (1) … (2) …")
    scores = [
        token_f1.score_example(given.get(number, ""), [text])["token_f1"]
        for number, text in right.items()
    ]
    return sum(scores) / len(scores)


numbered_f1 = Metric("numbered_f1", ("numbered_f1",), _score_numbered)
"""The mean, over the numbered answers of a reference, of token F1 with the answer so numbered.

An answer that is missing scores 0, and one that nobody asked for costs nothing.
"""


def _coqa_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {
        "passage": tf.strings.strip(row["story"]),
        "questions": _numbered(row["questions"]),
        "answer": _numbered(row["answers"]["input_text"]),
    }


def _numbered(texts: Any) -> Any:
    """The texts in one line: "(1) … (2) …"."""
    import tensorflow as tf

    numbers = tf.strings.as_string(tf.range(1, tf.size(texts) + 1))
    items = tf.strings.join(["(", numbers, ") ", tf.strings.strip(texts)])
    return tf.strings.reduce_join(items, separator=" ")


def _quac_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    strip = tf.strings.strip
    answers = tf.concat([[row["orig_answer"]["text"]], row["answers"]["text"]], axis=0)
    # QuAC writes CANNOTANSWER, and has it at the end of every section.
    answers = tf.strings.regex_replace(strip(answers), "^CANNOTANSWER$", UNANSWERABLE)
    references = tf.unique(answers).y
    return {
        "title": strip(row["title"]),
        "section": strip(row["section_title"]),
        "background": strip(row["background"]),
        "passage": strip(tf.strings.regex_replace(row["context"], r"CANNOTANSWER\s*$", "")),
        "question": strip(row["question"]),
        "answer": references[0],
        "references": references,
    }


add_task(
    TaskSpec(
        name="flan_coqa",
        category=CATEGORY,
        source=tfds_source(
            "coqa:1.0.0", {"train": "train[:-100]", "validation": "train[-100:]", "test": "test"}
        ),
        fields=_coqa_tensors,
        templates=COQA_TEMPLATES,
        metrics=(numbered_f1,),
        licence="CC BY-SA 4.0, the MSR-LA licence, Apache-2.0 or RACE's research licence, by the "
        "domain of the text",
        citation="Reddy, Chen and Manning, CoQA: A Conversational Question Answering Challenge, "
        "2019, https://arxiv.org/abs/1808.07042",
        collections=FLAN_2021,
        text_sources=("coqa", "wikipedia_passages"),
    )
)

add_task(
    TaskSpec(
        name="flan_quac",
        category=CATEGORY,
        source=tfds_source(
            "quac:1.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_quac_tensors,
        templates=QUAC_TEMPLATES,
        metrics=(token_f1, exact_match),
        licence="CC BY-SA 4.0",
        citation="Choi, He, Iyyer et al., QuAC: Question Answering in Context, 2018, "
        "https://arxiv.org/abs/1808.07036",
        collections=FLAN_2021,
        text_sources=("quac", "wikipedia_passages"),
    )
)
