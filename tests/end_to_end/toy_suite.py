"""A small suite on the bundled tasks; registered on import, as a user's module would be."""

import flan_mix.tasks.starter  # noqa: F401  registers its tasks
from flan_mix.registry import SuiteTask, add_suite

add_suite(
    "toy_suite",
    [
        SuiteTask("starter_nli", mode="rank", templates=2),
        SuiteTask("starter_titles", mode="rank"),
        SuiteTask("starter_answers", templates=2),
    ],
    "two tasks in two templates, one as drawn",
)
