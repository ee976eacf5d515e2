"""The suite of the real tasks that read plain files: 26 tasks of 18 categories.

``python -m flan_mix.eval`` with MIXTURE_OR_TASK_NAME "real_suite" evaluates them all; the folder
FLAN_MIX_DATA_DIR must hold their datasets. Tasks with options are ranked, the others generated, in
the template that each example draws, on the test split where there is one with answers.
"""

from flan_mix.registry import SuiteTask, add_suite, get_task, variant_names
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    chain_of_thought,
    code_translation,
    common_sense,
    coreference,
    dialogue_summarization,
    entity_recognition,
    nli,
    open_domain_qa,
    paraphrase,
    question_classification,
    read_comp_and_common_sense,
    reading_comprehension,
    review_rating,
    sentiment,
    structure_to_text,
    summarization,
    topic_classification,
    translation,
)

SUITE = "real_suite"
TASKS = (
    *("samsum", "dialogsum", "scitldr", "java_to_cs", "gsm8k_direct", "nq_open", "dream"),
    *("copa", "piqa", "commonsenseqa", "cosmosqa", "winogender", "rte", "cb", "sick", "anli_r1"),
    *("mrpc", "trec", "ag_news", "sst2", "rotten_tomatoes", "amazon_alexa"),
    *("wnut17", "wikigold", "multi30k_ende", "e2e_nlg"),
)


def _suite_task(name: str) -> SuiteTask:
    is_ranked = "rank" in variant_names(get_task(name))
    return SuiteTask(name, mode="rank" if is_ranked else "generate")


add_suite(SUITE, [_suite_task(name) for name in TASKS], "the real tasks that read plain files")
