"""Open-domain question answering: nothing is shown but the question.

FLAN 2021's four: Natural Questions and TriviaQA, whose answers are written from memory and may be
any of several; ARC's easy and challenge sets, with answers to choose from. What FLAN 2022 added:
AI2's science questions for middle school, as UnifiedQA has them, and questions of TriviaQA without
a page of Wikipedia. And NQ-open as its own repository has it: two sets to be tested on (the second
is EfficientQA's).

FLAN 2022 lists the latter of its two as trivia_qa_wiki_missing and nowhere says which they are;
here they are TriviaQA's rows without such a page, and none that flan_trivia_qa reads.
"""

from collections.abc import Mapping
from typing import Any

from flan_mix.metrics import accuracy, exact_match, token_f1
from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.question_templates import CHOICE_OPEN, CHOICE_SHOWN, CLOSED_BOOK, answer
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "open_domain_qa"
FLAN_2021 = ("flan2021",)
FLAN_2022 = ("flan2022_added",)

_ARC_PAPER = (
    "Clark, Cowhey, Etzioni et al., Think you have Solved Question Answering? Try ARC, the "
    "AI2 Reasoning Challenge, 2018, https://arxiv.org/abs/1803.05457"
)
_TRIVIA_QA_PAPER = (
    "Joshi, Choi, Weld and Zettlemoyer, TriviaQA: A Large Scale Distantly Supervised "
    "Challenge Dataset for Reading Comprehension, 2017, https://arxiv.org/abs/1705.03551"
)
_NQ_PAPER = (
    "Kwiatkowski, Palomaki, Redfield et al., Natural Questions: A Benchmark for Question "
    "Answering Research, 2019, https://aclanthology.org/Q19-1026; Lee, Chang and Toutanova, "
    "Latent Retrieval for Weakly Supervised Open Domain Question Answering, 2019, "
    "https://arxiv.org/abs/1906.00300"
)


def _question(inputs: str, name: str) -> Template:
    return Template(inputs, "{question}", name=name, inverted=True)


NATURAL_QUESTIONS_TEMPLATES = (
    *CLOSED_BOOK,
    _question(
        "People search the web in lower case and without punctuation. What may someone have typed "
        'who was glad to find "{answer}"?',
        name="glad_to_find",
    ),
)

TRIVIA_QA_TEMPLATES = (
    *CLOSED_BOOK,
    answer(
        "This was set by fans of pub quizzes, so take every hint in it seriously. {question}",
        name="pub_quiz",
    ),
    _question(
        "Pub quiz, next round. The answer on the card is {answer}; write the question that goes "
        "with it.",
        name="next_round",
    ),
)

ARC_TEMPLATES = (
    *CHOICE_SHOWN,
    *CHOICE_OPEN,
    answer("Science test, grades 3 to 9.\n{question}\n{options}", name="science_test"),
    answer(
        "{question}\nSay what a teacher of natural science expects to hear.", name="teacher_expects"
    ),
    _question(
        "Write a science question for schoolchildren whose answer is: {answer}",
        name="for_schoolchildren",
    ),
)


AI2_SCIENCE_TEMPLATES = (
    *CHOICE_SHOWN,
    *CHOICE_OPEN,
    answer(
        "Middle school, science period. Written on the board: {question}\n{options}\nWhat should "
        "the class copy down as the answer?",
        name="on_the_board",
    ),
    answer(
        "{question}\nThe examiners of a state's science assessment accept only one reply, namely",
        name="state_assessment",
    ),
    _question(
        "A science assessment for grades 6 to 8 has lost one of its questions. Its key survives: "
        "{answer}\nRestore the question.",
        name="key_survives",
    ),
)


def _natural_questions_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"question": _stripped(row["question"]), **_answers(row["answer"])}


def _trivia_qa_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as the quiz had it; right is also whatever else Wikipedia calls it."""
    import tensorflow as tf

    accepted = tf.concat([[row["answer"]["value"]], row["answer"]["aliases"]], axis=0)
    return {"question": _stripped(row["question"]), **_answers(accepted)}


def _stripped(text: Any) -> Any:
    import tensorflow as tf

    return tf.strings.strip(text)


def _answers(answers: Any) -> dict[str, Any]:
    """The first answer is the one to learn; any of them is right."""
    import tensorflow as tf

    references = tf.unique(tf.strings.strip(answers)).y
    return {"answer": references[0], "references": references}


def _arc_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    options = _stripped(row["choices"]["text"])
    correct = tf.argmax(_is_correct(row))
    return {
        "question": _stripped(row["question"]),
        "options": options,
        "answer": tf.gather(options, correct),
    }


def _ai2_science_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """UnifiedQA writes question and choices in one: "… \\n (A) … (B) …", the \\n in two letters."""
    import tensorflow as tf

    question, options = _question_and_choices(row["input"])
    return {"question": question, "options": options, "answer": tf.strings.strip(row["output"])}


def _question_and_choices(text: Any) -> tuple[Any, Any]:
    """The question and its choices, string [choices]; none where the text has no "(A)"."""
    import tensorflow as tf

    # Only what follows the last \\n is a list of choices: a question may speak of a "point (A)".
    marked = tf.strings.regex_replace(text, r"^(.*?)\s*(?:\\n\s*)+(\(A\).*)$", "\\1\x1e\\2")
    parts = tf.strings.split(marked, "\x1e")
    choices = tf.strings.regex_replace(parts[-1], r"\s*\([A-H]\)\s*", "\x1f")
    is_list = tf.size(parts) > 1
    found = tf.where(is_list, tf.strings.split(choices, "\x1f"), "")
    return _one_line(parts[0]), _one_line(found[1:])


def _one_line(text: Any) -> Any:
    import tensorflow as tf

    return tf.strings.strip(tf.strings.regex_replace(text, r"\s*(\\n|\s)\s*", " "))


def _answer_is_a_choice(row: Mapping[str, Any]) -> Any:
    import tensorflow as tf

    _, options = _question_and_choices(row["input"])
    return tf.reduce_any(options == tf.strings.strip(row["output"])) & (tf.size(options) > 1)


def _without_wikipedia(row: Mapping[str, Any]) -> Any:
    import tensorflow as tf

    return tf.equal(tf.size(row["entity_pages"]["title"]), 0)


def _is_correct(row: Mapping[str, Any]) -> Any:
    """Of each choice, 1 where its letter is the key's."""
    import tensorflow as tf

    return tf.cast(row["choices"]["label"] == row["answerKey"], tf.int32)


