"""FLAN 2021 as a table of facts: cluster, TFDS dataset, and what is trained, tuned and tested on.

Each row says what the original reads (google-research/FLAN at e9e4ec6, tasks.py and mixtures.py).
Where a task of ours reads something else, `NOW_CALLED` and `READ_INSTEAD` say what, and why.
"""

import pytest

from flan_mix.registry import TfdsSource, get_task
from flan_mix.tasks.flan2021 import TASKS, TASKS_BY_CATEGORY

# FLAN's shorthands for splits: train, validation, test.
FROM_TRAIN = "train[:30000]; train[-200:]"
ALL_BUT_200 = "train[:-200]; train[-200:]"
GIVEN = "train[:30000]; validation[:200]; test"
PARACRAWL = "train[:30000]; train[-1200:-1000]; train[-1000:]"
OPINIONS = "train[:-600]; train[-600:-500]; train[-500:]"

# Task, dataset, splits, how many fields a prompt shows, metric.
FACTS = {
    "summarization": [
        ("aeslc", "aeslc:1.0.0", "train; validation[-200:]; test", 1, "rouge"),
        ("cnn_dailymail", "cnn_dailymail:3.1.0", GIVEN, 1, "rouge"),
        ("gigaword", "gigaword:1.2.0", GIVEN, 1, "rouge"),
        ("multi_news", "multi_news:1.0.0", GIVEN, 1, "rouge"),
        ("newsroom", "newsroom:1.0.0", GIVEN, 2, "rouge"),
        (
            "opinion_abstracts_rotten_tomatoes",
            "opinion_abstracts/rotten_tomatoes:1.0.0",
            OPINIONS,
            2,
            "rouge",
        ),
        ("opinion_abstracts_idebate", "opinion_abstracts/idebate:1.0.0", OPINIONS, 2, "rouge"),
        ("samsum", "samsum:1.0.0", "train; validation[:200]; test", 1, "rouge"),
        ("xsum", "huggingface:xsum", GIVEN, 1, "rouge"),
        ("ag_news_subset", "ag_news_subset:1.0.0", f"{FROM_TRAIN}; test", 2, "accuracy"),
        ("wiki_lingua_english_en", "gem/wiki_lingua_english_en:1.1.0", GIVEN, 1, "rouge"),
    ],
    "structure_to_text": [
        (name, f"gem/{name}:1.1.0", f"{FROM_TRAIN}; validation", 1, "rouge")
        for name in ("common_gen", "dart", "e2e_nlg", "web_nlg_en")
    ],
    "reading_comprehension": [
        ("bool_q", "bool_q:1.0.0", f"{ALL_BUT_200}; validation", 3, "accuracy"),
        ("squad_v1", "squad/v1.1:3.0.0", f"{FROM_TRAIN}; validation", 3, "squad"),
        ("squad_v2", "squad/v2.0:3.0.0", f"{FROM_TRAIN}; validation", 3, "squad"),
        ("drop", "drop:2.0.0", f"{FROM_TRAIN}; dev", 2, "squad"),
        ("multirc", "super_glue/multirc:1.0.2", f"{ALL_BUT_200}; validation", 3, "multirc"),
        ("openbookqa", "openbookqa:0.1.0", "train; validation[:200]; test", 2, "accuracy"),
    ],
    "open_domain_qa": [
        (
            "natural_questions",
            "natural_questions_open:1.0.0",
            f"{FROM_TRAIN}; validation",
            1,
            "trivia_qa",
        ),
        ("trivia_qa", "trivia_qa/rc:1.1.0", f"{FROM_TRAIN}; validation", 1, "trivia_qa"),
        ("arc_challenge", "ai2_arc/ARC-Challenge:1.0.0", f"{ALL_BUT_200}; test", 1, "accuracy"),
        ("arc_easy", "ai2_arc/ARC-Easy:1.0.0", f"{ALL_BUT_200}; test", 1, "accuracy"),
    ],
    "paraphrase": [
        ("paws_wiki", "paws_wiki:1.1.0", GIVEN, 2, "accuracy"),
        ("glue_mrpc", "glue/mrpc:2.0.0", f"{ALL_BUT_200}; validation", 2, "accuracy and f1"),
        ("glue_qqp", "glue/qqp:2.0.0", f"{FROM_TRAIN}; validation", 2, "accuracy and f1"),
        (
            "stsb",
            "glue/stsb:2.0.0",
            "train[:-100]; train[-100:]; validation",
            2,
            "correlation",
        ),
    ],
    "sentiment": [
        ("sentiment140", "sentiment140:1.0.0", f"{FROM_TRAIN}; test", 1, "accuracy"),
        ("imdb_reviews", "imdb_reviews/plain_text:1.0.0", f"{ALL_BUT_200}; test", 1, "accuracy"),
        (
            "yelp_polarity_reviews",
            "yelp_polarity_reviews:0.2.0",
            f"{FROM_TRAIN}; test",
            1,
            "accuracy",
        ),
        ("sst2", "glue/sst2:2.0.0", f"{FROM_TRAIN}; validation", 1, "accuracy"),
    ],
    "text_formatting": [
        (
            "true_case",
            "para_crawl/enda:1.2.0",
            "train[:30000]; train[30000:30200]; train[-3000:]",
            1,
            "edit_distance",
        ),
        (
            "fix_punct",
            "para_crawl/enda:1.2.0",
            "train[30200:60200]; train[60200:60400]; train[-3000:]",
            1,
            "edit_distance",
        ),
        (
            "word_segment",
            "para_crawl/enda:1.2.0",
            "train[60400:90400]; train[90400:90600]; train[-3000:]",
            1,
            "edit_distance",
        ),
    ],
    "common_sense": [
        (
            "story_cloze",
            "story_cloze/2016:1.0.0",
            "validation[:-200]; validation[-200:]; test",
            1,
            "accuracy",
        ),
        ("copa", "super_glue/copa:1.0.2", "train[:-50]; train[-50:]; validation", 2, "accuracy"),
        ("piqa", "piqa:1.0.0", "train[:-100]; train[-100:]; validation", 1, "accuracy"),
        ("hellaswag", "hellaswag:1.1.0", f"{FROM_TRAIN}; validation", 1, "accuracy"),
    ],
    "translation": [
        ("para_crawl_enes", "para_crawl/enes:1.2.0", PARACRAWL, 3, "bleu"),
        ("wmt14_enfr", "wmt14_translate/fr-en:1.0.0", GIVEN, 3, "bleu"),
        *(
            (f"wmt16_translate_{pair}en", f"wmt16_translate/{pair}-en:1.0.0", GIVEN, 3, "bleu")
            for pair in ("de", "tr", "cs", "fi", "ro", "ru")
        ),
    ],
    "coreference": [
        ("wsc", "super_glue/wsc:1.0.2", "train[:-50]; train[-50:]; validation", 3, "accuracy"),
        (
            "definite_pronoun_resolution",
            "definite_pronoun_resolution:1.1.0",
            f"{ALL_BUT_200}; test",
            2,
            "accuracy",
        ),
        (
            "winogrande",
            "winogrande:1.1.0",
            "train_xl[:30000]; train_xl[-200:]; validation",
            1,
            "accuracy",
        ),
        # In no cluster, and for testing only.
        ("wsc273", "wsc273:1.0.0", "; ; test", 1, "accuracy"),
    ],
    "nli": [
        ("rte", "super_glue/rte:1.0.2", f"{ALL_BUT_200}; validation", 2, "accuracy"),
        ("anli_r1", "anli/r1:0.1.0", "train; validation[:200]; test", 2, "accuracy"),
        ("anli_r2", "anli/r2:0.1.0", GIVEN, 2, "accuracy"),
        ("anli_r3", "anli/r3:0.1.0", GIVEN, 2, "accuracy"),
        ("cb", "super_glue/cb:1.0.2", "train[:-50]; train[-50:]; validation", 2, "accuracy"),
        ("mnli_matched", "glue/mnli:2.0.0", f"{FROM_TRAIN}; validation_matched", 2, "accuracy"),
        (
            "mnli_mismatched",
            "glue/mnli:2.0.0",
            f"{FROM_TRAIN}; validation_mismatched",
            2,
            "accuracy",
        ),
        ("qnli", "glue/qnli:2.0.0", f"{FROM_TRAIN}; validation", 2, "accuracy"),
        ("wnli", "glue/wnli:2.0.0", "train[:-30]; train[-30:]; validation", 2, "accuracy"),
        ("snli", "snli:1.1.0", GIVEN, 2, "accuracy"),
    ],
    "math": [
        (
            "math_dataset",
            "math_dataset/algebra__linear_1d:1.0.0",
            f"{FROM_TRAIN}; test",
            1,
            "accuracy",
        ),
    ],
    "conversational_qa": [
        ("coqa", "coqa:1.0.0", "train[:-100]; train[-100:]; test", 2, "coqa"),
        ("quac", "quac:1.0.0", f"{FROM_TRAIN}; validation", 3, "squad"),
    ],
    "word_disambiguation": [
        ("wic", "super_glue/wic:1.0.2", f"{ALL_BUT_200}; validation", 3, "accuracy"),
    ],
    "linguistic_acceptability": [
        ("cola", "glue/cola", f"{ALL_BUT_200}; validation", 1, "accuracy"),
    ],
    "question_classification": [("trec", "trec:1.0.0", f"{ALL_BUT_200}; test", 1, "accuracy")],
    "read_comp_and_common_sense": [
        ("record", "super_glue/record:1.0.2", f"{FROM_TRAIN}; validation", 2, "squad"),
        ("cosmos_qa", "cosmos_qa:1.0.0", f"{ALL_BUT_200}; validation", 2, "accuracy"),
    ],
}
ROWS = {row[0]: (category, *row[1:]) for category, rows in FACTS.items() for row in rows}

