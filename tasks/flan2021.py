"""FLAN 2021: its 70 tasks, in our own words, as the mixture ``flan2021``.

The tasks themselves stand in the modules of their categories, named ``flan_<FLAN's own name>``.
Each is drawn in proportion to its rows, up to 3,000, as in the paper (Wei et al., Finetuned
Language Models Are Zero-Shot Learners, 2021, https://arxiv.org/abs/2109.01652). Held-out mixtures
come from ``hold_out("flan2021", category="nli")``, or all at once by importing
``flan_mix.tasks.flan2021_held_out``.
"""

from flan_mix.registry import (
    ExamplesProportional,
    TaskError,
    add_mixture,
    get_task,
    is_task,
    relate_categories,
)
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    arithmetic,
    common_sense,
    conversational_qa,
    coreference,
    dialogue_summarization,
    linguistic_acceptability,
    nli,
    open_domain_qa,
    paraphrase,
    question_classification,
    read_comp_and_common_sense,
    reading_comprehension,
    sentiment,
    structure_to_text,
    summarization,
    text_formatting,
    translation,
    word_disambiguation,
)

COLLECTION = "flan2021"
RATE = ExamplesProportional(cap=3000)

# FLAN's clusters under our categories' names; wsc273, in none of its clusters, is for testing only.
TASKS_BY_CATEGORY = {
    "summarization": (
        *("aeslc", "cnn_dailymail", "gigaword", "multi_news", "newsroom", "samsum", "xsum"),
        *("ag_news_subset", "opinion_abstracts_rotten_tomatoes", "opinion_abstracts_idebate"),
        "wiki_lingua_english_en",
    ),
    "structure_to_text": ("common_gen", "dart", "e2e_nlg", "web_nlg_en"),
    "reading_comprehension": (
        *("bool_q", "squad_v1", "squad_v2", "drop", "multirc", "openbookqa"),
    ),
    "open_domain_qa": ("natural_questions", "trivia_qa", "arc_challenge", "arc_easy"),
    "paraphrase": ("paws_wiki", "glue_mrpc", "glue_qqp", "stsb"),
    "sentiment": ("sentiment140", "imdb_reviews", "yelp_polarity_reviews", "sst2"),
    "text_formatting": ("true_case", "fix_punct", "word_segment"),
    "common_sense": ("story_cloze", "copa", "piqa", "hellaswag"),
    "translation": (
        *("para_crawl_enes", "wmt14_enfr", "wmt16_translate_deen", "wmt16_translate_tren"),
        *("wmt16_translate_csen", "wmt16_translate_fien", "wmt16_translate_roen"),
        "wmt16_translate_ruen",
    ),
    "coreference": ("wsc", "definite_pronoun_resolution", "winogrande", "wsc273"),
    "nli": (
        *("rte", "anli_r1", "anli_r2", "anli_r3", "cb", "mnli_matched", "mnli_mismatched"),
        *("qnli", "wnli", "snli"),
    ),
    "math": ("math_dataset",),
    "conversational_qa": ("coqa", "quac"),
    "word_disambiguation": ("wic",),
    "linguistic_acceptability": ("cola",),
    "question_classification": ("trec",),
    "read_comp_and_common_sense": ("record", "cosmos_qa"),
}
TASKS = tuple(f"flan_{name}" for names in TASKS_BY_CATEGORY.values() for name in names)

# Where one is held out, FLAN trained on none of the other.
RELATED_CATEGORIES = (
    ("nli", "paraphrase"),
    ("reading_comprehension", "read_comp_and_common_sense"),
    ("common_sense", "read_comp_and_common_sense"),
)

if absent := [name for name in TASKS if not is_task(name)]:
    raise TaskError(f"FLAN 2021 lacks {', '.join(absent)}: no module of tasks/ registers them.")

relate_categories(COLLECTION, RELATED_CATEGORIES)
TRAINED_ON = tuple(name for name in TASKS if "train" in get_task(name).splits)
add_mixture(COLLECTION, TRAINED_ON, rate=RATE)
