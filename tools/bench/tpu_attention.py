"""What attention holds in a TPU's memory, by XLA's formula and by the flash kernel; without a TPU.

    pip install libtpu  # of the version that jax[tpu] asks for
    JAX_PLATFORMS=cpu TPU_SKIP_MDS_QUERY=1 python -m tools.bench.tpu_attention

Compiles attention and its gradients (queries, keys, values, bias; one layer, packed rows, causal)
with the TPU's own compiler for TPUs that are not there. That the kernel compiles is one result,
the compiler's account of temporary memory the other. Nothing is timed.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding

from flan_mix.models.attention import attend, segment_mask
from flan_mix.models.platform import assume
from tools.bench.environment import describe_environment

TOPOLOGIES = ("v5e:2x2", "v4:2x2x1", "v5p:2x2x1", "v6e:2x2")
SHAPES = (
    (8, 16, 512, 64, "bfloat16"),
    (8, 16, 1024, 64, "bfloat16"),
    (4, 16, 2048, 64, "bfloat16"),
    (2, 16, 4096, 64, "bfloat16"),
    (4, 8, 1024, 128, "float32"),
)
"""Rows, heads, length, width of a head, dtype."""


def temporary_bytes(device: Any, shape: tuple[int, int, int, int, str], kernel: str) -> int:
    """Beyond arguments and results, of attention with its gradients."""
    rows, heads, length, head_dim, dtype = shape
    sharding = SingleDeviceSharding(device)

    def array(sizes: tuple[int, ...], of: str) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(sizes, of, sharding=sharding)

    def loss(query: Any, key: Any, value: Any, bias: Any, ids: Any) -> jax.Array:
        mask = segment_mask(ids, ids, is_causal=True)
        attended = attend(query, key, value, bias=bias, mask=mask, kernel=kernel)
        return jnp.sum(jnp.square(attended.astype(jnp.float32)))

    of_heads = array((rows, heads, length, head_dim), dtype)
    bias, ids = array((heads, 2 * length - 1), "float32"), array((rows, length), "int32")
    with assume("tpu"):
        traced = jax.jit(jax.grad(loss, argnums=(0, 1, 2, 3))).trace(*3 * (of_heads,), bias, ids)
    return traced.lower().compile().memory_analysis().temp_size_in_bytes


def main() -> None:
    """Compiles and prints."""
    parser = argparse.ArgumentParser(description="Attention in a TPU's memory, without a TPU.")
    parser.add_argument("--topologies", nargs="+", default=list(TOPOLOGIES))
    parser.add_argument("--output", type=Path, help="write the JSON here as well")
    arguments = parser.parse_args()
    results = []
    print("| TPU | rows, heads, length, head, dtype | XLA, MB | flash, MB |\n|---|---|--:|--:|")
    for name in arguments.topologies:
        device = topologies.get_topology_desc(platform="tpu", topology_name=name).devices[0]
        for shape in SHAPES:
            xla, flash = (temporary_bytes(device, shape, kernel) for kernel in ("xla", "flash"))
            results.append({"tpu": name, "shape": shape, "xla": xla, "flash": flash})
            sizes = ", ".join(map(str, shape))
            print(f"| {name} | {sizes} | {xla / 1e6:,.0f} | {flash / 1e6:,.0f} |", flush=True)
    report = {
        "benchmark": "tpu_attention",
        "environment": describe_environment(("jax", "jaxlib", "libtpu")),
        "results": results,
    }
    print(json.dumps(report, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
