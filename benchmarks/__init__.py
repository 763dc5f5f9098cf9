"""Measurements: each module's `run()` returns tables; `python -m benchmarks [NAME ...]` prints and keeps them."""
