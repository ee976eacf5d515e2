"""t5x.utils: data sets, checkpoints and schedules as T5X's gin files configure them."""

import dataclasses
import importlib
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import seqio

from flan_mix.checkpoints import RestoreRules, is_remote
from flan_mix.registry import is_mixture, is_task, resolve
from flan_mix.runs.checkpointing import CheckpointConfig as RunCheckpointConfig
from flan_mix.runs.datasets import DatasetConfig as RunDatasetConfig
from flan_mix.t5x.checkpoints import Checkpointer, OrbaxCheckpointManagerInterface
from flan_mix.t5x.models import EncoderDecoderModel
from flan_mix.t5x.not_there import NotThereError, names_not_there, only
from flan_mix.training import create_learning_rate_scheduler

__all__ = [
    "CheckpointConfig",
    "DatasetConfig",
    "LegacyCheckpointManager",
    "RestoreCheckpointConfig",
    "SaveCheckpointConfig",
    "TrainStateInitializer",
    "create_learning_rate_scheduler",
    "get_dataset",
    "get_training_eval_datasets",
    "get_vocabulary",
    "round_vocab_size_to_multiple",
    "verify_matching_vocabs",
]

log = logging.getLogger(__name__)

__getattr__ = names_not_there(
    "utils",
    {
        "InitFnCallable": "models that initialize themselves",
        "create_orbax_checkpoint_manager": "checkpoint managers to configure",
        "get_infer_fn": "inference steps to build; bind EncoderDecoderModel's methods",
        "override_params_axes_names": "other logical axes than the network's own",
    },
)

_OURS = (None, Checkpointer, OrbaxCheckpointManagerInterface)


@dataclasses.dataclass
class DatasetConfig:
    """Which data a run reads.

    seed None is 0: what is drawn and in which order never depends on the clock. cache_dir: of
    token caches, beside T5X's keywords; None means `~/.cache/flan_mix`.
    """

    mixture_or_task_name: str | Any
    task_feature_lengths: Mapping[str, int] | None
    split: str
    batch_size: int
    shuffle: bool
    seed: int | None
    use_cached: bool = False
    pack: bool = False
    use_custom_packing_ops: bool = False
    module: str | None = None
    use_memory_cache: bool = True
    trim_output_features: bool = True
    runtime_preprocessors: Any = None
    num_prefetch_threads: int | None = None
    num_workers: int = 0
    cache_dir: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.mixture_or_task_name, str):
            self.mixture_or_task_name = _name_of(self.mixture_or_task_name)
        only(
            "DatasetConfig",
            "rows are cut to their lengths",
            True,
            trim_output_features=self.trim_output_features,
        )
        only(
            "DatasetConfig", "AirIO is not there", runtime_preprocessors=self.runtime_preprocessors
        )
        for name, usual in (
            ("use_custom_packing_ops", False),
            ("num_prefetch_threads", None),
            ("num_workers", 0),
        ):
            if getattr(self, name) != usual:
                log.info("DatasetConfig.%s: rows are packed and fetched another way here", name)

    def import_module(self) -> None:
        """Registers the tasks, by `module` or else those that come with Flan Mix."""
        self.run_config().import_module()

    def run_config(self) -> RunDatasetConfig:
        """The same for runs of Flan Mix."""
        return RunDatasetConfig(
            self.mixture_or_task_name,
            task_feature_lengths=self.task_feature_lengths,
            split=self.split,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            pack=self.pack,
            seed=self.seed,
            module=self.module,
            use_cached=self.use_cached,
            cache_dir=self.cache_dir,
        )


