"""`from t5x import …` finds Flan Mix's modules, and says what is not there."""

import importlib
import sys

import pytest

from flan_mix.t5x import finder
from flan_mix.t5x.not_there import NotThereError
from tests.t5x.gin_runs import t5x_names

MODULES = [
    "adafactor",
    "checkpoints",
    "decoding",
    "eval",
    "examples.t5.network",
    "gin_utils",
    "infer",
    "losses",
    "models",
    "optimizers",
    "partitioning",
    "train",
    "train_state",
    "trainer",
    "utils",
]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_t5x_is_ours_under_its_name(name: str) -> None:
    with t5x_names():
        theirs = importlib.import_module(f"t5x.{name}")
        ours = importlib.import_module(f"flan_mix.t5x.{name}")
        assert theirs is ours
        assert ours.__spec__ is not None and ours.__spec__.name == f"flan_mix.t5x.{name}"


def test_the_names_are_gone_where_no_entry_point_gave_them() -> None:
    with t5x_names():
        importlib.import_module("t5x.losses")
        assert "t5x.losses" in sys.modules
    if finder.installed_t5x() is None:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("t5x.losses")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("t5x.contrib.moe.models", "mixtures of experts"),
        ("t5x.export_lib", "SavedModel"),
        ("t5x.precompile", "--check"),
        ("t5x.examples.decoder_only.network", "decoder-only"),
        ("t5x.examples.scalable_t5.network", "scanned"),
        ("t5x.nowhere", "no t5x.nowhere"),
    ],
)
def test_a_part_that_is_not_there_says_what_it_is(name: str, what: str) -> None:
    with t5x_names(), pytest.raises(ModuleNotFoundError, match=what):
        importlib.import_module(name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("models", "DecoderOnlyModel"),
        ("optimizers", "MultiOptimizer"),
        ("adafactor", "HParamMap"),
        ("utils", "override_params_axes_names"),
    ],
)
def test_a_name_that_is_not_there_is_refused_where_it_is_named(module: str, name: str) -> None:
    with pytest.raises(NotThereError, match=name):
        getattr(importlib.import_module(f"flan_mix.t5x.{module}"), name)
    with pytest.raises(AttributeError):
        importlib.import_module(f"flan_mix.t5x.{module}").no_such_name  # noqa: B018
