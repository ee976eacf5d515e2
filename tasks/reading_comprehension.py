"""Reading comprehension: questions about a text that is shown.

SQuAD 1.1 and 2.0, DROP and OpenBookQA as FLAN 2021 has them, and DREAM's conversations. Questions
of SQuAD 2.0 that the paragraph does not settle are answered by "unanswerable", which every template
of that task says. OpenBookQA's "book" is the one fact that comes with a question. Importing this
module also registers `yes_no_reading`, tasks of the same category.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.metrics import accuracy, exact_match, token_f1
from flan_mix.registry import (
    BadRowError,
    FileSource,
    TaskSpec,
    add_task,
    read_lines,
)
from flan_mix.tasks import yes_no_reading  # noqa: F401  it registers
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.question_templates import (
    PASSAGE_CHOICE_OPEN,
    PASSAGE_CHOICE_SHOWN,
    PASSAGE_QUESTION,
    answer,
)
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "reading_comprehension"
FLAN_2021 = ("flan2021",)
UNANSWERABLE = "unanswerable"


def _question(inputs: str, name: str) -> Template:
    return Template(inputs, "{question}", name=name, inverted=True)


SQUAD_V1_TEMPLATES = (
    *PASSAGE_QUESTION,
    answer(
        "From an article on {title}:\n{passage}\n\nCan you tell from this excerpt? {question}",
        name="from_an_article",
    ),
    _question(
        '{passage}\n\nThink of a question on the paragraph to which one has to reply "{answer}".',
        name="think_of_a_question",
    ),
    _question(
        "The interviewer's words were not recorded. The expert on {title} had just said: "
        "{passage}\nAsked again, the expert repeated: {answer}\nWhat had the interviewer asked?",
        name="interviewer",
    ),
)

SQUAD_V2_TEMPLATES = (
    answer(
        '{passage}\n\n{question}\nSay "unanswerable" if the paragraph does not tell.',
        name="if_not_told",
    ),
    answer(
        "Title: {title}\nContext: {passage}\nQuestion: {question}\nAnswer (or unanswerable):",
        name="labels",
    ),
    answer(
        "Some of the questions put to this text are traps. They sound fine, yet nothing in it "
        "settles them, and then the one good reply is the word unanswerable.\n\nText: "
        "{passage}\n\nReply to this one: {question}",
        name="traps",
    ),
    answer(
        "You work at a help desk, where you quote the manual but never guess. When the manual is "
        "silent on a matter you send back: unanswerable.\n\nManual: {passage}\n\nCustomer: "
        "{question}",
        name="help_desk",
    ),
    answer(
        "An article on {title} is all that you may use to reply to a letter from a reader. A few "
        "words from it will do. Should it leave the point open, write unanswerable.\n\nArticle: "
        "{passage}\nLetter: {question}",
        name="letter_from_a_reader",
    ),
    answer(
        "do these lines say it? {question}\n\n{passage}\n\n(if not just put unanswerable)",
        name="just_put",
    ),
    answer(
        "First find out whether the evidence covers the query. If it does, copy out the words "
        "that matter; otherwise output unanswerable.\nEvidence: {passage}\nQuery: {question}",
        name="evidence",
    ),
    answer(
        "{question}\n\nOur only witness is this record: {passage}\n\nTestify briefly, or declare "
        "that the thing is unanswerable.",
        name="witness",
    ),
    answer(
        'Fill in the last cell. By convention, "unanswerable" goes where the first cell gives no '
        "ground for anything else.\nExcerpt | Asked | Found\n{passage} | {question} |",
        name="last_cell",
    ),
    answer(
        'A student believes that the textbook has an answer to everything. Take "{question}" as a '
        "test. Give the book's answer, or prove the student wrong with a single word, "
        "unanswerable.\n\nPage on {title}: {passage}",
        name="textbook",
    ),
    answer(
        "Mark the shortest stretch of the document that replies to the user. No such stretch, no "
        "guess: return unanswerable.\n\nUser: {question}\nDocument: {passage}",
        name="shortest_stretch",
    ),
    _question(
        "{passage}\n\nWhat might someone ask about this whose only good reply is: {answer}\n(With "
        '"unanswerable" it must be something near to the matter that is not said here.)',
        name="might_ask",
    ),
    _question(
        "Careful reader of the page on {title}, having looked through it: {answer}\nThe page: "
        "{passage}\nThe reader had been asked:",
        name="careful_reader",
    ),
)

DROP_TEMPLATES = (
    *PASSAGE_QUESTION,
    answer(
        "{passage}\n\nTo reply you may have to count, add, subtract, sort or compare what is "
        "reported here. Do so silently and hand in the outcome alone.\n{question}",
        name="count_or_compare",
    ),
    answer(
        "Put together what different sentences of the report say.\nReport: {passage}\nTo be "
        "worked out: {question}\nOutcome:",
        name="put_together",
    ),
    _question(
        "{passage}\n\nInvent a question on these events that takes some thought and comes out at: "
        "{answer}",
        name="invent_a_question",
    ),
    _question(
        'Setting a test, you have the text and the solution, "{answer}", but no exercise yet. '
        "Text: {passage}\nExercise:",
        name="no_exercise_yet",
    ),
)

OPENBOOKQA_TEMPLATES = (
    answer("{fact}\n\nThat decides it: {question}\n{options}", name="decides_it"),
    answer("Known: {fact}\nAsked: {question}\nConcluded:", name="known_and_asked"),
    answer(
        "From science class you remember that {fact}. Apply it here.\n{question}\n{options}",
        name="science_class",
    ),
    answer("Question: {question}\nHint: {fact}\n{options}", name="hint"),
    answer(
        "Pupils may open their books in this test. The open page says: {fact}\n\nReply to the "
        "question, or complete the sentence: {question}",
        name="open_page",
    ),
    answer("{question}\nA clue in case you are stuck: {fact}", name="clue"),
    answer(
        "Combine a rule with what you know of daily life.\nRule: {fact}\nCase: "
        "{question}\n{options}",
        name="rule_and_case",
    ),
    answer(
        '"{fact}," the teacher explains, and then turns to the children: "{question}" What does a '
        "bright child say?",
        name="bright_child",
    ),
    answer(
        "Given that {fact}, only one thing makes sense:\n{question}\n{options}", name="makes_sense"
    ),
    answer("ok so {fact}, right? then {question}", name="ok_so"),
    answer(
        "Elementary science, multiple choice.\nCore idea: {fact}\nStem: {question}\n{options}",
        name="multiple_choice",
    ),
    _question(
        "An exam for children is to test whether they grasp that {fact}. Write the item whose "
        'correct answer is "{answer}".',
        name="write_the_item",
    ),
    Template(
        'Which piece of elementary science explains why "{answer}" is the right reply to this? '
        "{question}",
        "{fact}",
        name="which_piece",
        inverted=True,
    ),
)

DREAM_TEMPLATES = (
    *PASSAGE_CHOICE_SHOWN,
    *PASSAGE_CHOICE_OPEN,
    answer(
        "You overhear a conversation:\n{passage}\n\nLater you are asked about it: "
        "{question}\n{options}",
        name="overheard",
    ),
    answer(
        "Listening comprehension, the script. M is a man, W or F a woman.\n{passage}\n\nTest "
        "item: {question}\nKey:",
        name="script",
    ),
    _question(
        "{passage}\n\nMake up a listening test for this conversation: what must be asked for "
        '"{answer}" to be correct?',
        name="listening_test",
    ),
)


def read_dream(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields (line of the dialogue's id, row) for every question of a DREAM file.

    The file is one JSON list of [turns, questions, id]; a row is a question with its `id`, its
    number in the dialogue put behind the dialogue's, and `turns`. Raises BadRowError for what is no
    such list.
    """
    text = "\n".join(line for _, line in read_lines(path))
    try:
        dialogues = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRowError(path, error.lineno, "invalid JSON", f"{error.msg}.") from None
    line, counted = 1, 0
    for dialogue in dialogues:
        try:
            turns, questions, dialogue_id = dialogue
        except (TypeError, ValueError):
            hint = "Each element must be a list of turns, questions and an id."
            raise BadRowError(path, line, "not a dialogue", hint) from None
        position = max(counted, text.find(json.dumps(dialogue_id), counted))
        line, counted = line + text.count("\n", counted, position), position
        for number, question in enumerate(questions, start=1):
            yield line, {**question, "id": f"{dialogue_id}-{number}", "turns": turns}


