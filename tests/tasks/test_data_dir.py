"""Where the datasets are looked for: the gin macro, else the environment."""

import gin
import pytest

from flan_mix.tasks.data_dir import NAME, data_dir


@pytest.fixture(autouse=True)
def clean_gin():
    gin.clear_config()
    yield
    gin.clear_config()


def test_the_environment_names_the_folder(monkeypatch):
    monkeypatch.setenv(NAME, "/from/environment")
    assert data_dir() == "/from/environment"


def test_the_folder_is_looked_up_anew_each_time(monkeypatch):
    monkeypatch.setenv(NAME, "/first")
    data_dir()
    monkeypatch.setenv(NAME, "/second")
    assert data_dir() == "/second"


def test_the_gin_macro_comes_before_the_environment(monkeypatch):
    monkeypatch.setenv(NAME, "/from/environment")
    _bind(f"{NAME} = '/from/gin'")
    assert data_dir() == "/from/gin"


def test_a_macro_of_none_leaves_it_to_the_environment(monkeypatch):
    monkeypatch.setenv(NAME, "/from/environment")
    _bind(f"{NAME} = None")
    assert data_dir() == "/from/environment"


def test_a_macro_that_is_no_path_is_refused():
    _bind("OTHER = '/x'", f"{NAME} = %OTHER")
    with pytest.raises(ValueError, match="must be a path in quotes"):
        data_dir()


def test_when_nothing_names_the_folder_the_error_says_how_to(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(ValueError, match=f"--gin.{NAME}="):
        data_dir()


def _bind(*bindings):
    gin.parse_config_files_and_bindings([], bindings, finalize_config=False)
