"""Generators of bundled data. They run by hand and are never installed.

`python -m tools.generators.starter` rewrites everything that tasks/starter ships.
"""
