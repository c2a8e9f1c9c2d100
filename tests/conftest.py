"""Settings that must stand before torch is imported."""

import os

# An idle thread of torch's spins: one thread here leaves the cores to the stages that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
