"""Run as a program on simulated devices: prints the losses of a tiny run on several meshes.

    python train_on_mesh.py DEVICES STEPS '[{"num_partitions": 2}, ...]'

Each mesh is the keywords of `losses`. Output: a JSON list of lists of losses.
"""

from __future__ import annotations

import json
import sys
from unittest import mock

import jax


def main(device_count: int, steps: int, meshes: list[dict]) -> None:
    """Prints one list of losses for each mesh."""
    jax.config.update("jax_num_cpu_devices", device_count)
    print(json.dumps([losses(steps, **mesh) for mesh in meshes]))


def losses(
    steps: int,
    num_partitions: int = 1,
    parameter_dims: int = 1,
    activation_dims: int = 1,
    num_microbatches: int | None = None,
    dropout_rate: float = 0.1,
    scan_layers: bool = False,
    most_pairs: int | None = None,
    devices: int | None = None,
) -> list[float]:
    """The losses of the first steps on the first so many devices (None: all).

    most_pairs: pairs of query and key from which attention goes through queries in blocks.
    """
    from flan_mix.models import attention
    from flan_mix.training import Partitioner, standard_logical_axis_rules
    from tests.training.tiny_run import random_batch, tiny_run

    partitioner = Partitioner(
        num_partitions=num_partitions,
        logical_axis_rules=standard_logical_axis_rules(activation_dims, parameter_dims),
        devices=tuple(jax.devices()[:devices]),
    )
    state, step = tiny_run(
        partitioner,
        dropout_rate=dropout_rate,
        scan_layers=scan_layers,
        num_microbatches=num_microbatches,
    )
    found = []
    with mock.patch.object(attention, "MOST_PAIRS", most_pairs or attention.MOST_PAIRS):
        for number in range(steps):
            batch = partitioner.shard_batch(random_batch(number))
            state, metrics = step(state, batch, jax.random.key(7))
            found.append(float(metrics.loss))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
