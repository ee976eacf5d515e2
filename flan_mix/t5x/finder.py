"""Makes `from t5x import …` find the modules of this package.

Only entry points install the finder. It maps `t5x.x.y` to `flan_mix.t5x.x.y`, one module object
under both names, and says of anything else of T5X's that it is not there.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

NAME = "t5x"
_OURS = "flan_mix.t5x"

_ABSENT = {
    "t5x.contrib": "mixtures of experts, early exit and the GPU fork's own networks",
    "t5x.examples.decoder_only": "decoder-only models",
    "t5x.examples.scalable_t5": "the scanned network with a position bias in every layer (umT5)",
    "t5x.export": "SavedModel export",
    "t5x.export_lib": "SavedModel export",
    "t5x.interactive_model": "the notebook interface",
    "t5x.precompile": "ahead-of-time compilation for TPU; `--check` compiles nothing but checks",
}


def installed_t5x() -> str | None:
    """Where T5X itself can be imported from; None where it is not installed."""
    with_ours = [finder for finder in sys.meta_path if isinstance(finder, T5xFinder)]
    for finder in with_ours:
        sys.meta_path.remove(finder)
    try:
        spec = find_spec(NAME) if NAME not in sys.modules else sys.modules[NAME].__spec__
    finally:
        sys.meta_path[:0] = with_ours
    if spec is None or spec.name != NAME:
        return None
    return spec.origin or str(next(iter(spec.submodule_search_locations or ["unknown"])))


def install() -> None:
    """From here on `t5x` is this package; an installed T5X is not seen.

    Raises RuntimeError where T5X itself has been imported already.
    """
    loaded = sys.modules.get(NAME)
    if loaded is not None and loaded.__name__ != _OURS:
        raise RuntimeError(f"{loaded} is imported already: `{NAME}` cannot be Flan Mix's any more")
    if not any(isinstance(finder, T5xFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, T5xFinder())


def uninstall() -> None:
    """Takes the finder back out, and the names it gave."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, T5xFinder)]
    for name in [n for n in sys.modules if n == NAME or n.startswith(f"{NAME}.")]:
        if sys.modules[name].__name__.startswith(_OURS):
            del sys.modules[name]


class T5xFinder(MetaPathFinder):
    """See the module."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of `t5x` or `t5x.…`; ModuleNotFoundError for a part that is not there."""
        if fullname != NAME and not fullname.startswith(f"{NAME}."):
            return None
        ours = _OURS + fullname.removeprefix(NAME)
        spec = _spec_of(ours)
        if spec is None:
            raise ModuleNotFoundError(_not_there(fullname), name=fullname)
        is_package = spec.submodule_search_locations is not None
        return ModuleSpec(fullname, _Alias(ours), origin=spec.origin, is_package=is_package)


class _Alias(Loader):
    """Loads a module of ours under another name, as the same object."""

    def __init__(self, name: str):
        self._name = name
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module of ours, imported if it is not yet."""
        module = import_module(self._name)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run; the import system has put the alias's spec where its own belongs."""
        module.__spec__ = self._own_spec


def _spec_of(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ModuleNotFoundError:  # a parent is not there either
        return None


def _not_there(name: str) -> str:
    what = next((text for part, text in _ABSENT.items() if f"{name}.".startswith(f"{part}.")), "")
    detail = f" ({what})" if what else ""
    return (
        f"Flan Mix has no {name}{detail}: it stands in for what T5X's finetune, pretrain, eval "
        "and infer runs of T5 1.0, T5 1.1, mT5 and ByT5 name. With T5X itself installed, "
        "--t5x=installed uses it"
    )
