"""The plan's memory of a train step beside what the TPU's own compiler says of it; without a TPU.

    pip install libtpu  # of the version that jax[tpu] asks for
    JAX_PLATFORMS=cpu TPU_SKIP_MDS_QUERY=1 python -m tools.bench.plan_against_tpu --size base

Compiles T5 1.1's step (Adafactor, dropout 0.1, rows of 512 / 128) for TPUs that are not there, and
plans the same step as `flan-mix plan` does. Prints a Markdown row for each setting: arguments and
temporary memory of one device by the compiler, the plan's peak, and their quotient.
"""

import argparse
import dataclasses
from types import SimpleNamespace
from typing import Any

from jax.experimental import topologies

from flan_mix.models import Transformer
from flan_mix.models.platform import assume
from flan_mix.runs.abstract_step import abstract_step, placed_state
from flan_mix.runs.plan import placed_program
from flan_mix.runs.plan_memory import peak_of
from flan_mix.runs.trainer import Trainer
from flan_mix.training import Adafactor, Partitioner, standard_logical_axis_rules
from tools.bench.t5_sizes import SIZES, t5_1_1_config


def compare(arguments: argparse.Namespace, dtype: str, remat: str) -> tuple[int, int]:
    """Bytes of one device: by the TPU's compiler, and planned."""
    config = dataclasses.replace(
        t5_1_1_config(arguments.size), dtype=dtype, remat_policy=remat, scan_layers=arguments.scan
    )
    model = SimpleNamespace(config=config, module=Transformer(config), optimizer=Adafactor())
    dataset = SimpleNamespace(
        batch_size=arguments.rows, task_feature_lengths={"inputs": 512, "targets": 128}
    )
    partitioner = Partitioner(
        num_partitions=arguments.model,
        logical_axis_rules=standard_logical_axis_rules(1, 2 if arguments.zero3 else 1),
        devices=tuple(_devices(arguments.topology)[: arguments.data * arguments.model]),
    )
    trainer: dict[str, Any] = {"train_dataset_cfg": dataset, "trainer": Trainer()}
    with assume("tpu"):
        traced = abstract_step(trainer, model, partitioner, placed_state(model, partitioner))
        planned = peak_of(placed_program(traced), dict(partitioner.mesh.shape)).total_bytes
        lowered = traced.step.jit_for(traced.state).lower(traced.state, traced.batch, traced.key)
    memory = lowered.compile().memory_analysis()
    held = memory.argument_size_in_bytes + memory.temp_size_in_bytes
    return held + memory.output_size_in_bytes - memory.alias_size_in_bytes, planned


def _devices(topology: str) -> Any:
    return topologies.get_topology_desc(platform="tpu", topology_name=topology).devices


def main() -> None:
    """Compiles, plans and prints."""
    parser = argparse.ArgumentParser(description="The plan beside the TPU's compiler.")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--topology", default="v5e:2x2")
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--dtypes", nargs="+", default=["bfloat16", "float32"])
    parser.add_argument("--remat", nargs="+", default=["none", "minimal", "full"])
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--data", type=int, default=1)
    parser.add_argument("--model", type=int, default=1)
    parser.add_argument("--zero3", action="store_true", help="split parameters over both")
    arguments = parser.parse_args()
    print("| dtype | remat | TPU's compiler, MB | plan, MB | plan / compiler |")
    print("|---|---|--:|--:|--:|")
    for dtype in arguments.dtypes:
        for remat in arguments.remat:
            compiled, planned = compare(arguments, dtype, remat)
            print(
                f"| {dtype} | {remat} | {compiled / 1e6:,.0f} | {planned / 1e6:,.0f} "
                f"| {planned / compiled:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
