"""t5x.checkpoints: the names of T5X's checkpoint managers, which its gin files bind.

Every checkpoint is written by the store of `flan_mix.checkpoints`, whichever is named; formats
are told apart when they are read. Which checkpoints stay is theirs to say, beside `keep`: `kept`
holds fields of `flan_mix.runs.checkpointing.CheckpointConfig`. What T5X itself takes from the
configurations of saving and restoring, whatever is bound here, raises NotThereError.
"""

from typing import Any

from flan_mix.t5x.not_there import only

_CONFIGURED = "bind it in utils.SaveCheckpointConfig or utils.RestoreCheckpointConfig, as T5X does"


class Checkpointer:
    """Names what writes T5X's own format; runs here write the store's.

    force_keep_period: checkpoints at its multiples stay.
    """

    def __init__(
        self,
        *,
        keep: int | None = None,
        save_dtype: Any = None,
        restore_dtype: Any = None,
        use_gda: bool = True,
        keep_dataset_checkpoints: int | None = None,
        force_keep_period: int | None = None,
    ):
        del use_gda
        only(
            type(self).__name__,
            _CONFIGURED,
            keep=keep,
            save_dtype=save_dtype,
            restore_dtype=restore_dtype,
            keep_dataset_checkpoints=keep_dataset_checkpoints,
        )
        self.kept: dict[str, Any] = {"keep_period": force_keep_period}


class SaveBestCheckpointer(Checkpointer):
    """Keeps the latest and the best by a metric, as many as SaveCheckpointConfig.keep says.

    metric_name_to_monitor: a folder of TensorBoard files in MODEL_DIR and a name in them, such as
    "train/accuracy" or "inference_eval/<task>/eval/<metric>", logged at the checkpoint's step.
    metric_mode: "max" or "min". keep_checkpoints_without_metrics: whether those stay; else they
    are the first to go. force_keep_period: its multiples stay and do not count.
    """

    def __init__(
        self,
        *,
        keep: int | None = None,
        save_dtype: Any = None,
        restore_dtype: Any = None,
        metric_name_to_monitor: str | None = "train/accuracy",
        metric_mode: str = "max",
        keep_checkpoints_without_metrics: bool = True,
        force_keep_period: int | None = None,
        use_gda: bool = False,
        keep_dataset_checkpoints: int | None = None,
    ):
        super().__init__(
            keep=keep,
            save_dtype=save_dtype,
            restore_dtype=restore_dtype,
            use_gda=use_gda,
            keep_dataset_checkpoints=keep_dataset_checkpoints,
            force_keep_period=force_keep_period,
        )
        self.kept |= {
            "keep_best_by": metric_name_to_monitor,
            "best_mode": metric_mode,
            "keeps_unmeasured": keep_checkpoints_without_metrics,
        }


class OrbaxCheckpointManagerInterface(SaveBestCheckpointer):
    """Names what writes T5X's Orbax checkpoints; the store's have the same tree.

    It keeps the best where a metric_name_to_monitor is bound.
    """

    def __init__(
        self,
        *,
        save_dtype: Any = None,
        restore_dtype: Any = None,
        keep: int | None = None,
        keep_dataset_checkpoints: int | None = None,
        force_keep_period: int | None = None,
        metric_name_to_monitor: str | None = None,
        metric_mode: str = "max",
        keep_checkpoints_without_metrics: bool = True,
    ):
        super().__init__(
            keep=keep,
            save_dtype=save_dtype,
            restore_dtype=restore_dtype,
            metric_name_to_monitor=metric_name_to_monitor,
            metric_mode=metric_mode,
            keep_checkpoints_without_metrics=keep_checkpoints_without_metrics,
            force_keep_period=force_keep_period,
            keep_dataset_checkpoints=keep_dataset_checkpoints,
        )
