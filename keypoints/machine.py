"""What this machine is and how it is used: device, precision, determinism, cores."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


def deterministic(seed: int, threads: int) -> None:
    """One seed, a fixed number of threads, and only algorithms that repeat themselves."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # A GPU has no such algorithm for adaptive max pooling (the write-up "kim"): there it only warns.
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    torch.manual_seed(seed)


def choose_device() -> torch.device:
    """A GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Mixed precision where the configuration asks for it; "auto": where the machine gains by it."""
    gains = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    mixed = precision == "bfloat16" or (precision == "auto" and gains)
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed)


@contextmanager
def slot(folder: Path, threads: int) -> Iterator[None]:
    """Wait until this machine has `threads` cores free of other trainings of this repository.

    Two trainings on the same cores do not take twice as long but ten times, for each of their threads
    waits for the other at every layer. The lock is the system's: a killed process gives it back.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    slots = max(1, (os.cpu_count() or 1) // threads)
    locks = [FileLock(folder / f"slot-{i}.lock") for i in range(slots)]
    told = False
    while True:
        for lock in locks:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
        if not told:
            print("waiting for another training on this machine to end", file=sys.stderr)
            told = True
        time.sleep(1)