# Task -> the dataset we read in place of FLAN's.
NOW_CALLED = {
    # TFDS offers the versions of then no more.
    "cnn_dailymail": "cnn_dailymail:3.4.0",
    "multi_news": "multi_news:2.1.0",
    "winogrande": "winogrande:1.2.0",
    # FLAN read it through a bridge to scripts of the hub that is no more.
    "xsum": "xsum:1.1.0",
    # FLAN named no version.
    "cola": "glue/cola:2.0.0",
}
# Task -> the splits we read in place of FLAN's, where those overlap.
READ_INSTEAD = {
    # Both trained on the same rows, which so had twice the weight, and were tuned on the same.
    "mnli_matched": "train[:15000]; train[-200:]; validation_matched",
    "mnli_mismatched": "train[15000:30000]; train[-400:-200]; validation_mismatched",
    # All three were tested on the same rows.
    "true_case": "train[:30000]; train[30000:30200]; train[-3000:-2000]",
    "fix_punct": "train[30200:60200]; train[60200:60400]; train[-2000:-1000]",
    "word_segment": "train[60400:90400]; train[90400:90600]; train[-1000:]",
}
# FLAN's metric -> ours, the main one first. SQuAD's and TriviaQA's are the same two functions.
METRICS = {
    "squad": {"token_f1", "exact_match"},
    "trivia_qa": {"token_f1", "exact_match"},
    "edit_distance": {"edit_similarity"},
    "accuracy and f1": {"accuracy", "positive_f1"},
    "multirc": {"accuracy", "positive_f1"},
    # Scored by the characters of a string in the original.
    "coqa": {"numbered_f1"},
}

