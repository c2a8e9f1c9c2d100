"""Trainings on one computer take turns at its cores.

In every step of a net its threads wait for each other hundreds of times. Where two trainings share cores,
each waits for threads that the other keeps from running: together they are slower than one after the other.
So a training holds as many cores as it has threads while it computes an epoch.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

POLL = 0.05  # seconds
QUIET = 5.0  # seconds; who waits longer is told
PATIENCE = 60.0  # seconds; who waits longer goes on: the other may have been stopped, or its epochs are long


@contextmanager
def hold_cores(threads: int, folder: Path | None = None) -> Iterator[None]:
    """Wait until so many cores are free of other trainings of this person, and hold them.

    A training that ends in any way gives them back. `folder` has a lock per core; where it cannot be written,
    nobody waits, and nowhere longer than PATIENCE.
    """
    folder = folder or user_cache_path("facial-keypoints") / "cores"
    cores = os.cpu_count() or 1
    locks = [folder / f"{number}.lock" for number in range(cores)]
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            started, told = time.monotonic(), False
            while not _take(locks, min(threads, cores), held):
                waited = time.monotonic() - started
                if waited > PATIENCE:
                    break
                if waited > QUIET and not told:
                    print("waiting for another training on this computer", file=sys.stderr)
                    told = True
                time.sleep(POLL)
        except OSError:
            pass
        yield


def _take(locks: list[Path], wanted: int, held: ExitStack) -> bool:
    """Take so many of the locks if they are free, else none."""
    with ExitStack() as taken:
        for path in locks:
            if not wanted:
                break
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            taken.callback(lock.release)
            wanted -= 1
        if not wanted:
            held.push(taken.pop_all())
    return not wanted
