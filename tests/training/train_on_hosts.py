"""Run as a program, once for each of two processes: prints the losses of a run that spans both.

    python train_on_hosts.py PORT PROCESS NUM_PARTITIONS STEPS

Each process has two CPU devices and loads only the rows that its data layout names.
"""

from __future__ import annotations

import json
import sys

import jax


def main(port: int, process: int, num_partitions: int, steps: int) -> None:
    """Prints this process's layout and the losses it saw."""
    jax.config.update("jax_num_cpu_devices", 2)
    jax.distributed.initialize(f"localhost:{port}", num_processes=2, process_id=process)
    from flan_mix.training import Partitioner
    from tests.training.tiny_run import random_batch, tiny_run

    partitioner = Partitioner(num_partitions=num_partitions)
    layout = partitioner.data_layout(8)
    first = layout.shard_index * layout.local_batch_size
    state, step = tiny_run(partitioner)
    losses = []
    for number in range(steps):
        rows = {
            name: array[first : first + layout.local_batch_size]
            for name, array in random_batch(number).items()
        }
        state, metrics = step(state, partitioner.shard_batch(rows), jax.random.key(7))
        losses.append(float(metrics.loss))
    print(json.dumps({"shard": [layout.shard_index, layout.shard_count], "losses": losses}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
