"""Answers prompts: `python -m flan_mix.infer --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.infer.infer`, as `__main__.infer`.
"""

from flan_mix.runs import gin_main
from flan_mix.runs.infer import infer

if __name__ == "__main__":
    gin_main.main(infer)
