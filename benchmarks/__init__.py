"""Timings of the product beside baselines of the same run; see ``python -m benchmarks --help``."""
