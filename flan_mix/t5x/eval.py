"""t5x.eval: evaluation of checkpoints as T5X's gin files configure it.

output_dir holds config.gin, model-info.txt and inference_eval/, as T5X leaves them.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import seqio

from flan_mix.runs.run_facts import write_model_info
from flan_mix.t5x import gin_utils, utils
from flan_mix.t5x.evaluating import inference_evaluation
from flan_mix.t5x.models import EncoderDecoderModel
from flan_mix.t5x.not_there import is_default, only
from flan_mix.t5x.restoring import each_checkpoint
from flan_mix.training import Partitioner

log = logging.getLogger(__name__)


def evaluate(
    *,
    model: EncoderDecoderModel,
    dataset_cfg: utils.DatasetConfig,
    restore_checkpoint_cfg: utils.RestoreCheckpointConfig,
    partitioner: Partitioner,
    output_dir: str,
    inference_evaluator_cls: Callable[..., seqio.Evaluator] = seqio.Evaluator,
    training_evaluator_cls: Any = None,
    summarize_config_fn: Callable[..., None] = gin_utils.summarize_gin_config,
    train_state_initializer_cls: Any = utils.TrainStateInitializer,
    train_eval_get_dataset_fn: Any = utils.get_training_eval_datasets,
    fallback_init_rng: int | None = None,
    use_orbax: bool = True,
) -> dict[int, Mapping[str, Mapping[str, Any]]]:
    """Step -> task -> SeqIO's metrics; the keywords are T5X's evaluate().

    Restored with mode "all", checkpoints that an earlier evaluation into `output_dir` has finished
    are left out. Raises ValueError for a mixture without metrics.
    """
    del use_orbax  # Formats are told apart by what lies there.
    is_default("evaluate", train_state_initializer_cls, utils.TrainStateInitializer)
    is_default("evaluate", train_eval_get_dataset_fn, utils.get_training_eval_datasets)
    only(
        "evaluate",
        "teacher-forced metrics are measured while training",
        training_evaluator_cls=training_evaluator_cls,
    )
    folder = Path(output_dir).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    summarize_config_fn(model_dir=str(folder), summary_writer=None, step=0)
    evaluation = inference_evaluation(
        model, partitioner, dataset_cfg, inference_evaluator_cls, folder
    )
    if not evaluation.evaluator.eval_tasks:
        raise ValueError(
            f"{dataset_cfg.mixture_or_task_name!r} has no task with metrics and a split "
            f"{dataset_cfg.split!r}: nothing can be evaluated"
        )
    is_first = jax.process_index() == 0
    if is_first:
        write_model_info(folder, model.run_model)
    finished = folder / f"eval.{dataset_cfg.mixture_or_task_name}.ckpt"
    done = _steps_in(finished) if restore_checkpoint_cfg.mode == "all" else frozenset()
    results = {}
    for params, step in each_checkpoint(
        restore_checkpoint_cfg, model, partitioner, fallback_init_rng, done
    ):
        results[step] = evaluation.evaluate(step, params) or {}
        for task, metrics in results[step].items():
            log.info("step %d, %s: %s", step, task, _shown(metrics))
        if is_first:
            with finished.open("a") as lines:
                lines.write(f"{step}\n")
    return results


def _steps_in(file: Path) -> frozenset[int]:
    return frozenset(map(int, file.read_text().split())) if file.exists() else frozenset()


def _shown(metrics: Mapping[str, Any]) -> str:
    values = {name: getattr(value, "value", value) for name, value in metrics.items()}
    return ", ".join(f"{name} {value}" for name, value in values.items())
