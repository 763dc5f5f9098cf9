"""Measurements: each module's `run()` returns tables; `python -m benchmarks [NAME ...]` prints and keeps them."""

import countenance.cli  # noqa: F401  (sets the threads of the numeric libraries as the product does)
