"""Training: loss, optimizers, partitioning, the train step and the loop around it.

It sees batches, a function that gives what logits are made of, and how stacks of layers lie; no
model, task or file by name.
"""

from flan_mix.training.adafactor import Adafactor
from flan_mix.training.axis_rules import standard_logical_axis_rules
from flan_mix.training.data_layout import DataLayout
from flan_mix.training.eval_step import (
    ExampleSums,
    TokenFigures,
    evaluate_batches,
    make_eval_step,
    make_metrics_step,
)
from flan_mix.training.loop import Hook, NonFiniteLossError, PeriodicAction, train_loop
from flan_mix.training.loss import cross_entropy
from flan_mix.training.loss_weights import LossConfig
from flan_mix.training.metrics import StepMetrics, summarize
from flan_mix.training.optimizers import AdamW, Optimizer
from flan_mix.training.parameter_fingerprint import parameter_fingerprint
from flan_mix.training.partitioning import Partitioner
from flan_mix.training.progress import Progress
from flan_mix.training.schedules import create_learning_rate_scheduler
from flan_mix.training.train_state import (
    TrainState,
    abstract_state,
    init_state,
    state_from_params,
)
from flan_mix.training.train_step import TrainStep, make_train_step

__all__ = [
    "Adafactor",
    "AdamW",
    "DataLayout",
    "ExampleSums",
    "Hook",
    "LossConfig",
    "NonFiniteLossError",
    "Optimizer",
    "Partitioner",
    "PeriodicAction",
    "Progress",
    "StepMetrics",
    "TokenFigures",
    "TrainState",
    "TrainStep",
    "abstract_state",
    "create_learning_rate_scheduler",
    "cross_entropy",
    "evaluate_batches",
    "init_state",
    "make_eval_step",
    "make_metrics_step",
    "make_train_step",
    "parameter_fingerprint",
    "standard_logical_axis_rules",
    "state_from_params",
    "summarize",
    "train_loop",
]
