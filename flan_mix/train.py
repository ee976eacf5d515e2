"""Trains a model: `python -m flan_mix.train --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.train.train`, as `__main__.train`; those of T5X's, which
import `t5x`, bind `flan_mix.t5x.train.train` by the same name.
"""

from flan_mix.t5x.entry import main

if __name__ == "__main__":
    main("train")
