"""Work for all cores, in order and with bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar, cast

END = object()
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


def ahead(items: Iterable[T], most: int) -> Iterator[T]:
    """The items, made by a thread of their own, up to `most` of them before somebody takes them."""
    source = iter(items)
    pool = ThreadPoolExecutor(1)
    waiting: deque[Future[T | object]] = deque(pool.submit(next, source, END) for _ in range(most))
    try:
        while (item := waiting.popleft().result()) is not END:
            waiting.append(pool.submit(next, source, END))
            yield cast(T, item)
    finally:
        pool.shutdown(cancel_futures=True)


class Behind:
    """Calls that a thread of its own makes, in their order, up to `most` of them late.

    The block ends when all are done. What one of them raises, a later one or the end of the block raises.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.waiting: deque[Future[object]] = deque()
        self.pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        try:
            while kind is None and self.waiting:
                self.waiting.popleft().result()
        finally:
            self.pool.shutdown(cancel_futures=True)

    def call(self, work: Callable[..., object], *arguments: object) -> None:
        if len(self.waiting) >= self.most:
            self.waiting.popleft().result()
        self.waiting.append(self.pool.submit(work, *arguments))
