"""Builds token caches ahead: `python -m flan_mix.cache --gin_file=… --gin.NAME=value`.

gin files bind `flan_mix.runs.cache.build_cache`, as `__main__.build_cache`.
"""

from flan_mix.runs import gin_main
from flan_mix.runs.cache import build_cache

if __name__ == "__main__":
    gin_main.main(build_cache)
