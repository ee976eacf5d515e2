"""T5X's runs from its gin files: what they leave behind, starting again, evaluation, inference."""

import json
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from flan_mix.checkpoints import Format, load_parameters, open_checkpoint
from flan_mix.checkpoints.conversion import ConversionSettings, convert
from flan_mix.training import TrainState
from tests.reports.test_tensorboard_files import scalars
from tests.t5x.gin_runs import configured, t5x_names

FINETUNE = "tests/t5x/finetune.gin"


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    with t5x_names():
        yield


def train(model_dir: Path, cache: Path, *bindings: str) -> TrainState:
    settings = [f"MODEL_DIR = '{model_dir}'", f"utils.DatasetConfig.cache_dir = '{cache}'"]
    return configured("train", [FINETUNE], [*settings, *bindings])()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cache/ and model/, trained for four steps and evaluated twice."""
    folder = tmp_path_factory.mktemp("t5x")
    with t5x_names():
        train(folder / "model", folder / "cache")
    return folder


def board_tags(folder: Path) -> set[str]:
    """The names of the scalars in the event files of a folder."""
    return {tag for _, tag, _ in scalars(folder)}


def test_a_run_leaves_what_t5x_leaves(trained: Path) -> None:
    model = trained / "model"
    assert "TRAIN_STEPS = 4" in (model / "config.gin").read_text()
    assert "from t5x import models" in (model / "config.gin").read_text()
    assert "token_embedder/embedding" in (model / "model-info.txt").read_text()
    assert {p.name for p in model.glob("checkpoint_*")} == {"checkpoint_2", "checkpoint_4"}
    lines = (model / "inference_eval" / "first_word-metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4]
    assert "exact_match" in json.loads(lines[0])
    scored = (model / "inference_eval" / "first_word_scored-metrics.jsonl").read_text()
    assert json.loads(scored.splitlines()[-1])["mean_score"] < 0
    rows = (model / "inference_eval" / "first_word-000004.jsonl").read_text().splitlines()
    assert len(rows) == 6
    assert json.loads(rows[0])["input"]["inputs_pretokenized"] == "red or blue"
    assert {"target", "prediction"} <= json.loads(rows[0]).keys()


def test_metrics_have_t5x_names(trained: Path) -> None:
    model = trained / "model"
    names = {"loss", "accuracy", "cross_ent_loss", "z_loss", "loss_per_nonpadding_target_token"}
    rates = ("seqs", "steps", "target_tokens")
    once = ("init_or_restore_seconds", "train_iter_warmup", "compilation_seconds")
    timing = {
        *(f"timing/{name}_per_second" for name in rates),
        *(f"timing/{name}_per_second_per_core" for name in ("seqs", "target_tokens")),
        *(f"timing/{name}" for name in ("seconds", "seqs", "uptime", *once)),
        *(f"timing/{name}_seconds" for name in ("checkpoint", "evaluate")),
    }
    padding = ("loss_weights", "encoder", "decoder", "overall")
    further = {
        *(f"{name}_per_all_target_tokens" for name in ("loss", "cross_ent_loss", "z_loss")),
        *(f"effective_batch_size/{side}" for side in ("encoder", "decoder")),
        *(f"non_padding_fraction/{of}" for of in padding),
        *("learning_rate", "learning_rate/current", "weight_gradient_norm"),
    }
    assert names | timing | further <= board_tags(model / "train")
    found = board_tags(model / "training_eval" / "first_word")
    assert names | {"non_padding_fraction/loss_weights"} <= found
    assert not any(name.startswith("learning_rate") for name in found)
    assert "eval/exact_match" in board_tags(model / "inference_eval" / "first_word")


def test_the_written_configuration_goes_on_with_the_run(trained: Path) -> None:
    state = configured("train", [str(trained / "model" / "config.gin")], ["TRAIN_STEPS = 5"])()
    assert int(state.step) == 5


def test_steps_are_absolute_and_slots_are_restored(trained: Path, tmp_path: Path) -> None:
    start = trained / "model" / "checkpoint_4"
    bindings = [
        f"INITIAL_CHECKPOINT_PATH = '{start}'",
        "train_script.train.infer_eval_dataset_cfg = None",
        "train_script.train.train_eval_dataset_cfg = None",
    ]
    once = train(tmp_path / "a", trained / "cache", *bindings, "TRAIN_STEPS = 4")
    assert int(once.step) == 4  # Nothing to add: the checkpoint's own steps count.
    slots = once.opt_state["token_embedder"]["embedding"]
    assert float(np.abs(slots.v).max()) > 0
    rules = [
        "utils.RestoreCheckpointConfig.assignment_map = [('state.*', None)]",
        "utils.RestoreCheckpointConfig.fallback_to_scratch = True",
        "TRAIN_STEPS = 0",
    ]
    afresh = train(tmp_path / "b", trained / "cache", *bindings, *rules)
    assert int(afresh.step) == 0
    assert float(np.abs(afresh.opt_state["token_embedder"]["embedding"].v).max()) == 0
    jax.tree.map(np.testing.assert_array_equal, once.params, afresh.params)


def test_early_stopping_saves_and_ends(trained: Path, tmp_path: Path) -> None:
    gin_file = tmp_path / "stop.gin"
    gin_file.write_text(
        "from __gin__ import dynamic_registration\n"
        "import __main__ as train_script\nfrom t5x import trainer\n"
        f"include '{FINETUNE}'\n"
        "train_script.train:\n"
        "  actions = {'TRAIN_EVAL': [@trainer.EarlyStoppingAction()]}\n"
        "  infer_eval_dataset_cfg = None\n"
        "  eval_period = 1\n"
        "trainer.EarlyStoppingAction:\n"
        "  metric = ('loss', 'first_word')\n  mode = 'max'\n  patience = 1\n  atol = 1e9\n"
    )
    bindings = [
        f"MODEL_DIR = '{tmp_path / 'm'}'",
        f"utils.DatasetConfig.cache_dir = '{trained / 'cache'}'",
        "utils.SaveCheckpointConfig.period = 100",
        "utils.SaveCheckpointConfig.dtype = 'bfloat16'",
        "TRAIN_STEPS = 50",
    ]
    state = configured("train", [str(gin_file)], bindings)()
    assert int(state.step) == 2  # The first evaluation is the best; the second no better by atol.
    assert [p.name for p in (tmp_path / "m").glob("checkpoint_*")] == ["checkpoint_2"]
    # Stored as bfloat16, as asked for; restored they are float32 arrays of those values.
    stored, _ = load_parameters(tmp_path / "m" / "checkpoint_2", state.params)
    rounded = jax.tree.map(lambda x: x.astype(jnp.bfloat16).astype(jnp.float32), state.params)
    jax.tree.map(np.testing.assert_array_equal, stored, rounded)


@pytest.mark.slow
def test_the_best_checkpoints_are_kept_by_a_metric_of_any_evaluation(
    trained: Path, tmp_path: Path
) -> None:
    gin_file = tmp_path / "best.gin"
    gin_file.write_text(
        "from __gin__ import dynamic_registration\n"
        "import __main__ as train_script\nfrom t5x import checkpoints\nfrom t5x import utils\n"
        f"include '{FINETUNE}'\n"
        "train_script.train.eval_period = 1\n"
        "utils.SaveCheckpointConfig:\n"
        "  period = 1\n  keep = 2\n  checkpointer_cls = @checkpoints.SaveBestCheckpointer\n"
        "checkpoints.SaveBestCheckpointer:\n"
        "  metric_name_to_monitor = %METRIC\n  metric_mode = %MODE\n"
        "  force_keep_period = %ALWAYS\n"
    )

    def run(name: str, metric: str, mode: str, *bindings: str) -> tuple[set[int], dict[int, float]]:
        folder = tmp_path / name
        settings = [
            f"MODEL_DIR = '{folder}'",
            f"utils.DatasetConfig.cache_dir = '{trained / 'cache'}'",
            f"METRIC = '{metric}'",
            f"MODE = '{mode}'",
            *(["ALWAYS = None"] if name != "always" else ["ALWAYS = 3"]),
        ]
        configured("train", [str(gin_file)], [*settings, "TRAIN_STEPS = 7", *bindings])()
        directory, _, tag = metric.partition("/")
        if directory != "train":
            task, _, tag = tag.partition("/")
            directory = f"{directory}/{task}"
        values = {step: value for step, of, value in scalars(folder / directory) if of == tag}
        return {int(p.name[11:]) for p in folder.glob("checkpoint_*")}, values

    without = "train_script.train.infer_eval_dataset_cfg = None"
    for name, metric, mode in (
        ("train", "train/loss", "min"),
        ("eval", "training_eval/first_word/loss", "max"),
        ("always", "training_eval/first_word/loss", "max"),
    ):
        kept, values = run(name, metric, mode, without)
        judged = [step for step in range(1, 7) if name != "always" or step % 3]
        ranked = sorted(judged, key=values.__getitem__, reverse=mode == "max")
        assert kept == {*ranked[:2], 7} | ({3, 6} if name == "always" else set()), (name, values)
    kept, values = run("scores", "inference_eval/first_word_scored/eval/mean_score", "max")
    assert kept == {*sorted(range(1, 7), key=values.__getitem__)[-2:], 7}


def test_evaluation_writes_what_the_run_wrote_of_the_step(trained: Path, tmp_path: Path) -> None:
    bindings = [
        "MIXTURE_OR_TASK_NAME = 'first_words'",
        f"CHECKPOINT_PATH = '{trained / 'model'}'",
        f"EVAL_OUTPUT_DIR = '{tmp_path}'",
        "DROPOUT_RATE = 0.0",
        "utils.DatasetConfig.split = 'validation'",
        "utils.RestoreCheckpointConfig.mode = 'all'",
        "utils.DatasetConfig.batch_size = 4",
    ]
    files = ["tests/t5x/tiny.gin", "t5x/configs/runs/eval.gin"]
    results = configured("eval", files, bindings)()
    assert {2, 4} <= set(results)
    name = Path("inference_eval") / "first_word_scored-metrics.jsonl"
    scores = [
        {
            line["step"]: line["mean_score"]
            for line in map(json.loads, path.read_text().splitlines())
        }
        for path in (tmp_path / name, trained / "model" / name)
    ]
    assert scores[0][4] == pytest.approx(scores[1][4], rel=1e-5)
    assert configured("eval", files, bindings)() == {}  # mode 'all' repeats no finished step


def infer(trained: Path, output: Path, *bindings: str) -> list[dict]:
    settings = [
        "MIXTURE_OR_TASK_NAME = 'first_word'",
        "TASK_FEATURE_LENGTHS = {'inputs': 16, 'targets': 8}",
        f"CHECKPOINT_PATH = '{trained / 'model' / 'checkpoint_4'}'",
        f"INFER_OUTPUT_DIR = '{output}'",
        "DROPOUT_RATE = 0.0",
        "utils.DatasetConfig.split = 'validation'",
        "utils.DatasetConfig.batch_size = 2",
        "infer_script.infer.checkpoint_period = 1",
    ]
    files = ["tests/t5x/tiny.gin", "t5x/configs/runs/infer.gin"]
    (path,) = configured("infer", files, [*settings, *bindings])()
    assert path.with_name(f"{path.name}.COMPLETED").exists()
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_inference_answers_each_row_in_order_and_shards_add_up(
    trained: Path, tmp_path: Path
) -> None:
    lines = infer(trained, tmp_path)
    assert (tmp_path / "first_word-predict.jsonl-00000-of-00001").exists()
    assert not list(tmp_path.glob("tmp-*"))
    texts = [line["inputs"]["inputs_pretokenized"] for line in lines]
    assert texts[:2] == ["red or blue", "blue or house"] and len(texts) == 6
    assert all(isinstance(line["prediction"], str) for line in lines)
    shards = [
        infer(
            trained,
            tmp_path,
            f"infer_script.infer.shard_id = {i}",
            "infer_script.infer.num_shards = 2",
        )
        for i in range(2)
    ]
    by_text = {line["inputs"]["inputs_pretokenized"]: line for line in lines}
    for line in [line for shard in shards for line in shard]:
        assert line == by_text[line["inputs"]["inputs_pretokenized"]]
    assert sum(map(len, shards)) == 6


def test_inference_scores_and_gives_auxiliary_values(trained: Path, tmp_path: Path) -> None:
    scored = infer(trained, tmp_path, "infer_script.infer.mode = 'score'")
    assert all(line["score"] < 0 for line in scored)
    mode = "infer_script.infer.mode = 'predict_with_aux'"
    assert all("scores" in line["aux"] for line in infer(trained, tmp_path, mode))


def test_inference_reads_files_of_tfexamples(trained: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    file = tmp_path / "prompts.tfrecord"
    texts = [b"red or blue", b"tree or bird", b"stone or house"]
    with tf.io.TFRecordWriter(str(file)) as writer:
        for text in texts:
            value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))
            example = tf.train.Example(features=tf.train.Features(feature={"inputs": value}))
            writer.write(example.SerializeToString())
    bindings = [
        f"TF_EXAMPLE_FILE_PATHS = ['{file}']",
        "TF_EXAMPLE_FILE_TYPE = 'tfrecord'",
        "FEATURE_LENGTHS = {'inputs': 16, 'targets': 8}",
        f"CHECKPOINT_PATH = '{trained / 'model' / 'checkpoint_4'}'",
        f"INFER_OUTPUT_DIR = '{tmp_path}'",
        "DROPOUT_RATE = 0.0",
        "utils.DatasetConfig.batch_size = 2",
    ]
    files = ["tests/t5x/tiny.gin", "t5x/configs/runs/infer_from_tfexample_file.gin"]
    (path,) = configured("infer", files, bindings)()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["inputs"]["inputs_pretokenized"].encode() for line in lines] == texts


@pytest.mark.parametrize("form", ["t5x", "t5x-orbax", "hf"])
def test_checkpoints_of_every_format_start_training_and_answer(
    trained: Path, tmp_path: Path, form: Format
) -> None:
    start = trained / "model" / "checkpoint_4"
    made = convert(start, tmp_path / "made", ConversionSettings(form, verification="parameters"))
    steps = 0 if form == "hf" else 4
    state = train(
        tmp_path / "run",
        trained / "cache",
        f"INITIAL_CHECKPOINT_PATH = '{made.folder}'",
        "train_script.train.infer_eval_dataset_cfg = None",
        "train_script.train.train_eval_dataset_cfg = None",
        f"TRAIN_STEPS = {steps}",
    )
    assert int(state.step) == steps
    stored = open_checkpoint(start).parameters
    for name, array in flatten_dict(state.params, sep="/").items():
        np.testing.assert_array_equal(array, stored[name].read(), err_msg=name)
    answers = infer(trained, tmp_path / "answers", f"CHECKPOINT_PATH = '{made.folder}'")
    assert answers == infer(trained, tmp_path / "own")
