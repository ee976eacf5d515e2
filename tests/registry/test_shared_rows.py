"""Real files go through whole: what is read is what comes out, plus what was counted away."""

import pytest

from flan_mix.registry import FileSource, TaskSpec, add_task
from flan_mix.templates import Template
from tests.shared_data import shared_path

pytest.importorskip("seqio")
from flan_mix.registry.rendering import render


def rte(row):
    label = row["label"]
    return {**row, "options": ["entailment", "not_entailment"], "answer": label, "id": row["idx"]}


def gsm8k(row):
    reasoning, _, result = row["answer"].rpartition("\n#### ")
    return {"question": row["question"], "reasoning": reasoning, "result": result}


SAMSUM = {"id": "id", "dialogue": "dialogue", "summary": "summary"}
DATASETS = {
    "samsum": ("train.json.gz", SAMSUM, ["{dialogue}", "{summary}"], 14732),
    "samsum_validation": ("val.json", SAMSUM, ["{dialogue}", "{summary}"], 818),
    "dialogsum": (
        "dialogsum.train.jsonl.gz",
        {"id": "fname", "dialogue": "dialogue", "summary": "summary"},
        ["{dialogue}", "{summary}"],
        12460,
    ),
    "superglue_rte": (
        "train.jsonl",
        rte,
        ["{premise} {hypothesis} {options}", "{answer}"],
        2490,
    ),
    "amazon_alexa": (
        "amazon_alexa.tsv",
        {"review": "verified_reviews", "rating": "rating"},
        ["{review}", "{rating}"],
        3150,
    ),
    "gsm8k": ("train.jsonl.gz", gsm8k, ["{question}", "{reasoning} {result}"], 7473),
}


@pytest.mark.parametrize("name", DATASETS)
def test_every_row_of_a_real_dataset_is_rendered(name):
    file, fields, template, rows = DATASETS[name]
    folder = shared_path(f"data/{name.removesuffix('_validation')}")
    source = FileSource({"train": file}, data_dir=folder)
    add_task(TaskSpec(name, "real", source, fields, [Template(*template)]))
    rendering = render(name, "train")
    examples = list(rendering)
    assert len(examples) == rendering.counts.read == rows
    assert len({example.id for example in examples}) == rows
    assert all(example.targets for example in examples)
