"""Flan Mix: instruction-tune T5 and FLAN-T5 on many tasks at once, and see what that did."""

__version__ = "0.1.0"
