"""Makes what is registered here known to SeqIO, whichever of the two is imported first.

Training and inference must not import SeqIO (design: a warm cache needs no TensorFlow), yet
`import seqio; seqio.get_mixture_or_task("samsum")` must work after a task module was imported,
in either order. So names are handed over at once where SeqIO is loaded; else an import hook waits
for it, and does nothing until somebody else imports it.
"""

import sys
from collections import deque
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

_REGISTRAR = "flan_mix.registry.seqio_registry"

_pending: deque[str] = deque()
_ours: set[str] = set()


def announce(name: str, *variants: str) -> None:
    """Registers a name of the catalogue with SeqIO, now or when SeqIO is imported.

    variants: the full names of a task's variants, which are registered with it.
    """
    _pending.append(name)
    _ours.update((name, *variants))
    if _seqio_is_loaded():
        import_module(_REGISTRAR).register_pending()
    elif not any(isinstance(finder, _SeqioFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _SeqioFinder())


def withdraw(*names: str) -> None:
    """Takes names back out of SeqIO's registries."""
    for name in names:
        _ours.discard(name)
        if name in _pending:
            _pending.remove(name)
        if _seqio_is_loaded():
            seqio = sys.modules["seqio"]
            seqio.TaskRegistry.remove(name)
            seqio.MixtureRegistry.remove(name)


def renew(*groups: Sequence[str]) -> None:
    """Has SeqIO, where it is loaded, take names anew whose definition has changed, in order.

    groups: of a task its name and those of its variants, of a mixture its name alone.
    """
    if not _seqio_is_loaded():
        return
    registered = [group for group in groups if group[0] not in _pending]
    for group in registered:
        withdraw(*group)
    for group in registered:
        announce(*group)


def take_pending() -> str | None:
    """The next task (its variants follow it) or mixture that SeqIO lacks; None if it has all."""
    return _pending.popleft() if _pending else None


def foreign_names() -> tuple[str, ...]:
    """Names in SeqIO's registries that others put there; none while SeqIO is not loaded."""
    if not _seqio_is_loaded():
        return ()
    seqio = sys.modules["seqio"]
    names = [*seqio.TaskRegistry.names(), *seqio.MixtureRegistry.names()]
    return tuple(name for name in names if name not in _ours)


def is_foreign(name: str) -> bool:
    """Whether somebody else registered `name` with SeqIO; False while SeqIO is not loaded."""
    if name in _ours or not _seqio_is_loaded():
        return False
    seqio = sys.modules["seqio"]
    return name in seqio.TaskRegistry.names() or name in seqio.MixtureRegistry.names()


def is_foreign_mixture(name: str) -> bool:
    """Whether SeqIO knows `name` as a mixture that somebody else registered."""
    if not is_foreign(name):
        return False
    return name in sys.modules["seqio"].MixtureRegistry.names()


def _seqio_is_loaded() -> bool:
    return hasattr(sys.modules.get("seqio"), "MixtureRegistry")


class _SeqioFinder(MetaPathFinder):
    """Finds `seqio` as everybody else would, and has its loader register what is pending."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "seqio":
            return None
        sys.meta_path.remove(self)
        spec = find_spec("seqio")
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)
        return spec


class _RegisteringLoader(Loader):
    """A module's own loader, which it gives back to the module, and registers what is pending."""

    def __init__(self, loader: Loader):
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        # It registers at its end, also where it is itself what imports SeqIO.
        import_module(_REGISTRAR)
