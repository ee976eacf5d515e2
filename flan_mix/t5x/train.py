"""t5x.train: training as T5X's gin files configure it.

MODEL_DIR is laid out as T5X's: config.gin, model-info.txt, checkpoint_<step>/, train/,
training_eval/<task>/ and inference_eval/. Beside it are our run.json and metrics.jsonl.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import seqio

from flan_mix.runs.trainer import Trainer as RunTrainer
from flan_mix.runs.training_run import PeriodicEvaluation, Schedule, run_training
from flan_mix.t5x import gin_utils, utils
from flan_mix.t5x.evaluating import TrainingEvaluation, inference_evaluation
from flan_mix.t5x.models import EncoderDecoderModel
from flan_mix.t5x.not_there import is_default, only
from flan_mix.t5x.optimizers import OptaxWrapper
from flan_mix.t5x.trainer import stopping_actions
from flan_mix.training import Partitioner, TrainState

log = logging.getLogger(__name__)


def train(
    *,
    model: EncoderDecoderModel,
    train_dataset_cfg: utils.DatasetConfig,
    train_eval_dataset_cfg: utils.DatasetConfig | None,
    infer_eval_dataset_cfg: utils.DatasetConfig | None,
    checkpoint_cfg: utils.CheckpointConfig,
    partitioner: Partitioner,
    trainer_cls: Callable[[], RunTrainer],
    model_dir: str,
    total_steps: int | None,
    eval_steps: int,
    eval_period: int,
    relative_steps: int | None = None,
    stats_period: int | None = None,
    random_seed: int | None = None,
    use_hardware_rng: bool = False,
    summarize_config_fn: Callable[..., None] = gin_utils.summarize_gin_config,
    inference_evaluator_cls: Callable[..., seqio.Evaluator] = seqio.Evaluator,
    get_dataset_fn: Any = utils.get_dataset,
    concurrent_metrics: bool = True,
    actions: Mapping[str, Any] | None = None,
    train_eval_get_dataset_fn: Any = utils.get_training_eval_datasets,
    run_eval_before_training: bool = False,
    train_state_initializer_cls: Any = utils.TrainStateInitializer,
    use_orbax: bool = True,
    verify_matching_vocabs_fn: Callable[..., None] | None = utils.verify_matching_vocabs,
    gc_period: int = 0,
) -> TrainState:
    """Trains and returns the last state; the keywords are T5X's train().

    total_steps is absolute: it counts those of the initial checkpoint; relative_steps adds to
    where the run began, once. Periods count from there too. stats_period: steps between log lines;
    None is the shorter of the other periods. use_orbax, gc_period and concurrent_metrics only say
    how T5X does the same. Raises NotThereError for input pipelines and train states of the user's
    own, and what the parts of the configuration raise.
    """
    is_default("train", get_dataset_fn, utils.get_dataset)
    is_default("train", train_eval_get_dataset_fn, utils.get_training_eval_datasets)
    is_default("train", train_state_initializer_cls, utils.TrainStateInitializer)
    stops = stopping_actions(actions)
    if stops and (train_eval_dataset_cfg is None or not eval_steps):
        raise ValueError("train.actions follow teacher-forced evaluation, of which there is none")
    for name, value, usual in (
        ("use_orbax", use_orbax, True),
        ("gc_period", gc_period, 0),
        ("concurrent_metrics", concurrent_metrics, True),
    ):
        if value != usual:
            log.info(
                "train.%s = %r changes how T5X does it; here it is done in one way", name, value
            )
    if verify_matching_vocabs_fn is not None:
        verify_matching_vocabs_fn(train_dataset_cfg, model)
    folder = Path(model_dir).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    summarize_config_fn(model_dir=str(folder), summary_writer=None, step=0)
    evaluations: list[PeriodicEvaluation] = []

    def prepared() -> list[PeriodicEvaluation]:
        if train_eval_dataset_cfg is not None and eval_steps:
            evaluations.append(
                TrainingEvaluation(
                    model, partitioner, train_eval_dataset_cfg, folder, eval_steps, stops
                )
            )
        if infer_eval_dataset_cfg is not None:
            evaluations.append(
                inference_evaluation(
                    model, partitioner, infer_eval_dataset_cfg, inference_evaluator_cls, folder
                )
            )
        return evaluations

    checkpoints = checkpoint_cfg.run_config()
    periods = [period for period in (eval_period, checkpoints.period) if period]
    trainer = trainer_cls()
    only("train", "bind trainer.Trainer", RunTrainer, trainer_cls=type(trainer))
    if isinstance(model.optimizer_def, OptaxWrapper):
        log.info("The learning rate is the optimizer's own; the Trainer's is logged and not used")
    return run_training(
        folder,
        model=model.run_model,
        dataset=train_dataset_cfg.run_config(),
        checkpoints=checkpoints,
        partitioner=partitioner,
        trainer=dataclasses.replace(trainer, log_period=stats_period or min(periods, default=50)),
        schedule=Schedule(
            total_steps=total_steps,
            relative_steps=relative_steps,
            eval_period=eval_period,
            evaluates_first=run_eval_before_training,
            counts_from_start=True,
            stop_requested=lambda: any(getattr(e, "should_stop", False) for e in evaluations),
        ),
        evaluations=prepared,
        random_seed=random_seed,
        use_hardware_rng=use_hardware_rng,
    )
