"""Work for all cores, in order and with bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    call: Callable[[S], T], items: Iterable[S], weigh: Callable[[S], int] = lambda item: 0, most: int = 0
) -> Iterator[Future[T]]:
    """What `call` gives for each item, in their order, made by a thread per core a few items ahead.

    What is at work or waits for its turn weighs `most` together, unless one alone weighs more.
    """
    workers = cores()
    pool = ThreadPoolExecutor(workers)
    waiting: deque[tuple[int, Future[T]]] = deque()
    try:
        for item in items:
            weight = weigh(item)
            while waiting and (len(waiting) > 2 * workers or weight + sum(w for w, _ in waiting) > most):
                yield waiting.popleft()[1]
            waiting.append((weight, pool.submit(call, item)))
        while waiting:
            yield waiting.popleft()[1]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever stops does not wait for the others
