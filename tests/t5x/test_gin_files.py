"""gin files as T5X users have them: those at T5X's paths, and every binding of its surface."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gin
import pytest

from flan_mix.inference import Decoding
from flan_mix.models import T5Config, parameter_count
from flan_mix.runs.gin_config import GinConfigError
from flan_mix.training import Adafactor, Partitioner
from tests.t5x.gin_runs import REQUIRED, configured, t5x_names

FILES = Path(__file__).resolve().parents[2] / "gin" / "t5x"

# Parameters of the published models (and of T5X's tiny ones).
COUNTS = {
    "t5_1_1/tiny": 518_240,
    "t5_1_1/small": 76_961_152,
    "t5_1_1/base": 247_577_856,
    "t5_1_1/large": 783_150_080,
    "t5_1_1/xl": 2_849_757_184,
    "t5_1_1/xxl": 11_135_332_352,
    "t5_1_0/small": 60_506_624,
    "t5_1_0/base": 222_903_552,
    "t5_1_0/large": 737_668_096,
    "t5_1_0/3B": 2_851_598_336,
    "t5_1_0/11B": 11_307_321_344,
    "mt5/small": 300_176_768,
    "mt5/base": 582_401_280,
    "mt5/large": 1_229_581_312,
    "mt5/xl": 3_742_619_648,
    "mt5/xxl": 12_921_057_280,
    "byt5/small": 299_637_760,
    "byt5/base": 581_653_248,
    "byt5/large": 1_228_183_552,
    "byt5/xl": 3_737_801_728,
    "byt5/xxl": 12_906_899_328,
}

# One file that binds what the runs and models of T5X bind (reference: its gin files and docs).
EVERYTHING = """
from __gin__ import dynamic_registration
import __main__ as train_script
import seqio
import optax
from t5x import adafactor
from t5x import checkpoints
from t5x import decoding
from t5x import gin_utils
from t5x import models
from t5x import optimizers
from t5x import partitioning
from t5x import trainer
from t5x import utils
from t5x.examples.t5 import network
from tests.t5x import seqio_tasks

include 't5x/examples/t5/t5_1_1/small.gin'
include 't5x/configs/runs/finetune.gin'

DROPOUT_RATE = 0.1
LOSS_NORMALIZING_FACTOR = 'NUM_REAL_TARGET_TOKENS'
train_script.train:
  actions = {'TRAIN_EVAL': [@trainer.TerminateOnNanAction(), @trainer.EarlyStoppingAction()]}
  concurrent_metrics = False
  gc_period = 100
  get_dataset_fn = @utils.get_dataset
  run_eval_before_training = True
  stats_period = 50
  train_eval_get_dataset_fn = @utils.get_training_eval_datasets
  train_state_initializer_cls = @utils.TrainStateInitializer
  use_orbax = False
  verify_matching_vocabs_fn = @utils.verify_matching_vocabs
trainer.TerminateOnNanAction:
  task = 'first_word'
  metric = 'loss'
trainer.EarlyStoppingAction:
  metric = ('accuracy', 'first_word')
  mode = 'max'
  patience = 5
  atol = 0.1
  rtol = 0.01
trainer.Trainer.num_microbatches = 2
trainer.Trainer.weight_metrics_computer = @trainer.WeightMetricsComputer()
partitioning.PjitPartitioner:
  num_partitions = 2
  model_parallel_submesh = None
  params_on_devices = True
  backend = None
  ici_mesh_shape = None
  dcn_mesh_shape = None
partitioning.standard_logical_axis_rules:
  activation_partitioning_dims = 1
  parameter_partitioning_dims = 2
  additional_rules = None
utils.DatasetConfig:
  use_custom_packing_ops = False
  use_memory_cache = True
  trim_output_features = True
utils.RestoreCheckpointConfig:
  mode = 'latest'
  assignment_map = [('state/param_states.*', None)]
  strict = False
  fallback_to_scratch = True
  restore_dataset = False
  checkpointer_cls = @checkpoints.Checkpointer
  state_transformation_fns = ()
utils.SaveCheckpointConfig:
  checkpoint_steps = [7, 9]
  dtype = 'bfloat16'
  keep = 3
  keep_dataset_checkpoints = 2
  save_dataset = True
  checkpointer_cls = @checkpoints.Checkpointer
