"""What every gin entry point does: read T5X's flags, parse, check, log, and call its function."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import gin
from absl import app, flags
from absl import logging as absl_logging

from flan_mix.runs import gin_config

log = logging.getLogger(__name__)


def main(function: Callable[..., Any]) -> None:
    """Runs `function`, a member of `__main__`, with the arguments that gin binds to it.

    Exits with status 2 and one clear message when the configuration is wrong.
    """
    _define_flags()
    app.run(
        lambda _: _run(function),
        argv=sys.argv,
        flags_parser=lambda argv: app.parse_flags_with_usage(gin_config.rewrite_flags(argv)),
    )


def set_up_logging() -> None:
    """Our own log lines from INFO on; those of libraries from WARNING on."""
    absl_logging.set_verbosity(absl_logging.WARNING)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("flan_mix")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def _define_flags() -> None:
    flags.DEFINE_multi_string("gin_file", None, "A gin file; repeat for several, in order.")
    flags.DEFINE_multi_string(
        "gin_bindings", [], "A binding such as 'TRAIN_STEPS = 10'; also --gin.TRAIN_STEPS=10."
    )
    flags.DEFINE_list("gin_search_paths", ["."], "Where gin files are looked for, by comma.")


def _run(function: Callable[..., Any]) -> None:
    set_up_logging()
    try:
        configure(flags.FLAGS.gin_file, flags.FLAGS.gin_bindings, flags.FLAGS.gin_search_paths)
    except gin_config.GinConfigError as error:
        print(f"Error in the gin configuration: {error}", file=sys.stderr)
        sys.exit(2)
    gin.get_configurable(function)()


def configure(
    gin_files: Sequence[str] | None, bindings: Sequence[str], search_paths: Sequence[str]
) -> None:
    """Parses and checks the configuration. Raises GinConfigError."""
    if not gin_files:
        raise gin_config.GinConfigError(
            "no --gin_file: give a model and a run, such as --gin_file=gin/models/cpu/tiny.gin "
            "--gin_file=gin/runs/finetune.gin"
        )
    # TensorFlow, where a cache must be built, would otherwise fill the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    gin_config.parse(gin_files, bindings, search_paths)