@dataclasses.dataclass
class SaveCheckpointConfig:
    """When checkpoints are written. save_dataset: the place in the data is always saved."""

    dtype: str | None = "float32"
    period: int | None = None
    checkpoint_steps: Sequence[int] | None = None
    keep: int | None = None
    keep_dataset_checkpoints: int | None = None
    save_dataset: bool = False
    checkpointer_cls: Any = None
    state_transformation_fns: Sequence[Any] = ()
    checkpoint_manager_cls: Any = None

    def __post_init__(self) -> None:
        where = "SaveCheckpointConfig"
        only(where, "give a dtype", ("float32", "bfloat16", None), dtype=self.dtype)
        only(
            where,
            "states are stored as they are",
            ((), []),
            state_transformation_fns=self.state_transformation_fns,
        )
        _check_manager(where, self)
        if self.keep_dataset_checkpoints is not None:
            log.info(
                "%s.keep_dataset_checkpoints: the place in the data is a few numbers here and "
                "stays with its checkpoint",
                where,
            )

    @property
    def kept(self) -> dict[str, Any]:
        """Which checkpoints stay beside the last `keep`, as the classes named here are bound."""
        named = [cls for cls in (self.checkpoint_manager_cls, self.checkpointer_cls) if cls]
        of_classes = [getattr(cls(), "kept", {}) for cls in named]
        kept = {field: value for fields in of_classes for field, value in fields.items()}
        if kept.get("keep_best_by") is not None and self.keep is None:
            log.info("SaveCheckpointConfig.keep is None: all checkpoints are kept, not the best")
            del kept["keep_best_by"]
        return kept


@dataclasses.dataclass
class RestoreCheckpointConfig:
    """Where a run starts, or which checkpoints are evaluated.

    path: one, or several of which the first that exists is taken; [] is none. mode: "specific"
    (path is the checkpoint), "latest" (path is its MODEL_DIR) or "all" (evaluation only). Of
    optimizer slots and the step what fits is taken, as in T5X.
    """

    path: str | Sequence[str]
    mode: str = "latest"
    assignment_map: Sequence[tuple[str, str | None]] | None = None
    strict: bool = True
    fallback_to_scratch: bool = False
    dtype: str | None = None
    restore_dataset: bool = False
    checkpointer_cls: Any = None
    state_transformation_fns: Sequence[Any] = ()
    checkpoint_manager_cls: Any = None

    def __post_init__(self) -> None:
        where = "RestoreCheckpointConfig"
        if self.mode not in ("specific", "latest", "all"):
            raise ValueError(f"{where}.mode is {self.mode!r}: give 'specific', 'latest' or 'all'")
        only(where, "give a dtype", ("float32", "bfloat16", None), dtype=self.dtype)
        mend = "name the changes with assignment_map"
        only(where, mend, ((), []), state_transformation_fns=self.state_transformation_fns)
        only(
            where,
            "only a run's own restart goes on in its data",
            False,
            restore_dataset=self.restore_dataset,
        )
        _check_manager(where, self)

    @property
    def rules(self) -> RestoreRules:
        """Which arrays of the checkpoint become which of the model's."""
        assignments = tuple((pattern, new) for pattern, new in self.assignment_map or ())
        return RestoreRules(assignments, self.strict, self.fallback_to_scratch)

    def first_path(self) -> str | None:
        """The path that is meant: the first of several that exists; None where there is none."""
        if isinstance(self.path, str):
            return self.path
        paths = list(self.path)
        there = [path for path in paths if is_remote(path) or Path(path).expanduser().exists()]
        if paths and not there:
            raise FileNotFoundError(f"none of these checkpoints exists: {', '.join(paths)}")
        return there[0] if there else None


@dataclasses.dataclass
class CheckpointConfig:
    """Saving and restoring; None is none at all."""

    save: SaveCheckpointConfig | None = None
    restore: RestoreCheckpointConfig | None = None

    def run_config(self) -> RunCheckpointConfig:
        """The same for runs of Flan Mix. Raises NotThereError for what only evaluation knows."""
        settings: dict[str, Any] = {"saves": self.save is not None}
        if self.save is not None:
            settings |= {
                "period": self.save.period,
                "keep": self.save.keep,
                "steps": tuple(self.save.checkpoint_steps or ()),
                "save_dtype": self.save.dtype or "float32",
                **self.save.kept,
            }
        if self.restore is not None:
            only(
                "restore",
                "training starts from one",
                ("specific", "latest"),
                mode=self.restore.mode,
            )
            only(
                "restore",
                "parameters are trained in float32, whatever the model computes in",
                ("float32", None),
                dtype=self.restore.dtype,
            )
            path = self.restore.first_path()
            if path is not None and self.restore.mode == "specific":
                check_is_checkpoint(path)
            settings |= {"initial_checkpoint_path": path, "rules": self.restore.rules}
        return RunCheckpointConfig(**settings)


