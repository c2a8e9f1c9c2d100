"""Trainings on one computer take turns at its cores.

In every step, a net's threads wait for each other hundreds of times. If two trainings share cores, each waits
for threads that the other keeps from running, and both together are slower than one after the other. So a
training reserves as many cores as it has threads while it computes an epoch.
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
QUIET = 5.0  # seconds; after a longer wait, a message says why
PATIENCE = 60.0  # seconds; a training that has waited this much longer than it computed goes on regardless


class Turns:
    """The turns of one training with this many threads.

    `folder` has a lock per core, shared by all trainings of this user; if it cannot be written, none waits.
    """

    def __init__(self, threads: int, folder: Path | None = None) -> None:
        cores = os.cpu_count() or 1
        self.folder = folder or user_cache_path("facial-keypoints") / "cores"
        self.locks = [self.folder / f"{number}.lock" for number in range(cores)]
        self.count = min(threads, cores)
        self.patience = PATIENCE
        self.told = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Wait until enough cores are free of other trainings, and reserve them within the block.

        A training that ends in any way releases them. One that is suspended (SIGSTOP) and never releases them
        blocks no other for ever: in all, a training waits at most as long as it computes, plus PATIENCE.
        """
        with ExitStack() as held:
            self.patience -= self._wait(held)
            started = time.monotonic()
            yield
            self.patience += time.monotonic() - started

    def _wait(self, held: ExitStack) -> float:
        """Wait for the cores, or until patience has run out; returns the seconds."""
        started, waited = time.monotonic(), 0.0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while not _take(self.locks, self.count, held) and waited < self.patience:
                time.sleep(POLL)
                waited = time.monotonic() - started
                if waited > QUIET and not self.told:
                    print("waiting for another training on this computer", file=sys.stderr)
                    self.told = True
        except OSError:
            pass
        return waited


def _take(locks: list[Path], count: int, held: ExitStack) -> bool:
    """Acquire `count` of the locks if that many are free, else none."""
    with ExitStack() as taken:
        for path in locks:
            if not count:
                break
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            taken.callback(lock.release)
            count -= 1
        if not count:
            held.push(taken.pop_all())
    return not count
