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

REAL_TASKS = ("samsum", "dialogsum", "wnut17", "java_to_cs", "amazon_alexa", "rte", "gsm8k")

# In proportion to their sizes the tasks would differ sixfold; the cap brings the three largest
# level, and nothing is seen so rarely that it cannot be learned.
MIXING_CAP = 10_000

add_mixture("real_tasks", REAL_TASKS, rate=ExamplesProportional(cap=MIXING_CAP))
