"""Parallel work on all cores, in order and with bounded memory."""

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
    """The results of `call` for each item, in order, computed by a thread per core a few items ahead.

    The items that are being worked on, or wait for it, weigh at most `most` together, except for a single
    heavier one; `weigh` gives an item's weight.
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
        pool.shutdown(wait=False, cancel_futures=True)  # a consumer that stops early need not wait


def ahead(items: Iterable[T], most: int) -> Iterator[T]:
    """The items, made by a separate thread, up to `most` of them in advance."""
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
    """A queue of calls for a separate thread, in order; with `most` waiting, `call` blocks.

    The block ends when all are done. What a call raises, a later `call` or the end of the block raises.
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
