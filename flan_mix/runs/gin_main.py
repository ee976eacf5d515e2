"""What every gin entry point does: read T5X's flags, parse, check, log, and call its function."""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gin
from absl import app, flags
from absl import logging as absl_logging

from flan_mix.runs import checking, compilation_cache, gin_config, processes

log = logging.getLogger(__name__)

Choose = Callable[[Sequence[str], Sequence[str]], Callable[..., Any]]
"""gin files and where they are looked for -> the function to run, a member of `__main__`."""

_overrides: dict[str, Any] = {}


@dataclass(frozen=True)
class Instead:
    """What is done with a configured function instead of running it, without devices.

    stand_ins: see `gin_config.parse`. A ValueError is an error in the configuration.
    """

    action: Callable[[Callable[..., Any]], None]
    stand_ins: Mapping[str, object]


def main(
    choose: Callable[..., Any] | Choose, *, by_files: bool = False, instead: Instead | None = None
) -> None:
    """Runs a function, a member of `__main__`, with the arguments that gin binds to it.

    choose: the function, or with `by_files` what chooses it by the gin files. Exits with status 2
    and one clear message when the configuration is wrong.
    """
    _define_flags()
    app.run(
        lambda _: _run(choose if by_files else lambda *_: choose, instead),
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
    flags.DEFINE_bool("dry_run", False, "Parse and log the configuration; run nothing.")
    flags.DEFINE_bool(
        "check",
        False,
        "Build model, partitioner and data sets without data or memory; run nothing.",
    )
    flags.DEFINE_string("tfds_data_dir", None, "Where TFDS finds and puts data, for SeqIO tasks.")
    flags.DEFINE_list("seqio_additional_cache_dirs", [], "Further folders of SeqIO's own caches.")
    compilation_cache.define_flag()
    processes.define_flags()


def _run(choose: Choose, instead: Instead | None) -> None:
    set_up_logging()
    # TensorFlow, where it has to be loaded, would otherwise fill the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    given = flags.FLAGS
    runs = not given.dry_run and not given.check and instead is None
    if given.check or instead is not None:
        checking.use_no_devices()
    try:
        if runs:
            processes.join()
            # Of several processes, which must run the same programs, only on request.
            if given.compilation_cache or not given.multiprocess_gpu:
                compilation_cache.use(given.compilation_cache)
        function = choose(given.gin_file or (), given.gin_search_paths)
        stand_ins = instead.stand_ins if instead is not None else {}
        configure(given.gin_file, given.gin_bindings, given.gin_search_paths, stand_ins)
        _tell_seqio(given.tfds_data_dir, given.seqio_additional_cache_dirs)
        if given.check:
            checking.check(function)
        elif instead is not None and not given.dry_run:
            instead.action(function)
    except (gin_config.GinConfigError, ValueError, ImportError, NotImplementedError) as error:
        # Past the configuration, an error belongs to the run and keeps its traceback.
        print(f"Error in the gin configuration: {error}", file=sys.stderr)
        sys.exit(2)
    if given.dry_run:
        for line in gin.config_str(max_line_length=100).splitlines():
            log.info("%s", line)
    if runs:
        gin.get_configurable(function)(**_overrides)


def override(**keywords: Any) -> None:
    """Gives the function these keywords, whatever gin binds: for flags that stand for one."""
    _overrides.update(keywords)


def _tell_seqio(tfds_data_dir: str | None, cache_dirs: Sequence[str]) -> None:
    if not tfds_data_dir and not cache_dirs:
        return
    import seqio

    if tfds_data_dir:
        seqio.set_tfds_data_dir_override(str(Path(tfds_data_dir).expanduser()))
    if cache_dirs:
        seqio.add_global_cache_dirs(list(cache_dirs))


def configure(
    gin_files: Sequence[str] | None,
    bindings: Sequence[str],
    search_paths: Sequence[str],
    stand_ins: Mapping[str, object] | None = None,
) -> None:
    """Parses and checks the configuration. Raises GinConfigError."""
    if not gin_files:
        raise gin_config.GinConfigError(
            "no --gin_file: give a model and a run, such as --gin_file=gin/models/cpu/tiny.gin "
            "--gin_file=gin/runs/finetune.gin"
        )
    gin_config.parse(gin_files, bindings, search_paths, stand_ins)
