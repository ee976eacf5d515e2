"""The names under which T5X's own gin files find Flan Mix: `from t5x import models` and so on.

Each module here has the name of one of T5X's and adapts T5X's signatures to what does the work
below; `finder` makes the modules importable as `t5x.…`. A part of T5X that is not here says so.
"""
