"""Evaluates a checkpoint: `python -m flan_mix.eval --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.evaluate.evaluate`, as `__main__.evaluate`; those of T5X's, which
import `t5x`, bind `flan_mix.t5x.eval.evaluate` by the same name.
"""

from flan_mix.t5x.entry import main

if __name__ == "__main__":
    main("eval")