def check_is_checkpoint(path: str) -> None:
    """Refuses a MODEL_DIR where mode 'specific' says that the path is a checkpoint itself."""
    inside = [] if is_remote(path) else sorted(Path(path).expanduser().glob("checkpoint_*"))
    if inside:
        raise ValueError(
            f"{path} holds checkpoints and is none: give one, such as {inside[-1]}, or set "
            "utils.RestoreCheckpointConfig.mode = 'latest'"
        )


class LegacyCheckpointManager:
    """Names T5X's older way of saving; see `t5x.checkpoints`."""


class TrainStateInitializer:
    """Names what makes T5X's train states; runs here make their own."""


def get_dataset(*_: Any, **__: Any) -> Any:
    """Names T5X's input pipeline; runs here read token caches of the same task."""
    raise NotThereError("utils.get_dataset builds no tf.data here: use seqio.get_dataset")


def get_training_eval_datasets(*_: Any, **__: Any) -> Any:
    """Names T5X's evaluation pipeline; see `get_dataset`."""
    raise NotThereError("utils.get_training_eval_datasets builds no tf.data here")


def get_vocabulary(cfg: DatasetConfig) -> tuple[seqio.Vocabulary, seqio.Vocabulary]:
    """The vocabularies of a task's, or a mixture's, inputs and targets."""
    cfg.import_module()
    features = seqio.get_mixture_or_task(cfg.mixture_or_task_name).output_features
    if "targets" not in features:
        raise ValueError(f"{cfg.mixture_or_task_name} has no targets, only {sorted(features)}")
    inputs = features.get("inputs", features["targets"])
    return inputs.vocabulary, features["targets"].vocabulary


def verify_matching_vocabs(cfg: DatasetConfig, model: EncoderDecoderModel) -> None:
    """Raises ValueError where a task was tokenized with another vocabulary than the model's.

    Tasks of Flan Mix have the model's by themselves.
    """
    cfg.import_module()
    name = cfg.mixture_or_task_name
    known = is_task(name) or is_mixture(name)
    tasks = [part.task for part in resolve(name, lambda *_: 1)] if known else []
    if not tasks or not all(is_task(task) for task in tasks):
        check_vocabularies(cfg, model)


def check_vocabularies(cfg: DatasetConfig, model: EncoderDecoderModel) -> None:
    """`verify_matching_vocabs` for where SeqIO tokenizes, whoever's the tasks are."""
    name = cfg.mixture_or_task_name
    of_task = get_vocabulary(cfg)
    of_model = model.input_vocabulary, model.output_vocabulary
    if of_task != of_model:
        raise ValueError(
            f"the vocabularies of {name} are {of_task[0]} and {of_task[1]}, those of the model "
            f"{of_model[0]} and {of_model[1]}: give the model file the vocabulary of the data"
        )


def round_vocab_size_to_multiple(vocabulary: seqio.Vocabulary, divisor: int = 128) -> int:
    """The size of a vocabulary, rounded up to a multiple of `divisor`."""
    return math.ceil(vocabulary.vocab_size / divisor) * divisor


def import_module(module: str) -> None:
    """Imports a module by name, for what it registers."""
    importlib.import_module(module)


def _name_of(provider: Any) -> str:
    """The name under which a task or mixture, given as an object, is registered."""
    name = getattr(provider, "name", None)
    names = (*seqio.TaskRegistry.names(), *seqio.MixtureRegistry.names())
    if name not in names:
        raise NotThereError(f"mixture_or_task_name: {provider} is not registered with SeqIO")
    return name


def _check_manager(where: str, config: Any) -> None:
    mend = "every checkpoint is written by Flan Mix's store and read by its format"
    classes = (*_OURS, LegacyCheckpointManager)
    for name in ("checkpointer_cls", "checkpoint_manager_cls"):
        value = getattr(config, name)
        value = getattr(value, "__wrapped__", value)
        if not any(value is known or _is_subclass(value, known) for known in classes):
            raise NotThereError(f"{where}.{name} = {value} cannot be honoured: {mend}")


def _is_subclass(value: Any, known: Any) -> bool:
    return isinstance(value, type) and isinstance(known, type) and issubclass(value, known)
