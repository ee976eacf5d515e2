"""Trains a model: `python -m flan_mix.train --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.train.train`, as `__main__.train`.
"""

from flan_mix.runs import gin_main
from flan_mix.runs.train import train

if __name__ == "__main__":
    gin_main.main(train)
