"""gin for the entry points: T5X's flags, and mistakes found before any work starts.

`--gin_file` (repeatable), `--gin_bindings`, `--gin.NAME=value` and `--gin_search_paths` mean
what they mean in T5X. gin itself accepts a misspelt macro in silence; `parse` refuses it and
names the nearest one.
"""

import contextlib
import difflib
import inspect
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import gin
import gin.config as gin_internals

PACKAGE = Path(__file__).resolve().parent.parent
PACKAGE_SEARCH_PATHS = (str(PACKAGE), str(PACKAGE / "gin"))
"""Where gin files are looked for last: `gin/runs/…` are ours, `t5x/…` have T5X's paths."""

_MACRO = "gin.macro"


class GinConfigError(ValueError):
    """A mistake in the gin files or flags, with where it is and how to mend it."""


def rewrite_flags(argv: Sequence[str]) -> list[str]:
    """Turns `--gin.NAME=value` into `--gin_bindings=NAME = value`, as T5X does."""
    rewritten = []
    for argument in argv:
        match = re.fullmatch(r"--?gin\.([^=\s]+)\s*=\s*(.*)", argument, flags=re.DOTALL)
        rewritten.append(f"--gin_bindings={match[1]} = {match[2]}" if match else argument)
    return rewritten


def parse(
    gin_files: Sequence[str],
    bindings: Sequence[str] = (),
    search_paths: Iterable[str] = (".",),
    stand_ins: Mapping[str, object] | None = None,
) -> None:
    """Parses files, then bindings, and checks the whole before anything runs.

    A path is looked for under `search_paths` and in the package (`gin/runs/finetune.gin` and
    `t5x/configs/runs/finetune.gin` work from any folder). stand_ins: values of macros that what is
    done does not need, taken where a file refers to them. Raises GinConfigError.
    """
    for path in [*search_paths, *PACKAGE_SEARCH_PATHS]:
        gin.add_config_file_search_path(path)
    try:
        with _no_word_of_the_search():
            gin.parse_config_files_and_bindings(list(gin_files), None, finalize_config=False)
        before = _defined_macros() | _referenced_macros()
        for binding in bindings:
            _check_flag_macro(binding, before)
            gin.config.parse_config(binding)
        for name in (stand_ins or {}).keys() & before:
            gin.bind_parameter(f"{name}/{_MACRO}.value", (stand_ins or {})[name])
    except GinConfigError:
        raise
    except Exception as error:
        raise GinConfigError(_with_nearest(error)) from error
    _check_macros()


@contextlib.contextmanager
def _no_word_of_the_search() -> Iterator[None]:
    """Inside, gin does not log each place in which a file that it finds elsewhere is not."""

    def is_told(record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Path not found")

    root = logging.getLogger()
    root.addFilter(is_told)
    try:
        yield
    finally:
        root.removeFilter(is_told)


def write_config(model_dir: Path) -> None:
    """Writes the configuration as parsed to MODEL_DIR/config.gin, which parses again."""
    (model_dir / "config.gin").write_text(gin.config_str(max_line_length=100))


def _defined_macros() -> set[str]:
    return {scope for scope, selector in gin_internals._CONFIG if selector == _MACRO}


def _macro_values() -> dict[str, object]:
    return {
        scope: bound.get("value")
        for (scope, selector), bound in gin_internals._CONFIG.items()
        if selector == _MACRO
    }


def _referenced_macros() -> set[str]:
    references = gin_internals.iterate_references(gin_internals._CONFIG)
    names = (reference.scoped_selector for reference in references)
    return {name.removesuffix("/" + _MACRO) for name in names if name.endswith(_MACRO)}


def _check_flag_macro(binding: str, known: set[str]) -> None:
    """Refuses `--gin.TRIAN_STEPS=…`: a macro that no gin file defines or refers to."""
    name = binding.split("=", 1)[0].strip()
    if re.fullmatch(r"[A-Za-z_]\w*", name) and name not in known:
        raise GinConfigError(
            f"--gin.{name}: no gin file knows a macro {name}." + _nearest(name, known)
        )


def _check_macros() -> None:
    """Refuses misspelt macros in files, references to nothing, and values still missing."""
    defined, referenced = _defined_macros(), _referenced_macros()
    for name in sorted(referenced - defined):
        raise GinConfigError(
            f"%{name} is referred to and never given a value." + _nearest(name, defined)
        )
    for name in sorted(defined - referenced):
        near = difflib.get_close_matches(name, referenced, 1, cutoff=0.85)
        if near:
            raise GinConfigError(f"{name} = … sets a macro that nothing uses. Meant {near[0]}?")
    missing = sorted(
        name for name, value in _macro_values().items() if name in referenced and _is_missing(value)
    )
    if missing:
        flags = " ".join(f"--gin.{name}=…" for name in missing)
        raise GinConfigError(f"these macros have no value yet: {', '.join(missing)}; add {flags}")


def _is_missing(value: object) -> bool:
    """Whether a macro is still `%gin.REQUIRED`, which gin keeps as a reference."""
    if isinstance(value, gin_internals.ConfigurableReference):
        return value.scoped_selector.startswith("gin.REQUIRED/")
    return value is gin.REQUIRED


def _nearest(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(name, known, 3, cutoff=0.6)
    if near:
        return f" Did you mean {' or '.join(near)}?"
    return f" There are: {', '.join(known)}." if known else ""


def _with_nearest(error: Exception) -> str:
    """gin's message, and the nearest parameter or configurable where it names a wrong one."""
    message = " ".join(str(error).split())
    parameter = re.search(
        r"Configurable '([^']+)' doesn't have a parameter named '([^']+)'", message
    )
    if parameter:
        return message + _nearest(parameter[2], _parameters(parameter[1]))
    unknown = re.search(r"No configurable matching '?([\w./]+)'?", message)
    if unknown:
        return message + _nearest(unknown[1], _configurables())
    file = re.search(r"Unable to open file: (t5x/[^ ]+\.gin)\.", message)
    if file:
        return (
            f"{file[1]} is not among the files of T5X's that Flan Mix has"
            + _nearest(file[1], _t5x_files())
            + " For others of T5X's, name its folder with --gin_search_paths."
        )
    attribute = re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message)
    if attribute:
        module = inspect.importlib.import_module(attribute[1])  # type: ignore[attr-defined]
        return message + _nearest(attribute[2], [n for n in dir(module) if not n.startswith("_")])
    return message


def _t5x_files() -> list[str]:
    root = PACKAGE / "gin"
    return [path.relative_to(root).as_posix() for path in root.glob("t5x/**/*.gin")]


def _configurables() -> list[str]:
    return [selector for selector, _ in gin_internals._REGISTRY.items()]  # type: ignore[attr-defined]


def _parameters(selector: str) -> list[str]:
    registry = dict(gin_internals._REGISTRY.items())  # type: ignore[attr-defined]
    for name, configurable in registry.items():
        if name == selector or name.endswith("." + selector):
            return list(inspect.signature(configurable.wrapped).parameters)
    return []
