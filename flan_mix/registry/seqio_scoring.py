"""Metrics of tasks that others registered with SeqIO, as metrics that evaluation here can use.

Their functions get what SeqIO's evaluator would give them: predictions and targets after the
task's own postprocessing. Each example is scored by itself; the mean of that is the function's own
value for all metrics that are means (not for corpus BLEU).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import seqio

from flan_mix.metrics import Metric
from flan_mix.registry.seqio_half import foreign
from flan_mix.registry.seqio_half.targets import decode_target

log = logging.getLogger(__name__)

# What a metric is tried on to learn its keys: text, a number, a label, as tasks may want them.
_PROBES = ("a", "0", "1.0", "yes")


def metrics_of_seqio_task(name: str) -> tuple[Metric, ...]:
    """The task's metrics of predictions; those of scores or auxiliary values are left to SeqIO.

    Raises TaskError for a name that SeqIO does not have.
    """
    task = foreign.get_task(name)
    left = [*task.score_metric_fns, *task.predict_with_aux_metric_fns]
    if left:
        log.warning(
            "%s: %d metrics of likelihoods or auxiliary values are left out.", name, len(left)
        )
    found = [_adapted(task, function) for function in task.predict_metric_fns]
    return tuple(metric for metric in found if metric is not None)


def _adapted(task: seqio.Task, function: Callable[..., Mapping[str, Any]]) -> Metric | None:
    def score_example(prediction: str, references: Sequence[str]) -> dict[str, float]:
        # A task without references has one text, which its postprocessing has not seen.
        target = decode_target(references)
        made = task.postprocess_fn(prediction, example={}, is_target=False)
        return _scores(function([target], [made]))

    name = getattr(function, "__name__", type(function).__name__)
    for probe in _PROBES:
        try:
            target = task.postprocess_fn(probe, example={}, is_target=True)
            keys = tuple(_scores(function([target], [target])))
        except Exception as error:
            log.debug("%s: metric %s cannot score %r: %s", task.name, name, probe, error)
            continue
        return Metric(name, keys, score_example) if keys else None
    log.warning("%s: metric %s scores no single example and is left out.", task.name, name)
    return None


def _scores(values: Mapping[str, Any]) -> dict[str, float]:
    """Numbers only; SeqIO also has texts and histograms for its logs."""
    plain = {key: getattr(value, "value", value) for key, value in values.items()}
    return {key: float(value) for key, value in plain.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str | bytes)
