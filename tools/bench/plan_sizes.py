"""The table of docs/planning.md: `python -m tools.bench.plan_sizes` prints it as Markdown.

Each published size of T5 1.1 trains with BATCH_SIZE rows of 512 and 128 tokens in bfloat16 with
Adafactor, parameters split over all devices (parameter_partitioning_dims 2). A minute or two on
a quiet machine, which needs no memory for the models.
"""

import argparse
import dataclasses
from types import SimpleNamespace

import jax

from flan_mix.models import T5Config, Transformer
from flan_mix.runs.abstract_step import abstract_step, placed_state
from flan_mix.runs.plan import Plan, parse_mesh, plan_of, planned
from flan_mix.runs.plan_devices import device_named
from flan_mix.runs.trainer import Trainer
from flan_mix.training import Adafactor, Partitioner, standard_logical_axis_rules
from tools.bench.t5_sizes import SIZES, t5_1_1_config

MESHES = ("data:1", "data:8", "data:64")
MFU = 0.35


def main() -> None:
    """Prints a row for each size and mesh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=[s for s in SIZES if s != "tiny"])
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--device", default="h100")
    arguments = parser.parse_args()
    jax.config.update("jax_platforms", "cpu")
    device = device_named(arguments.device)
    print(
        "| size | mesh | parameters, optimizer | gradients | cast and gathered | activations "
        f"| logits | peak, GB | {device.name} | seconds at {MFU:.0%} | sent, GB |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|---|---:|---:|"
    )
    for size in arguments.sizes:
        for plan in plans(t5_1_1_config(size), arguments.batch_size):
            print(row(size, plan, device), flush=True)


def plans(config: T5Config, batch_size: int) -> list[Plan]:
    """The plans of one size on all meshes."""
    config = dataclasses.replace(config, dtype="bfloat16")
    model = SimpleNamespace(config=config, module=Transformer(config), optimizer=Adafactor())
    dataset = SimpleNamespace(
        batch_size=batch_size, task_feature_lengths={"inputs": 512, "targets": 128}
    )
    rules = standard_logical_axis_rules(parameter_partitioning_dims=2)
    found = []
    for mesh in MESHES:
        partitioner = planned(Partitioner(logical_axis_rules=rules), parse_mesh(mesh))
        step = abstract_step(
            {"train_dataset_cfg": dataset, "trainer": Trainer()},
            model,
            partitioner,
            placed_state(model, partitioner),
        )
        found.append(plan_of(model, step))
    return found


def row(size, plan: Plan, device) -> str:
    """A plan as a row of the table."""
    memory = plan.memory
    parts = (
        memory["parameters"] + memory["optimizer"],
        memory["gradients"],
        memory["parameters in the compute dtype"],
        memory["activations"],
        memory["logits and loss"],
        plan.peak_bytes,
    )
    cells = [size, f"data:{plan.mesh.data}", *(f"{part / 1e9:.2f}" for part in parts)]
    sent = sum(transfer.sent_bytes for transfer in plan.communication)
    cells += ["fits" if plan.fits(device) else "no", f"{plan.seconds(device, MFU):.3f}"]
    return "| " + " | ".join([*cells, f"{sent / 1e9:.2f}"]) + " |"


if __name__ == "__main__":
    main()
