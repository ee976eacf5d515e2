"""What a task is: its source, fields, templates and metrics, under a name; and mixtures of tasks.

This half needs no TensorFlow and no SeqIO. Whatever is added here becomes a plain `seqio.Task` or
`seqio.Mixture` as soon as SeqIO is imported. Reading the examples (`flan_mix.registry.rendering`)
is the other half, which does load them.
"""

from flan_mix.registry.bad_rows import BadRowError, RowCounts
from flan_mix.registry.catalogue import (
    MixtureSpec,
    add_mixture,
    add_task,
    categories,
    get_mixture,
    get_task,
    is_mixture,
    is_task,
    mixture_names,
    remove,
    task_names,
    tasks_in_category,
)
from flan_mix.registry.counting import num_input_examples
from flan_mix.registry.field_rows import FieldRow, field_rows
from flan_mix.registry.file_formats import read_jsonl, read_lines
from flan_mix.registry.file_source import FileSource, SourceError
from flan_mix.registry.fingerprints import task_fingerprint
from flan_mix.registry.holding_out import (
    HoldOut,
    LeftOut,
    hold_out,
    hold_out_tasks,
    relate_categories,
    within_categories,
)
from flan_mix.registry.hugging_face_source import HuggingFaceSource
from flan_mix.registry.rates import ExamplesProportional
from flan_mix.registry.resolving import MixturePart, resolve
from flan_mix.registry.suites import (
    SuiteForm,
    SuiteSpec,
    SuiteTask,
    add_suite,
    get_suite,
    is_suite,
    rankable_templates,
    remove_suite,
    suite_forms,
    suite_names,
)
from flan_mix.registry.task_spec import TaskError, TaskSpec
from flan_mix.registry.tfds_source import TfdsSource
from flan_mix.registry.variants import variant, variant_names

__all__ = [
    "BadRowError",
    "ExamplesProportional",
    "FieldRow",
    "FileSource",
    "HoldOut",
    "HuggingFaceSource",
    "LeftOut",
    "MixturePart",
    "MixtureSpec",
    "RowCounts",
    "SourceError",
    "SuiteForm",
    "SuiteSpec",
    "SuiteTask",
    "TaskError",
    "TaskSpec",
    "TfdsSource",
    "add_mixture",
    "add_suite",
    "add_task",
    "categories",
    "field_rows",
    "get_mixture",
    "get_suite",
    "get_task",
    "hold_out",
    "hold_out_tasks",
    "is_mixture",
    "is_suite",
    "is_task",
    "mixture_names",
    "num_input_examples",
    "rankable_templates",
    "read_jsonl",
    "read_lines",
    "relate_categories",
    "remove",
    "remove_suite",
    "resolve",
    "suite_forms",
    "suite_names",
    "task_fingerprint",
    "task_names",
    "tasks_in_category",
    "variant",
    "variant_names",
    "within_categories",
]
