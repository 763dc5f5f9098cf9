"""Thin commands over the calls of the other rooms."""

import os

# Our matrices are small: several threads on one of them cost more than they bring. It counts only if it is set
# before numpy is imported.
for _library in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_library, "1")
