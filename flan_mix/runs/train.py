"""Training as our gin files configure it.

MODEL_DIR holds config.gin, model-info.txt, run.json, checkpoint_<step>/, train/ (TensorBoard),
metrics.jsonl, training_eval/<task>/ and inference_eval/<task>/ (TensorBoard) and eval/<step>/
(metrics.json and every prediction).
"""

from collections.abc import Callable
from pathlib import Path

import jax

from flan_mix.inference import Decoding
from flan_mix.runs.checkpointing import CheckpointConfig
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.runs.evaluation import ModelEvaluation
from flan_mix.runs.evaluation_set import open_evaluation
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.runs.periodic_evaluation import InferenceEvaluation, TrainingEvaluation
from flan_mix.runs.trainer import Trainer
from flan_mix.runs.training_run import PeriodicEvaluation, Schedule, run_training
from flan_mix.training import Partitioner, TrainState


def train(
    *,
    model: EncoderDecoderModel,
    model_dir: str,
    train_dataset_cfg: DatasetConfig,
    train_eval_dataset_cfg: DatasetConfig | None = None,
    infer_eval_dataset_cfg: DatasetConfig | None = None,
    checkpoint_cfg: CheckpointConfig = CheckpointConfig(),
    partitioner: Partitioner = Partitioner(),
    trainer: Trainer = Trainer(),
    decoding: Decoding = Decoding(),
    total_steps: int | None = None,
    relative_steps: int | None = None,
    eval_steps: int = 20,
    eval_period: int | None = 1000,
    random_seed: int | None = None,
    use_hardware_rng: bool = False,
    run_eval_before_training: bool = False,
    summarize_config_fn: Callable[[Path], None] | None = None,
) -> TrainState:
    """Trains and returns the last state; the keywords are T5X's train() where it has them.

    Steps are absolute (`total_steps`) or added (`relative_steps`). `eval_period`: steps between
    evaluations; None evaluates at the end only. `eval_steps`: batches per task of teacher-forced
    evaluation; 0 leaves it out. A dataset config of None leaves its evaluation out. `decoding`:
    how the inference evaluation answers.
    `random_seed` None means 0. `use_hardware_rng`: XLA's RngBitGenerator for dropout, faster on
    TPU and not the same on other hardware. `summarize_config_fn` is given MODEL_DIR to write the
    configuration into.
    """
    folder = Path(model_dir).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if summarize_config_fn is not None and not jax.process_index():
        summarize_config_fn(folder)

    def evaluation(config: DatasetConfig) -> ModelEvaluation:
        tasks = open_evaluation(config, model.vocabulary)
        return ModelEvaluation(model, partitioner, tasks, config, decoding)

    def evaluations() -> list[PeriodicEvaluation]:
        found: list[PeriodicEvaluation] = []
        if train_eval_dataset_cfg is not None and eval_steps:
            measured = evaluation(train_eval_dataset_cfg)
            found.append(TrainingEvaluation(measured, folder, eval_steps))
        if infer_eval_dataset_cfg is not None:
            answered = evaluation(infer_eval_dataset_cfg)
            found.append(InferenceEvaluation(answered, folder))
        return found

    return run_training(
        folder,
        model=model,
        dataset=train_dataset_cfg,
        checkpoints=checkpoint_cfg,
        partitioner=partitioner,
        trainer=trainer,
        schedule=Schedule(
            total_steps, relative_steps, eval_period, evaluates_first=run_eval_before_training
        ),
        evaluations=evaluations,
        random_seed=random_seed,
        use_hardware_rng=use_hardware_rng,
    )
