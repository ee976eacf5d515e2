"""Reading with common sense: texts that do not say it all (ReCoRD and CosmosQA).

FLAN 2021's two, CosmosQA's validation set as its authors publish it, and FewGLUE's rows of ReCoRD.
ReCoRD hides a name of a news story in a sentence about it, written @placeholder; the names that
the story mentions are the options. One of CosmosQA's options is mostly "None of the above
choices .", so that its templates all show them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flan_mix.metrics import accuracy, exact_match, token_f1
from flan_mix.registry import FileSource, TaskSpec, add_task, read_jsonl
from flan_mix.tasks.data_dir import data_dir
from flan_mix.tasks.question_templates import PASSAGE_CHOICE_SHOWN, answer
from flan_mix.tasks.tfds_datasets import tfds_source
from flan_mix.templates import OPTION_GRAMMAR, Template

CATEGORY = "read_comp_and_common_sense"
FLAN_2021 = ("flan2021",)

_RECORD_PAPER = (
    "Zhang, Liu, Liu et al., ReCoRD: Bridging the Gap between Human and Machine Commonsense "
    "Reading Comprehension, 2018, https://arxiv.org/abs/1810.12885"
)
_FEWGLUE_PAPER = (
    "Schick and Schütze, It's Not Just Size That Matters: Small Language Models Are Also "
    "Few-Shot Learners, 2020, https://arxiv.org/abs/2009.07118"
)
_COSMOSQA_PAPER = (
    "Huang, Le Bras, Bhagavatula and Choi, Cosmos QA: Machine Reading Comprehension with "
    "Contextual Commonsense Reasoning, 2019, https://arxiv.org/abs/1909.00277"
)

RECORD_TEMPLATES = (
    answer(
        "{passage}\n\nA name is hidden behind @placeholder in this sentence:\n{query}\n{options}",
        name="hidden_name",
    ),
    answer("News: {passage}\nCloze: {query}\n@placeholder =", name="cloze"),
    answer(
        "A printer's error has left @placeholder where the summary of this report had a name. "
        "Restore it.\n\nReport: {passage}\nSummary: {query}",
        name="printers_error",
    ),
    answer(
        'Who or what has to be put for @placeholder to make "{query}" true of the '
        "article?\n\n{passage}\n\n{options}",
        name="true_of_the_article",
    ),
    answer(
        "Article: {passage}\nStatement: {query}\n{options}\nReplace @placeholder with:",
        name="replace_with",
    ),
    answer(
        "{query}\n\nYou will find out about @placeholder by reading on.\n\n{passage}",
        name="reading_on",
    ),
    answer(
        "everyone has seen this story: {passage}\n\nso then somebody posts: {query}\n\nwhich one "
        "do they mean by @placeholder?",
        name="somebody_posts",
    ),
    answer(
        "The names mentioned in a story are set out after it. Which of them did the reader use, "
        "before it was masked as @placeholder?\n\nStory: {passage}\nReader: {query}\n\n{options}",
        name="before_it_was_masked",
    ),
    answer(
        "An analyst holds a message with one name blacked out (@placeholder), and the press item "
        "that it draws on. Uncover the name.\nMessage: {query}\nPress item: {passage}",
        name="blacked_out",
    ),
    answer(
        "Solve for x, where x is @placeholder.\nGiven: {passage}\nTo hold: {query}\n{options}",
        name="solve_for_x",
    ),
    answer(
        "It takes all of the text and some knowledge of the world to see what belongs in a gap, "
        "marked @placeholder. Text: {passage}\n\nLine with the gap: {query}\nIn the gap goes",
        name="gap",
    ),
    Template(
        'Here is a news story:\n{passage}\n\nAdd a plausible sentence about "{answer}", but put '
        "@placeholder where the name would be.",
        "{query}",
        name="add_a_sentence",
        inverted=True,
    ),
)

COSMOS_QA_TEMPLATES = (
    *PASSAGE_CHOICE_SHOWN,
    answer(
        "From a personal blog: {passage}\n\nThe writer does not say it outright, but "
        "{question}\n{options}",
        name="not_outright",
    ),
    answer(
        "Use common sense to read between the lines.\n\n{passage}\n\nQuestion: "
        "{question}\n{options}",
        name="between_the_lines",
    ),
    answer(
        "you know people, right? so after this, {question}\n\n{passage}\n\n{options}",
        name="you_know_people",
    ),
    answer(
        "Situation: {passage}\nWondering: {question}\n{options}\nMost likely:", name="most_likely"
    ),
    answer(
        "A judge of character reads a diary. Whatever is unlikely, given what is written, the "
        "judge rules out.\n\nDiary: {passage}\n\n{question}\n{options}",
        name="judge_of_character",
    ),
    Template(
        "{passage}\n\nAsk about a motive, a cause, a consequence or a feeling that this does not "
        "put into words. Among the possible replies there has to be: {answer}",
        "{question}",
        name="ask_about_a_motive",
        inverted=True,
    ),
)


def read_record(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields (line, row) for every query of SuperGLUE's ReCoRD.

    The entities and answers of a row are texts, in their order.
    """
    for line, row in read_jsonl(path):
        text = row["passage"]["text"]
        spans = row["passage"]["entities"]
        for query in row["qas"]:
            yield (
                line,
                {
                    "idx": f"{row['idx']}-{query['idx']}",
                    "passage": text,
                    "query": query["query"],
                    "entities": [text[span["start"] : span["end"] + 1] for span in spans],
                    "answers": [each["text"] for each in query["answers"]],
                },
            )


