"""Several processes as one run: T5X's flags, joined before anything touches a device."""

import logging

import jax
from absl import flags

log = logging.getLogger(__name__)


def define_flags() -> None:
    """T5X's multi-host flags."""
    flags.DEFINE_bool(
        "multiprocess_gpu", False, "Whether several processes, on one machine or many, are one run."
    )
    flags.DEFINE_string("coordinator_address", None, "HOST:PORT of process 0.")
    flags.DEFINE_integer("process_count", None, "How many processes there are.")
    flags.DEFINE_integer("process_index", None, "Which of them this is, from 0.")
    flags.DEFINE_integer("initialization_timeout", 300, "Seconds to wait for the others.")


def join() -> None:
    """Waits for the other processes where the flags say that there are some.

    Without address, count and index, what JAX detects of the cluster (Slurm, Open MPI) is taken.
    Raises ValueError where only some of them are given.
    """
    values = flags.FLAGS
    if not values.multiprocess_gpu:
        given = [
            n
            for n in ("coordinator_address", "process_count", "process_index")
            if values[n].value is not None
        ]
        if given:
            raise ValueError(f"--{given[0]} without --multiprocess_gpu: several processes need it")
        return
    jax.distributed.initialize(
        coordinator_address=values.coordinator_address,
        num_processes=values.process_count,
        process_id=values.process_index,
        initialization_timeout=values.initialization_timeout,
    )
    log.info("Process %d of %d", jax.process_index(), jax.process_count())
