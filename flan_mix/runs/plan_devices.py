"""What one device of each kind offers: its memory and its fastest bfloat16 matrix arithmetic."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

_GB, _GIB = 10**9, 2**30


@dataclass(frozen=True)
class Device:
    """memory_bytes: as published. peak_flops: dense bfloat16, in FLOP/s."""

    name: str
    memory_bytes: int
    peak_flops: float


# GPUs (SXM boards): data sheets of nvidia.com, "BFLOAT16 Tensor Core", which are given with
# sparsity for H100 and H200 and halved here. TPUs: "System architecture" pages of
# cloud.google.com/tpu/docs (v4, v5e, v5p, v6e), per chip.
DEVICES = {
    device.name: device
    for device in (
        Device("h200", 141 * _GB, 989e12),
        Device("h100", 80 * _GB, 989e12),
        Device("a100", 80 * _GB, 312e12),
        Device("v4", 32 * _GIB, 275e12),
        Device("v5e", 16 * _GB, 197e12),
        Device("v5p", 95 * _GB, 459e12),
        Device("v6e", 32 * _GB, 918e12),
    )
}


def device_named(name: str) -> Device:
    """The device called `name`. Raises ValueError that names those there are."""
    if name not in DEVICES:
        near = difflib.get_close_matches(name, DEVICES, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"--device={name} is not known: one of {', '.join(DEVICES)}.{meant}")
    return DEVICES[name]
