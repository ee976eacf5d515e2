"""Run as a program, once for each of two processes: evaluates the toy suite on both together.

    python evaluate_on_hosts.py PORT PROCESS NUM_PARTITIONS FOLDER

Each process has two CPU devices. FOLDER holds model/, cache/ and gets hosts_<partitions>/.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jax


def main(port: int, process: int, num_partitions: int, folder: Path) -> None:
    """Evaluates as `python -m flan_mix.eval` does and prints how many tasks this process wrote."""
    jax.config.update("jax_num_cpu_devices", 2)
    jax.distributed.initialize(f"localhost:{port}", num_processes=2, process_id=process)
    from flan_mix.training import Partitioner
    from tests.runs.toy_evaluation import evaluate_toy_suite

    (result,) = evaluate_toy_suite(
        folder,
        f"hosts_{num_partitions}",
        partitioner=Partitioner(num_partitions=num_partitions),
    )
    print(len(result.tasks))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
