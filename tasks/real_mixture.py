"""The mixtures of all tasks on published datasets, of all categories in this folder.

`MIXTURE_OR_TASK_MODULE = "flan_mix.tasks.real_mixture"` registers every such task.
"""

from flan_mix.registry import ExamplesProportional, add_mixture
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    chain_of_thought,
    code_translation,
    dialogue_summarization,
    entity_recognition,
    nli,
    review_rating,
)

SUMMARY_TASKS = ("samsum", "dialogsum")
OTHER_TASKS = ("wnut17", "java_to_cs", "amazon_alexa", "rte", "gsm8k")
REAL_TASKS = SUMMARY_TASKS + OTHER_TASKS

# More than half of what a model sees is the case this mixture is for, summaries of chats; the rest
# keeps it good at other things, each in proportion to its size.
SUMMARY_SHARE = 0.6

# One task to become good at, and all others beside it so that they are kept: docs/forgetting.md.
KEPT_SHARE = 0.5

add_mixture("real_summaries", SUMMARY_TASKS, rate=ExamplesProportional())
add_mixture("real_other_tasks", OTHER_TASKS, rate=ExamplesProportional())
add_mixture(
    "real_tasks",
    [("real_summaries", SUMMARY_SHARE), ("real_other_tasks", 1 - SUMMARY_SHARE)],
)
add_mixture(
    "dialogsum_with_the_rest",
    [
        ("dialogsum", 1 - KEPT_SHARE),
        ("samsum", KEPT_SHARE / 2),
        ("real_other_tasks", KEPT_SHARE / 2),
    ],
)