def _record_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    references = _distinct(row["answers"])
    return {
        "id": row["idx"],
        "passage": "\n- ".join(part.strip() for part in row["passage"].split("@highlight")),
        "query": row["query"].strip(),
        "options": _distinct([*row["entities"], *references]),
        "answer": references[0],
        "references": references,
    }


def _distinct(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in texts))


def _record_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    """The highlights at the end of a story become a list; an answer is an option in any case."""
    import tensorflow as tf

    strip = tf.strings.strip
    references = tf.unique(strip(row["answers"])).y
    return {
        "passage": strip(tf.strings.regex_replace(row["passage"], r"\s*@highlight\s*", "\n- ")),
        "query": strip(row["query"]),
        "options": tf.unique(tf.concat([strip(row["entities"]), references], axis=0)).y,
        "answer": references[0],
        "references": references,
    }


def _cosmos_qa_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    options = tf.strings.strip(tf.stack([row[f"answer{number}"] for number in range(4)]))
    return {
        "passage": tf.strings.strip(row["context"]),
        "question": tf.strings.strip(row["question"]),
        "options": options,
        "answer": tf.gather(options, row["label"]),
    }


def _cosmosqa_fields(row: Mapping[str, str]) -> dict[str, Any]:
    options = [row[f"answer{number}"].strip() for number in range(4)]
    return {
        "id": row["id"],
        "passage": row["context"].strip(),
        "question": row["question"].strip(),
        "options": options,
        "answer": options[int(row["label"])],
    }


add_task(
    TaskSpec(
        name="flan_record",
        category=CATEGORY,
        source=tfds_source(
            "super_glue/record:1.0.2",
            {"train": "train[:30000]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_record_tensors,
        templates=RECORD_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(token_f1, exact_match),
        licence="not stated by the source",
        citation=_RECORD_PAPER,
        collections=FLAN_2021,
        text_sources=("record", "cnn_dailymail"),
    )
)

add_task(
    TaskSpec(
        name="flan_cosmos_qa",
        category=CATEGORY,
        source=tfds_source(
            "cosmos_qa:1.0.0",
            {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"},
        ),
        fields=_cosmos_qa_tensors,
        templates=COSMOS_QA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="CC BY 4.0",
        citation=_COSMOSQA_PAPER,
        collections=FLAN_2021,
        text_sources=("cosmosqa",),
    )
)

add_task(
    TaskSpec(
        name="cosmosqa",
        category=CATEGORY,
        source=FileSource({"validation": "cosmosqa/valid.csv.gz"}, data_dir=data_dir),
        fields=_cosmosqa_fields,
        templates=COSMOS_QA_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(accuracy,),
        licence="CC BY 4.0",
        citation=_COSMOSQA_PAPER,
        text_sources=("cosmosqa",),
    )
)

add_task(
    TaskSpec(
        name="fewglue_record",
        category=CATEGORY,
        source=FileSource(
            {"train": "fewglue/ReCoRD.train.jsonl"}, data_dir=data_dir, reader=read_record
        ),
        fields=_record_fields,
        templates=RECORD_TEMPLATES,
        option_styles=OPTION_GRAMMAR,
        metrics=(token_f1, exact_match),
        licence="not stated by the source",
        citation=f"{_RECORD_PAPER}; {_FEWGLUE_PAPER}",
        text_sources=("record", "cnn_dailymail"),
    )
)