def _squad_v1_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    return _squad_texts(row) | _answers(row["answers"]["text"])


def _squad_v2_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    answers = tf.cond(
        row["is_impossible"], lambda: tf.constant([UNANSWERABLE]), lambda: row["answers"]["text"]
    )
    return _squad_texts(row) | _answers(answers)


def _squad_texts(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {
        "title": tf.strings.regex_replace(tf.strings.strip(row["title"]), "_", " "),
        "passage": tf.strings.strip(row["context"]),
        "question": tf.strings.strip(row["question"]),
    }


def _answers(answers: Any) -> dict[str, Any]:
    """The first answer is the one to learn; any of them is right."""
    import tensorflow as tf

    references = tf.unique(tf.strings.strip(answers)).y
    return {"answer": references[0], "references": references}


def _drop_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {
        "passage": tf.strings.strip(row["passage"]),
        "question": tf.strings.strip(row["question"]),
        **_answers(tf.concat([[row["answer"]], row["validated_answers"]], axis=0)),
    }


def _openbookqa_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    choices = [row["question"][f"choice_{letter}"] for letter in "ABCD"]
    options = tf.strings.strip(tf.stack(choices))
    return {
        "fact": tf.strings.strip(row["fact1"]),
        "question": tf.strings.strip(row["question"]["stem"]),
        "options": options,
        "answer": tf.gather(options, row["answerKey"]),
    }


def _dream_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "passage": "\n".join(turn.strip() for turn in row["turns"]),
        "question": row["question"].strip(),
        "options": [choice.strip() for choice in row["choice"]],
        "answer": row["answer"].strip(),
    }