utils.create_learning_rate_scheduler:
  factors = 'linear_decay'
  base_learning_rate = 0.001
  warmup_steps = 1001000
  decay_factor = 1.67e-5
  steps_per_decay = 20000
  steps_per_cycle = 100000
  step_offset = 0
  min_learning_rate = 1e-5
models.EncoderDecoderModel:
  decode_fn = @decoding.temperature_sample
  default_decoder_params = {'temperature': 0.5, 'topk': 20}
models.EncoderDecoderModel.predict_batch_with_aux:
  num_decodes = 4
  return_all_decodes = True
  prompt_with_targets = False
decoding.temperature_sample:
  topp = 0.0
  rescale_log_probs = False
decoding.beam_search.alpha = 0.0
adafactor.Adafactor:
  beta1 = None
  clipping_threshold = 1.0
  epsilon1 = 1e-30
  epsilon2 = 1e-3
  factored = True
  min_dim_size_to_factor = 128
  multiply_by_parameter_scale = True
  weight_decay_rate = None
  global_norm_clip_threshold = 1.0
network.T5Config:
  float32_attention_logits = True
seqio.Evaluator.num_examples = 3
"""


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    with t5x_names():
        yield


def parsed(mode: str, *files: str, bindings: list[str] | None = None) -> dict[str, Any]:
    return gin.get_bindings(configured(mode, files, REQUIRED if bindings is None else bindings))


def test_every_published_size_is_a_file_at_t5x_path_with_its_parameter_count() -> None:
    for name, count in COUNTS.items():
        configured(
            "train", [f"t5x/examples/t5/{name}.gin", "t5x/configs/runs/finetune.gin"], REQUIRED
        )
        config = gin.get_configurable(T5Config)()
        assert parameter_count(config) == count, name
        assert config.dtype == "bfloat16"
        assert config.logits_via_embedding == name.startswith("t5_1_0")
    there = {
        p.relative_to(FILES / "examples/t5").with_suffix("").as_posix()
        for p in FILES.glob("examples/t5/*/*.gin")
    }
    assert there == set(COUNTS) | {"t5_1_0/tiny"}


def test_finetune_has_t5x_values() -> None:
    found = parsed("train", "t5x/examples/t5/t5_1_1/tiny.gin", "t5x/configs/runs/finetune.gin")
    train, train_eval, infer_eval = (
        found[f"{name}_dataset_cfg"] for name in ("train", "train_eval", "infer_eval")
    )
    assert (train.split, train.batch_size, train.shuffle, train.pack) == ("train", 128, True, True)
    assert (train.use_cached, train.seed) == (True, None)
    assert (train_eval.split, train_eval.seed, train_eval.pack) == ("validation", 42, True)
    assert (infer_eval.task_feature_lengths, infer_eval.pack) == (None, False)
    assert (found["eval_steps"], found["eval_period"], found["total_steps"]) == (20, 1000, 4)
    save, restore = found["checkpoint_cfg"].save, found["checkpoint_cfg"].restore
    assert (save.period, save.keep, save.dtype, save.save_dataset) == (5000, None, "float32", False)
    assert (restore.mode, restore.dtype) == ("specific", "float32")
    trainer = found["trainer_cls"]()
    assert trainer.num_microbatches is None
    assert float(trainer.learning_rate_fn(5)) == pytest.approx(0.001)
    assert isinstance(found["partitioner"], Partitioner)
    model = found["model"]
    assert model.optimizer_def == Adafactor()
    assert model.input_vocabulary.sentencepiece_model_file == (
        "gs://t5-data/vocabs/cc_all.32000.100extra/sentencepiece.model"
    )


def test_pretrain_has_t5x_values() -> None:
    bindings = [b for b in REQUIRED if "INITIAL" not in b]
    found = parsed(
        "train",
        "t5x/examples/t5/t5_1_1/tiny.gin",
        "t5x/configs/runs/pretrain.gin",
        bindings=bindings,
    )
    assert found["infer_eval_dataset_cfg"] is None
    assert found["checkpoint_cfg"].run_config().initial_checkpoint_path is None
    assert found["checkpoint_cfg"].save.period == 1000
    assert float(found["trainer_cls"]().learning_rate_fn(40000)) == pytest.approx(0.005)


def test_eval_and_infer_have_t5x_values() -> None:
    model = "t5x/examples/t5/byt5/small.gin"
    shared = ["MIXTURE_OR_TASK_NAME = 'x'", "CHECKPOINT_PATH = 'c'", "DROPOUT_RATE = 0.0"]
    found = parsed(
        "eval", model, "t5x/configs/runs/eval.gin", bindings=[*shared, "EVAL_OUTPUT_DIR = 'o'"]
    )
    of = found["dataset_cfg"]
    assert (of.split, of.batch_size, of.seed, of.use_cached) == ("test", 32, 42, False)
    assert found["restore_checkpoint_cfg"].dtype is None
    lengths = "TASK_FEATURE_LENGTHS = {'inputs': 8, 'targets': 8}"
    found = parsed(
        "infer",
        model,
        "t5x/configs/runs/infer.gin",
        bindings=[*shared, lengths, "INFER_OUTPUT_DIR = 'o'"],
    )
    assert (found["mode"], found["checkpoint_period"]) == ("predict", 100)
    assert (found["shard_id"], found["num_shards"]) == (0, 1)
    assert found["restore_checkpoint_cfg"].dtype == "bfloat16"


def test_a_file_that_binds_all_of_the_surface_parses_and_is_honoured(tmp_path: Path) -> None:
    file = tmp_path / "everything.gin"
    file.write_text(EVERYTHING)
    found = parsed("train", str(file))
    run = found["checkpoint_cfg"].run_config()
    assert (run.steps, run.keep, run.save_dtype) == ((7, 9), 3, "bfloat16")
    assert (run.rules.strict, run.rules.fallback_to_scratch) == (False, True)
    assert run.rules.assignment_map == (("state/param_states.*", None),)
    assert found["partitioner"].num_partitions == 2
    assert ("embed", "data") in found["partitioner"].rules
    assert found["model"].optimizer_def.global_norm_clip_threshold == 1.0
    trainer = found["trainer_cls"]()
    assert (trainer.num_microbatches, trainer.log_weights) == (2, True)
    # linear_decay: base * min(s / w, 1 + decay_factor * (w - s))
    assert float(trainer.learning_rate_fn(1_021_000)) == pytest.approx(
        0.001 * (1 + 1.67e-5 * (1_001_000 - 1_021_000)), rel=1e-4
    )
    assert [type(a).__name__ for a in found["actions"]["TRAIN_EVAL"]] == [
        "TerminateOnNanAction",
        "EarlyStoppingAction",
    ]


KEEPING = """
from __gin__ import dynamic_registration
import __main__ as train_script
from t5x import checkpoints
from t5x import utils
include 't5x/examples/t5/t5_1_1/tiny.gin'
include 't5x/configs/runs/finetune.gin'
utils.SaveCheckpointConfig.keep = 3
"""


@pytest.mark.parametrize(
    ("binding", "kept"),
    [
        (
            "utils.SaveCheckpointConfig.checkpointer_cls = @checkpoints.SaveBestCheckpointer",
            (None, "train/accuracy", "max", True),
        ),
        (
            "utils.SaveCheckpointConfig.checkpointer_cls = @checkpoints.SaveBestCheckpointer\n"
            "checkpoints.SaveBestCheckpointer:\n"
            "  metric_name_to_monitor = 'inference_eval/first_word/eval/exact_match'\n"
            "  metric_mode = 'min'\n"
            "  keep_checkpoints_without_metrics = False\n"
            "  force_keep_period = 500\n",
            (500, "inference_eval/first_word/eval/exact_match", "min", False),
        ),
        (
            "utils.SaveCheckpointConfig.checkpointer_cls = @checkpoints.Checkpointer\n"
            "checkpoints.Checkpointer.force_keep_period = 400\n",
            (400, None, "max", True),
        ),
        (
            "utils.SaveCheckpointConfig.checkpoint_manager_cls = "
            "@checkpoints.OrbaxCheckpointManagerInterface\n"
            "checkpoints.OrbaxCheckpointManagerInterface.metric_name_to_monitor = 'train/loss'\n",
            (None, "train/loss", "max", True),
        ),
    ],
)
def test_what_is_kept_is_said_by_the_checkpointers_of_t5x(
    tmp_path: Path, binding: str, kept: tuple
) -> None:
    file = tmp_path / "keeping.gin"
    file.write_text(KEEPING + binding)
    run = parsed("train", str(file))["checkpoint_cfg"].run_config()
    assert (run.keep_period, run.keep_best_by, run.best_mode, run.keeps_unmeasured) == kept
    assert run.keep == 3


@pytest.mark.parametrize(
    ("binding", "what"),
    [
        ("checkpoints.SaveBestCheckpointer.metric_mode = 'most'", "'most': 'max' or 'min'"),
        ("checkpoints.SaveBestCheckpointer.metric_name_to_monitor = 'acc'", "kept by 'acc'"),
        ("checkpoints.SaveBestCheckpointer.keep = 2", "utils.SaveCheckpointConfig"),
    ],
)
def test_a_checkpointer_that_cannot_choose_is_refused(
    tmp_path: Path, binding: str, what: str
) -> None:
    file = tmp_path / "keeping.gin"
    cls = "utils.SaveCheckpointConfig.checkpointer_cls = @checkpoints.SaveBestCheckpointer\n"
    file.write_text(KEEPING + cls + binding)
    found = parsed("train", str(file))
    with pytest.raises((ValueError, NotImplementedError), match=what):
        found["checkpoint_cfg"].run_config()


def test_local_tiny_goes_over_any_model_and_run() -> None:
    found = parsed(
        "train",
        "t5x/examples/t5/t5_1_1/xxl.gin",
        "t5x/configs/runs/finetune.gin",
        "t5x/examples/t5/local_tiny.gin",
        bindings=REQUIRED[:3] + REQUIRED[4:],
    )
    run = found["checkpoint_cfg"].run_config()
    assert not run.saves and run.initial_checkpoint_path is None
    assert found["total_steps"] == 3
    assert parameter_count(found["model"].module.config) == COUNTS["t5_1_1/tiny"]


def test_optax_optimizers_are_chained_as_in_t5x(tmp_path: Path) -> None:
    file = tmp_path / "adamw.gin"
    file.write_text(
        "from __gin__ import dynamic_registration\n"
        "import optax\nfrom t5x import optimizers\n"
        "include 't5x/examples/t5/t5_1_1/tiny.gin'\n"
        "include 't5x/configs/runs/finetune.gin'\n"
        "OPTIMIZER = @optimizers.chain()\n"
        "optimizers.chain.transformations = [@optax.clip(), @optax.adamw()]\n"
        "optax.clip.max_delta = 1.0\n"
        "optax.adamw.learning_rate = @optax.warmup_cosine_decay_schedule()\n"
        "optax.warmup_cosine_decay_schedule:\n"
        "  init_value = 0.0\n  peak_value = 1e-4\n  warmup_steps = 10\n"
        "  decay_steps = %TRAIN_STEPS\n  end_value = 0.0\n"
    )
    bindings = [*REQUIRED[:3], "TRAIN_STEPS = 100", *REQUIRED[4:]]
    found = parsed("train", str(file), bindings=bindings)
    assert found["model"].optimizer_def.build().update is not None


@pytest.mark.parametrize(
    ("binding", "what"),
    [
        ("partitioning.PjitPartitioner.ici_mesh_shape = (2, 1, 1)", "ici_mesh_shape"),
        ("adafactor.Adafactor.skip_nan_updates = True", "skip_nan_updates"),
        ("utils.RestoreCheckpointConfig.restore_dataset = True", "restore_dataset"),
        ("utils.SaveCheckpointConfig.dtype = 'float16'", "dtype"),
        ("train/utils.DatasetConfig.trim_output_features = False", "trim_output_features"),
    ],
)
def test_a_keyword_that_cannot_be_honoured_is_refused_by_name(binding: str, what: str) -> None:
    files = ["t5x/examples/t5/t5_1_1/tiny.gin", "t5x/configs/runs/finetune.gin"]
    function = configured("train", files, [*REQUIRED, binding])
    with pytest.raises(NotImplementedError, match=what):
        gin.get_bindings(function)


def test_a_run_of_t5x_that_is_not_there_is_named_with_what_there_is() -> None:
    with pytest.raises(GinConfigError, match=r"t5x/configs/runs/export.gin is not among"):
        configured("infer", ["t5x/configs/runs/export.gin"], [])


def test_beam_search_settings_of_a_gin_file_reach_the_decoder() -> None:
    from flan_mix.t5x import decoding

    settings = decoding.settings_of(decoding.beam_search, num_decodes=4, alpha=0.0)
    assert settings.decoding == Decoding(method="beam", num_beams=4, length_penalty=0.0)
    assert decoding.settings_of(decoding.temperature_sample).decoding == Decoding()
    sampled = decoding.settings_of(decoding.temperature_sample, topk=0, topp=0.9, num_decodes=3)
    assert (sampled.decoding.top_p, sampled.decoding.num_return) == (0.9, 3)
