"""Answers prompts: `python -m flan_mix.infer --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.infer.infer`, as `__main__.infer`; those of T5X's, which
import `t5x`, bind `flan_mix.t5x.infer.infer` by the same name.
"""

from flan_mix.t5x.entry import main

if __name__ == "__main__":
    main("infer")