every_task = pytest.mark.parametrize("name", ROWS)


def test_the_table_is_flans_seventy_tasks_in_seventeen_clusters():
    assert len(ROWS) == 70
    assert len(FACTS) == 17
    assert {category: {row[0] for row in rows} for category, rows in FACTS.items()} == {
        category: set(names) for category, names in TASKS_BY_CATEGORY.items()
    }
    assert {f"flan_{name}" for name in ROWS} == set(TASKS)


@every_task
def test_a_task_reads_what_flan_read_or_what_is_named_instead(name):
    category, dataset, splits, _, _ = ROWS[name]
    spec = get_task(f"flan_{name}")
    assert isinstance(spec.source, TfdsSource)
    assert spec.category == category
    assert spec.source.name == NOW_CALLED.get(name, dataset)
    read = [spec.source.splits.get(split, "") for split in ("train", "validation", "test")]
    assert read == [part.strip() for part in READ_INSTEAD.get(name, splits).split(";")]
    # Slices bound the rows: no cap on top of them.
    assert spec.cap is None


@every_task
def test_a_prompt_shows_as_much_of_a_row_as_flans(name):
    forward = [each for each in get_task(f"flan_{name}").templates if not each.inverted]
    shown = frozenset().union(*(template.input_fields for template in forward)) - {"options"}
    assert len(shown) >= ROWS[name][3], shown


@every_task
def test_a_task_is_scored_as_flans_was(name):
    metric = ROWS[name][4]
    ours = {each.name for each in get_task(f"flan_{name}").metrics}
    assert METRICS.get(metric, {metric}) <= ours


def test_what_replaces_overlapping_splits_overlaps_no_more():
    slices = [
        (ROWS[name][1], part.strip())
        for name in READ_INSTEAD
        for part in READ_INSTEAD[name].split(";")
    ]
    assert len(set(slices)) == len(slices)
