"""The held-out experiments of FLAN 2021, as mixtures to train on and to test on.

| train on | test on | |
|---|---|---|
| flan2021_without_nli_train, … | flan2021_nli_eval, … | each category held out |
| flan2021_within_0_train … _9_train | flan2021_within_0_eval … _9_eval | a task of each category |
| flan2021_1_categories_train … _7_ | flan2021_nli_and_common_sense_and_open_domain_qa_eval | |

Each category held out has a suite as well, ``flan2021_nli_held_out``: every task in each of its
templates, tasks with options ranked, the others generated, as the paper evaluates.

The last of the table is the paper's study of how many categories it takes (section 4.1). Beside
FLAN's own exclusions, no task is trained on whose text is tested on; so that 7 categories are a few
tasks fewer than FLAN's. Each HoldOut lists what was left out and why: ``print(HELD_OUT["nli"])``.
"""

from flan_mix.registry import (
    HoldOut,
    SuiteTask,
    add_suite,
    get_task,
    hold_out,
    variant_names,
    within_categories,
)
from flan_mix.tasks.flan2021 import COLLECTION, RATE, TASKS_BY_CATEGORY

WITHIN_SPLITS = 10
# In the order in which the paper adds them.
ADDED_CATEGORIES = (
    "summarization",
    "translation",
    "reading_comprehension",
    "sentiment",
    "structure_to_text",
    "coreference",
    "conversational_qa",
)
ABLATION_TESTED = ("nli", "common_sense", "open_domain_qa")

HELD_OUT = {category: hold_out(COLLECTION, category, rate=RATE) for category in TASKS_BY_CATEGORY}
WITHIN = tuple(within_categories(COLLECTION, number) for number in range(WITHIN_SPLITS))
BY_CATEGORIES = {
    count: hold_out(
        COLLECTION,
        ABLATION_TESTED,
        train_categories=ADDED_CATEGORIES[:count],
        name=f"{COLLECTION}_{count}_categories",
        rate=RATE,
    )
    for count in range(1, len(ADDED_CATEGORIES) + 1)
}


def _suite(category: str, held_out: HoldOut) -> str:
    tasks = []
    for name in held_out.evaluation_tasks:
        is_ranked = "rank" in variant_names(get_task(name))
        tasks.append(SuiteTask(name, mode="rank" if is_ranked else "generate", templates="all"))
    description = f"FLAN 2021's {category}; train on {held_out.train}"
    return add_suite(f"{COLLECTION}_{category}_held_out", tasks, description).name


SUITES = tuple(_suite(category, held_out) for category, held_out in HELD_OUT.items())
