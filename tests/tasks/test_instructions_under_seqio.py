"""Super-NaturalInstructions in SeqIO's registries: all variants of 1,500 tasks, in seconds."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
import seqio
import flan_mix.registry
from flan_mix.tasks import super_natural_instructions
folder = sys.argv[1]
super_natural_instructions.register(folder, index=folder + "/index.json")
from flan_mix.registry import remove, task_names, mixture_names
for name in [*mixture_names(), *task_names()]:
    remove(name)
assert not seqio.TaskRegistry.names() and not seqio.MixtureRegistry.names()
start, began = time.process_time(), time.perf_counter()
done = super_natural_instructions.register(folder, index=folder + "/index.json")
seconds, waited = time.process_time() - start, time.perf_counter() - began
names = set(seqio.TaskRegistry.names())
assert len(done.tasks) == 1500, len(done.tasks)
assert {f"{task}.few_shot" for task in done.tasks} <= names
variant = "ni_task0007_sums.template_3"
assert seqio.get_mixture_or_task(variant).name == variant
assert seqio.get_mixture_or_task("super_natural_instructions").num_input_examples
assert len(seqio.MixtureRegistry.get("super_natural_instructions").tasks) == 1500
print(f"{len(names)} SeqIO tasks in {seconds:.2f} s ({waited:.2f} s by the clock)")
sys.exit(0 if seconds < 5 else f"took {seconds:.2f} s")
"""


@pytest.mark.slow
def test_1500_tasks_and_all_their_variants_reach_seqio_in_five_seconds(tmp_path):
    (tmp_path / "tasks").mkdir()
    example = {"input": "2 + 2", "output": "4", "explanation": "Two and two make four."}
    for number in range(1500):
        task = {
            "Definition": ["Add."],
            "Categories": ["Question Answering"],
            "Positive Examples": [example, example | {"input": "3 + 1"}],
            "Instances": [{"input": f"{i} + {number}", "output": [str(i)]} for i in range(40)],
        }
        (tmp_path / "tasks" / f"task{number:04}_sums.json").write_text(json.dumps(task))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={"PYTHONPATH": ".", "FLAN_MIX_DATA_DIR": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stdout)
