"""Trains, evaluates or answers: `python -m flan_mix.main --run_mode=train --gin_file=…`.

What `python -m t5x.main` is to T5X; `flan_mix.train`, `.eval` and `.infer` are the modes alone.
"""

from flan_mix.t5x.entry import main

if __name__ == "__main__":
    main()
