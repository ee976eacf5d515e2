"""What a measurement ran on: date, machine, versions and command, for the JSON beside it."""

import datetime
import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any


def describe_environment(packages: Sequence[str] = ("numpy",)) -> dict[str, Any]:
    """Date (UTC), processor, cores this process may use, versions and command line."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in packages},
        "command": " ".join(["python", "-m", _module(), *sys.argv[1:]]),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _module() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else os.path.basename(sys.argv[0])
