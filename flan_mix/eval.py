"""Evaluates a checkpoint: `python -m flan_mix.eval --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.evaluate.evaluate`, as `__main__.evaluate`.
"""

from flan_mix.runs import gin_main
from flan_mix.runs.evaluate import evaluate

if __name__ == "__main__":
    gin_main.main(evaluate)
