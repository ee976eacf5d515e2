"""gin files as users write them: what parses, and what is said about mistakes."""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import gin
import pytest

from flan_mix.inference import Decoding
from flan_mix.runs import gin_config
from flan_mix.runs.evaluate import evaluate
from flan_mix.runs.gin_config import GinConfigError
from flan_mix.runs.infer import infer
from flan_mix.runs.train import train

MODEL, RUN = "gin/models/cpu/mini.gin", "gin/runs/finetune.gin"
REQUIRED = [
    "MIXTURE_OR_TASK_NAME = 'samsum'",
    "MODEL_DIR = 'out'",
    "TASK_FEATURE_LENGTHS = {'inputs': 64, 'targets': 16}",
    "VOCABULARY_FILE = 'spiece.model'",
]


@pytest.fixture(autouse=True)
def clean_gin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """gin's configuration is one for the process; its files look for functions in __main__."""
    for function in (train, evaluate, infer):
        monkeypatch.setattr(sys.modules["__main__"], function.__name__, function, raising=False)
    gin.clear_config()
    yield
    gin.clear_config()


def message_of(bindings: list[str], files: tuple[str, ...] = (MODEL, RUN)) -> str:
    with pytest.raises(GinConfigError) as error:
        gin_config.parse(files, bindings)
    return str(error.value)


def test_flags_become_bindings_as_in_t5x() -> None:
    argv = ["train", "--gin_file=a.gin", "--gin.TRAIN_STEPS=10", "--gin.train/x.Y.seed = None"]
    assert gin_config.rewrite_flags(argv) == [
        "train",
        "--gin_file=a.gin",
        "--gin_bindings=TRAIN_STEPS = 10",
        "--gin_bindings=train/x.Y.seed = None",
    ]


@pytest.mark.parametrize("order", [(MODEL, RUN), (RUN, MODEL)], ids=["model first", "run first"])
def test_a_model_and_a_run_parse_in_either_order(order: tuple[str, str]) -> None:
    gin_config.parse(order, REQUIRED)
    assert gin.config.query_parameter("Trainer.num_microbatches") is not None


def test_all_required_macros_that_are_missing_are_named_at_once() -> None:
    message = message_of([])
    for name in ("MIXTURE_OR_TASK_NAME", "MODEL_DIR", "TASK_FEATURE_LENGTHS", "VOCABULARY_FILE"):
        assert f"--gin.{name}=" in message


def test_a_misspelt_macro_on_the_command_line_names_the_right_one() -> None:
    assert "Did you mean TRAIN_STEPS" in message_of([*REQUIRED, "TRIAN_STEPS = 5"])


def test_a_misspelt_macro_in_a_file_names_the_right_one(tmp_path: Path) -> None:
    overlay = tmp_path / "mine.gin"
    overlay.write_text("BATCHSIZE = 8\n")
    assert "Meant BATCH_SIZE?" in message_of(REQUIRED, (MODEL, RUN, str(overlay)))


def test_a_misspelt_parameter_names_the_right_one() -> None:
    message = message_of([*REQUIRED, "train/datasets.DatasetConfig.bach_size = 8"])
    assert "bach_size" in message and "Did you mean batch_size?" in message


def test_a_misspelt_configurable_names_the_right_one() -> None:
    message = message_of([*REQUIRED, "datset.DatasetConfig.seed = 8"])
    assert "Did you mean flan_mix.runs.datasets.DatasetConfig?" in message


def test_a_macro_that_is_used_and_never_set_is_refused(tmp_path: Path) -> None:
    overlay = tmp_path / "mine.gin"
    overlay.write_text("BATCH_SIZE = %BATCH_SISE\n")
    assert "%BATCH_SISE is referred to" in message_of(REQUIRED, (MODEL, RUN, str(overlay)))


def test_the_written_configuration_parses_to_the_same_again(tmp_path: Path) -> None:
    gin_config.parse((MODEL, RUN), [*REQUIRED, "TRAIN_STEPS = 7"])
    gin_config.write_config(tmp_path)
    text = gin.config_str(max_line_length=100)
    gin.clear_config()
    gin_config.parse([str(tmp_path / "config.gin")])
    assert gin.config_str(max_line_length=100) == text
    assert "TRAIN_STEPS = 7" in text


def run_bindings(run: str) -> list[str]:
    own = {
        "finetune": REQUIRED,
        "eval": [REQUIRED[0], REQUIRED[3], "CHECKPOINT_PATH = 'c'"],
        "infer": [REQUIRED[3], "CHECKPOINT_PATH = 'c'", "INFER_OUTPUT_DIR = 'o'"],
    }
    return own[run]


@pytest.mark.parametrize("run", ["finetune", "eval", "infer"])
def test_every_run_decodes_as_the_macros_say(run: str) -> None:
    parse = functools.partial(gin_config.parse, [MODEL, f"gin/runs/{run}.gin"])
    parse(run_bindings(run))
    assert gin.get_configurable(Decoding)() == Decoding()
    function = {"finetune": "train", "eval": "evaluate", "infer": "infer"}[run]
    bound = gin.config.query_parameter(f"{function}.decoding")
    assert bound.configurable.wrapped is Decoding and bound.evaluate
    gin.clear_config()
    parse(
        [
            *run_bindings(run),
            "DECODING = 'beam'",
            "NUM_BEAMS = 3",
            "LENGTH_PENALTY = 1.0",
            "BEAM_RULES = 'hugging_face'",
            "NUM_RETURN = 2",
            "TARGETS_PROMPT = 'So'",
            "STOP_STRINGS = ['.', ';']",
        ]
    )
    assert gin.get_configurable(Decoding)() == Decoding(
        method="beam",
        num_beams=3,
        length_penalty=1.0,
        beam_rules="hugging_face",
        num_return=2,
        prompt="So",
        stop=(".", ";"),
    )
    gin.clear_config()
    parse([*run_bindings(run), "DECODING = 'sample'", "TEMPERATURE = 0.7", "TOP_K = 9"])
    gin_config.parse([], ["TOP_P = 0.9", "RANDOM_SEED = 5"])
    assert gin.get_configurable(Decoding)() == Decoding(
        method="sample", temperature=0.7, top_k=9, top_p=0.9, seed=5
    )
