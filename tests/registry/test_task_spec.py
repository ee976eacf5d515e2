"""A task that is described wrongly is refused with its name, the place and the mend."""

import pytest

from flan_mix.registry import FileSource, SourceError, TaskError, TaskSpec, TfdsSource
from flan_mix.templates import Template

SOURCE = FileSource({"train": "a.jsonl"})


def spec(**changes):
    settings = {
        "name": "toy",
        "category": "toys",
        "source": SOURCE,
        "fields": {"question": "q", "answer": "a"},
        "templates": [Template("{question}", "{answer}")],
    }
    return TaskSpec(**(settings | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "samsum.few_shot"}, r"'samsum\.few_shot'.*a dot parts a task from its variants"),
        ({"name": "a b"}, "only letters, digits"),
        ({"name": ""}, "only letters, digits"),
        ({"category": ""}, "'toy' needs a category"),
        ({"source": "a.jsonl"}, "source is a FileSource or a TfdsSource"),
        ({"templates": []}, "at least one template"),
        ({"option_styles": []}, "at least one option style"),
        ({"metrics": [max]}, "is no flan_mix.metrics.Metric"),
        ({"vocabulary": 32}, "vocabulary is one of flan_mix.vocabularies.*not 32"),
        ({"cap": 0}, "cap must be at least 1, not 0"),
        ({"turn_step": 0}, "turn_step must be at least 1, not 0"),
        ({"fields": {"question": "q", "answer": 3}}, "field 'answer' maps to 3"),
        (
            {"templates": [Template("{question}", "{answer}"), Template("{qestion}", "x")]},
            r"template 1 shows \{qestion\}, which is no field; there are: answer, question. "
            "Did you mean 'question'",
        ),
        ({"templates": [Template("{question} {options}", "x")]}, r"shows \{options\}.*no field"),
        ({"templates": [Template("{id}", "x")]}, r"\{id\} is reserved and cannot be shown"),
        ({"templates": [Template("{references}", "x")]}, "reserved and cannot be shown"),
    ],
)
def test_a_wrong_description_is_refused(changes, message):
    with pytest.raises(TaskError, match=message):
        spec(**changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FileSource({}), "at least one split"),
        (lambda: FileSource({"s": "a"}, format="xml"), "format 'xml' is none of jsonl, json"),
        (lambda: FileSource({"s": "a"}, on_bad_row="warn"), "'stop' or 'skip', not 'warn'"),
        (lambda: FileSource({"s": "a"}, format="csv", reader=print), "not both"),
        (lambda: TfdsSource("glue/cola", {"train": "train"}), "has no version.*'glue/cola:1.0.0'"),
        (lambda: TfdsSource("glue/cola:2.0.0", {}), "needs splits"),
    ],
)
def test_a_wrong_source_is_refused(make, message):
    with pytest.raises(SourceError, match=message):
        make()


def test_a_spec_knows_its_splits_and_the_text_it_needs():
    described = spec(
        fields={"question": "q", "answer": "a", "options": "o", "unused": "u"},
        templates=[
            Template("{question} {options}", "{answer}"),
            Template("{answer}", "{question}"),
        ],
    )
    assert described.splits == ("train",)
    assert described.text_fields == ("answer", "question")
    assert described.uses_options
    assert not spec().uses_options