def _has_answer(row: Mapping[str, Any]) -> Any:
    """Whether the key is the letter of a choice that has a text."""
    import tensorflow as tf

    correct = _is_correct(row)
    texts = tf.size(row["choices"]["text"], tf.int64)
    return tf.reduce_any(correct == 1) & (tf.argmax(correct) < texts)


def _nq_open_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    references = list(dict.fromkeys(text.strip() for text in row["answer"]))
    return {
        "question": row["question"].strip(),
        "answer": references[0],
        "references": references,
    }


add_task(
    TaskSpec(
        name="flan_natural_questions",
        category=CATEGORY,
        source=tfds_source(
            "natural_questions_open:1.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_natural_questions_tensors,
        templates=NATURAL_QUESTIONS_TEMPLATES,
        metrics=(exact_match, token_f1),
        licence="CC BY-SA 3.0",
        citation=_NQ_PAPER,
        collections=FLAN_2021,
        text_sources=("natural_questions",),
    )
)

add_task(
    TaskSpec(
        name="flan_trivia_qa",
        category=CATEGORY,
        source=tfds_source(
            "trivia_qa/rc:1.1.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_trivia_qa_tensors,
        templates=TRIVIA_QA_TEMPLATES,
        metrics=(exact_match, token_f1),
        licence="not stated by the source",
        citation=_TRIVIA_QA_PAPER,
        collections=FLAN_2021,
        text_sources=("trivia_qa",),
    )
)

for _name, _config in (("flan_arc_easy", "ARC-Easy"), ("flan_arc_challenge", "ARC-Challenge")):
    add_task(
        TaskSpec(
            name=_name,
            category=CATEGORY,
            source=tfds_source(
                f"ai2_arc/{_config}:1.0.0",
                {"train": "train[:-200]", "validation": "train[-200:]", "test": "test"},
                keep=_has_answer,
            ),
            fields=_arc_tensors,
            templates=ARC_TEMPLATES,
            option_styles=OPTION_GRAMMAR,
            metrics=(accuracy,),
            licence="CC BY-SA 4.0",
            citation=_ARC_PAPER,
            collections=FLAN_2021,
            text_sources=("arc",),
        )
    )

add_task(
    TaskSpec(
        name="flan_trivia_qa_wiki_missing",
        category=CATEGORY,
        source=tfds_source(
            "trivia_qa/rc:1.1.0",
            {
                "train": "train[30000:-2200]",
                "validation": "train[-2200:-1200]",
                "test": "train[-1200:-200]",
            },
            keep=_without_wikipedia,
        ),
        fields=_trivia_qa_tensors,
        templates=TRIVIA_QA_TEMPLATES,
        metrics=(exact_match, token_f1),
        cap=30_000,
        licence="not stated by the source",
        citation=_TRIVIA_QA_PAPER,
        collections=FLAN_2022,
        text_sources=("trivia_qa",),
    )
)

add_task(
    TaskSpec(
        name="flan_unified_qa_science_inst",
        category=CATEGORY,
        source=tfds_source(
            "unified_qa/ai2_science_middle:1.0.0",
            {"train": "train", "validation": "validation", "test": "test"},
            keep=_answer_is_a_choice,
        ),
        fields=_ai2_science_tensors,
        templates=AI2_SCIENCE_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="not stated by the source",
        citation="AI2 Science Questions, http://data.allenai.org/ai2-science-questions; Khashabi, "
        "Min, Khot et al., UnifiedQA: Crossing Format Boundaries with a Single QA System, 2020, "
        "https://aclanthology.org/2020.findings-emnlp.171",
        collections=FLAN_2022,
        # Questions of school examinations, as ARC's, some of them the same.
        text_sources=("ai2_science", "arc"),
    )
)

add_task(
    TaskSpec(
        name="nq_open",
        category=CATEGORY,
        source=FileSource(
            {
                "validation": "nq_open/NQ-open.dev.jsonl",
                "test": "nq_open/NQ-open.efficientqa.dev.1.1.jsonl",
            },
            data_dir=data_dir,
        ),
        fields=_nq_open_fields,
        templates=NATURAL_QUESTIONS_TEMPLATES,
        metrics=(exact_match, token_f1),
        licence="CC BY-SA 3.0",
        citation=_NQ_PAPER
        + "; Min, Boyd-Graber, Alberti et al., NeurIPS 2020 EfficientQA Competition: Systems, "
        "Analyses and Lessons Learned, 2021, https://arxiv.org/abs/2101.00133",
        text_sources=("natural_questions",),
    )
)
