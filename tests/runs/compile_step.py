"""Compiles a train step with XLA:CPU in a process of its own, and counts what it needs.

Arguments: devices along data and model, rows, lengths, microbatches, and fields of T5Config as
JSON. Prints JSON: XLA's arguments and temporary memory, its all-reduced bytes by the number of
devices that sum, and the same of the plan.
"""

import json
import math
import re
import sys
from collections import Counter
from types import SimpleNamespace

import jax

from flan_mix.models import T5Config, Transformer
from flan_mix.runs.abstract_step import abstract_step, placed_state
from flan_mix.runs.plan import placed_program
from flan_mix.runs.plan_memory import peak_of
from flan_mix.runs.plan_transfers import transfers_of
from flan_mix.runs.trainer import Trainer
from flan_mix.training import Adafactor, Partitioner, standard_logical_axis_rules

OPTIONS = {
    # The code is never run. Fusions into a library of CPU kernels, and sums in two rounds, the
    # first of which must find its terms in memory, are what no accelerator has.
    "xla_backend_optimization_level": "0",
    "xla_cpu_experimental_ynn_fusion_type": "",
    "xla_disable_hlo_passes": "tree_reduction_rewriter",
}
ITEMSIZE = {"f32": 4, "s32": 4, "u32": 4, "pred": 1}


def main() -> None:
    given = json.loads(sys.argv[1])
    data, model_parts = given["data"], given["model"]
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", data * model_parts)
    config = T5Config(**given["config"])
    model = SimpleNamespace(config=config, module=Transformer(config), optimizer=Adafactor())
    lengths = {"inputs": given["inputs"], "targets": given["targets"]}
    dataset = SimpleNamespace(batch_size=given["rows"], task_feature_lengths=lengths)
    rules = standard_logical_axis_rules(parameter_partitioning_dims=given["dims"])
    partitioner = Partitioner(num_partitions=model_parts, logical_axis_rules=rules)
    arguments = {"train_dataset_cfg": dataset, "trainer": Trainer(num_microbatches=given["parts"])}
    traced = abstract_step(arguments, model, partitioner, placed_state(model, partitioner))
    program = placed_program(traced, on_cpu=True)
    mesh = dict(partitioner.mesh.shape)
    lowered = traced.step.jit_for(traced.state).lower(traced.state, traced.batch, traced.key)
    compiled = lowered.compile(compiler_options=OPTIONS)
    memory = compiled.memory_analysis()
    planned = Counter()
    for transfer in transfers_of(program, mesh):
        devices = math.prod(mesh[axis] for axis in transfer.axes)
        planned[str(devices)] += transfer.array_bytes
    found = {
        "arguments": memory.argument_size_in_bytes,
        "temporary": memory.temp_size_in_bytes,
        "planned": peak_of(program, mesh, on_cpu=True).total_bytes,
        "sent": all_reduced(compiled.as_text()),
        "planned_sent": planned,
    }
    print(json.dumps(found))


def all_reduced(text: str) -> dict[str, int]:
    """Bytes of all-reduces in compiled HLO, by the number of devices that sum."""
    found: Counter[str] = Counter()
    for line in text.splitlines():
        made = re.match(r"\s*(?:ROOT )?%\S+ = (.*?) all-reduce(?:-start)?\(", line)
        if made is None:
            continue
        size = sum(
            ITEMSIZE[dtype] * math.prod(int(n) for n in shape.split(",") if n)
            for dtype, shape in re.findall(r"(\w+)\[([\d,]*)\]", made[1])
        )
        found[str(group_size(line))] += size
    return dict(found)


def group_size(line: str) -> int:
    """Of an all-reduce's replica_groups, in any of the ways in which XLA writes them."""
    listed = re.search(r"replica_groups=\{\{([\d,]+)\}", line)
    if listed:
        return len(listed[1].split(","))
    counted = re.search(r"replica_groups=\[\d+,(\d+)\]", line)
    if counted:
        return int(counted[1])
    named = re.search(r"replica_groups=mesh\[([^\]]*)\][^{]*\{([^}]*)\}", line)
    assert named, line
    sizes = dict(re.findall(r"'(\w+)'=(\d+)", named[1]))
    return math.prod(int(sizes[axis]) for axis in re.findall(r"'(\w+)'", named[2]))


if __name__ == "__main__":
    main()
