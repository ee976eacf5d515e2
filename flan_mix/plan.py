"""Says what a run will need before it is launched: `flan-mix plan --gin_file=… --mesh=data:8`.

Takes the gin files and macros of `flan_mix.train`, and reads nothing else.
"""

from flan_mix.runs.plan_commands import define_flags, instead_of_training
from flan_mix.t5x.entry import main

if __name__ == "__main__":
    define_flags()
    main("train", instead_of_training())