add_task(
    TaskSpec(
        name="flan_squad_v1",
        category=CATEGORY,
        source=tfds_source(
            "squad/v1.1:3.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_squad_v1_tensors,
        templates=SQUAD_V1_TEMPLATES,
        metrics=(token_f1, exact_match),
        licence="CC BY-SA 4.0",
        citation="Rajpurkar, Zhang, Lopyrev and Liang, SQuAD: 100,000+ Questions for Machine "
        "Comprehension of Text, 2016, https://arxiv.org/abs/1606.05250",
        collections=FLAN_2021,
        text_sources=("squad", "wikipedia_passages"),
    )
)

add_task(
    TaskSpec(
        name="flan_squad_v2",
        category=CATEGORY,
        source=tfds_source(
            "squad/v2.0:3.0.0",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_squad_v2_tensors,
        templates=SQUAD_V2_TEMPLATES,
        metrics=(token_f1, exact_match),
        licence="CC BY-SA 4.0",
        citation="Rajpurkar, Jia and Liang, Know What You Don't Know: Unanswerable Questions for "
        "SQuAD, 2018, https://arxiv.org/abs/1806.03822",
        collections=FLAN_2021,
        text_sources=("squad", "wikipedia_passages"),
    )
)

add_task(
    TaskSpec(
        name="flan_drop",
        category=CATEGORY,
        source=tfds_source(
            "drop:2.0.0", {"train": "train[:30000]", "validation": "train[-200:]", "test": "dev"}
        ),
        fields=_drop_tensors,
        templates=DROP_TEMPLATES,
        metrics=(token_f1, exact_match),
        licence="CC BY-SA 4.0",
        citation="Dua, Wang, Dasigi et al., DROP: A Reading Comprehension Benchmark Requiring "
        "Discrete Reasoning Over Paragraphs, 2019, https://arxiv.org/abs/1903.00161",
        collections=FLAN_2021,
        text_sources=("drop", "wikipedia_passages"),
    )
)

add_task(
    TaskSpec(
        name="flan_openbookqa",
        category=CATEGORY,
        source=tfds_source(
            "openbookqa:0.1.0",
            {"train": "train", "validation": "validation[:200]", "test": "test"},
        ),
        fields=_openbookqa_tensors,
        templates=OPENBOOKQA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="not stated by the source",
        citation="Mihaylov, Clark, Khot and Sabharwal, Can a Suit of Armor Conduct Electricity? A "
        "New Dataset for Open Book Question Answering, 2018, https://arxiv.org/abs/1809.02789",
        collections=FLAN_2021,
        # Its facts were picked from those that explain ARC's questions.
        text_sources=("openbookqa", "arc"),
    )
)

add_task(
    TaskSpec(
        name="dream",
        category=CATEGORY,
        source=FileSource(
            {
                "train": "dream/train.json.gz",
                "validation": "dream/dev.json.gz",
                "test": "dream/test.json.gz",
            },
            data_dir=data_dir,
            reader=read_dream,
        ),
        fields=_dream_fields,
        templates=DREAM_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="non-commercial research only",
        citation="Sun, Yu, Chen et al., DREAM: A Challenge Dataset and Models for Dialogue-Based "
        "Reading Comprehension, 2019, https://arxiv.org/abs/1902.00164",
        text_sources=("dream",),
    )
)
