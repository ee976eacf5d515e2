"""A plan on the terminal: memory by part, arithmetic, communication."""

from __future__ import annotations

from flan_mix.runs.plan import Plan
from flan_mix.runs.plan_devices import Device
from flan_mix.runs.terminal_tables import add_row, percent, show, table

_REST = {
    "batch": "tokens, segments, positions",
    "gradients": "those held at the peak",
    "parameters in the compute dtype": "casts, and parts gathered from other devices",
}


def show_plan(plan: Plan, device: Device | None, mfu: float) -> None:
    """Prints the tables."""
    show(_heading(plan), _memory(plan, device), _work(plan, device, mfu), _communication(plan))


def _heading(plan: Plan) -> str:
    lengths = " and ".join(f"{length} {name}" for name, length in plan.lengths.items())
    return (
        f"{plan.parameters:,} parameters, {plan.compute_dtype}; {plan.rows} rows of {lengths} "
        f"tokens in {plan.microbatches} parts; mesh data:{plan.mesh.data},model:{plan.mesh.model}"
    )


def _memory(plan: Plan, device: Device | None):
    made = table("memory of one device", "", right=("GB",), whole=1)
    notes = {**_REST, "activations": f"remat_policy {plan.remat_policy!r}"}
    for part, size in plan.memory.items():
        add_row(made, part, notes.get(part, ""), f"{size / 1e9:.3f}")
    verdict = ""
    if device is not None:
        verdict = f"{'fits' if plan.fits(device) else 'DOES NOT FIT'} {device.name}: "
        verdict += f"{percent(plan.peak_bytes / device.memory_bytes)} of its memory"
    add_row(made, "peak of a step", verdict, f"{plan.peak_bytes / 1e9:.3f}", style="bold")
    if plan.cache_bytes is not None:
        add_row(made, "decoding cache", "not at the same time", f"{plan.cache_bytes / 1e9:.3f}")
    return made


def _work(plan: Plan, device: Device | None, mfu: float):
    made = table("a step of all devices", "", right=("",), whole=1)
    count = "3 x forward's matrix products, 2 for a multiply-and-add"
    add_row(made, "model TFLOP", count, f"{plan.model_flops / 1e12:.3f}")
    add_row(made, "TFLOP a row", "", f"{plan.model_flops / plan.rows / 1e12:.3f}")
    add_row(made, "TFLOP computed", "with what is computed again", f"{plan.step_flops / 1e12:.3f}")
    if device is not None:
        peak = f"{device.name}, {device.peak_flops / 1e12:.0f} TFLOP/s in bfloat16"
        add_row(made, "seconds at least", peak, f"{plan.seconds(device):.4f}")
        add_row(made, f"seconds at {percent(mfu)}", peak, f"{plan.seconds(device, mfu):.4f}")
    return made


def _communication(plan: Plan):
    if not plan.communication:
        return "One device: nothing is sent."
    made = table("sent in a step", "over", right=("times", "arrays, GB", "by a device, GB"))
    for sent in plan.communication:
        add_row(
            made,
            sent.kind,
            sent.axes,
            sent.transfers,
            f"{sent.array_bytes / 1e9:.3f}",
            f"{sent.sent_bytes / 1e9:.3f}",
        )
    return made
