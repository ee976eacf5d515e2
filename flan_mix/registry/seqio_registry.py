"""Puts tasks and mixtures into SeqIO's registries, as plain seqio.Task and seqio.Mixture.

Importing this module registers all there are; `seqio_arrival` does so for whoever imports SeqIO.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import seqio

from flan_mix.metrics.ranking import rank_accuracy
from flan_mix.registry import catalogue, seqio_arrival
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.rates import ExamplesProportional, Rate
from flan_mix.registry.seqio_half.file_rows import FileRows
from flan_mix.registry.seqio_half.text_preprocessor import RenderText
from flan_mix.registry.seqio_half.tfds_rows import TfdsRows
from flan_mix.registry.seqio_half.vocabularies import seqio_vocabulary
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec
from flan_mix.registry.variants import with_variants


def register_pending() -> None:
    """Registers with SeqIO what was added to the catalogue and is not there yet, in order."""
    while name := seqio_arrival.take_pending():
        if catalogue.is_mixture(name):
            _register_mixture(catalogue.get_mixture(name))
        else:
            _register_task(catalogue.get_task(name))


def _register_task(task: TaskSpec) -> None:
    """Registers a task and its variants, which share its rows."""
    feature = seqio.Feature(seqio_vocabulary(task.vocabulary), add_eos=True)
    source = FileRows(task) if isinstance(task.source, FileSource) else TfdsRows(task)
    for spec in with_variants(task):
        seqio.TaskRegistry.add(
            spec.name,
            source=source,
            preprocessors=[
                # Before the draws, so that SeqIO's offline cache freezes no template.
                seqio.CacheDatasetPlaceholder(),
                RenderText(spec, source),
                seqio.preprocessors.tokenize,
                seqio.preprocessors.append_eos_after_trim,
            ],
            output_features={"inputs": feature, "targets": feature},
            postprocess_fn=(
                _ranked_target
                if spec.is_ranked
                else functools.partial(_postprocess, spec.postprocess)
            ),
            metric_fns=(
                [rank_accuracy]
                if spec.is_ranked
                else [m for m in spec.metrics if m.needs_texts_only]
            ),
        )


def _ranked_target(
    text: str, example: Mapping[str, Any] | None = None, is_target: bool = False
) -> Any:
    """For a target the row that its option belongs to, and whether it is a right one."""
    if not is_target or example is None:
        return text
    return _decoded(example["id"]).rpartition("#")[0], bool(example["is_correct"])


def _postprocess(
    change: Callable[[str], str] | None,
    text: str,
    example: Mapping[str, Any] | None = None,
    is_target: bool = False,
) -> str | list[str]:
    """A prediction after the task's postprocessing; for a target all references after it."""
    references = list(example.get("references", ())) if is_target and example else []
    texts = [_decoded(reference) for reference in references] or [text]
    changed = [change(each) for each in texts] if change else texts
    return changed if is_target else changed[0]


def _decoded(text: str | bytes) -> str:
    return text.decode("utf-8") if isinstance(text, bytes) else text


def _register_mixture(spec: catalogue.MixtureSpec) -> None:
    seqio.MixtureRegistry.add(spec.name, [(part, _seqio_rate(rate)) for part, rate in spec.parts])


def _seqio_rate(rate: Rate) -> float | Callable[[seqio.Task], float]:
    if not isinstance(rate, ExamplesProportional):
        return rate
    return functools.partial(
        seqio.mixing_rate_num_examples,
        maximum=rate.cap,
        temperature=rate.temperature,
        split=TRAIN_SPLIT,
    )


register_pending()
