"""t5x.train_state: the state of training."""

from flan_mix.training import TrainState

__all__ = ["TrainState"]
