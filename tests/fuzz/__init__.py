"""Inputs by the hundred thousand, against every place where something comes in; `benchmarks/fuzz.py` runs it whole."""
