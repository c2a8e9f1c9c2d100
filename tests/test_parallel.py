"""Work for all cores: its order, its bound, and its end."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints import parallel


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_no_more_is_at_work_than_fits_into_memory(weights):
    """In their order, never heavier than `most` together, and one that is heavier runs alone."""
    running: list[int] = []
    lock, heaviest = threading.Lock(), 0

    def call(number: int) -> int:
        nonlocal heaviest
        with lock:
            running.append(weights[number])
            heaviest = max(heaviest, sum(running) if len(running) > 1 else 0)
        with lock:
            running.remove(weights[number])
        return number

    names = range(len(weights))
    found = [f.result() for f in parallel.in_order(call, names, weights.__getitem__, 10)]
    assert found == list(names) and heaviest <= 10


def test_who_stops_does_not_wait_for_what_was_not_begun() -> None:
    """Of an endless source, little more is drawn than is asked for."""
    drawn: list[int] = []

    def source():
        for number in range(10**6):
            drawn.append(number)
            yield number

    found = parallel.in_order(lambda number: number, source())
    assert next(found).result() == 0
    found.close()
    assert len(drawn) <= 2 * parallel.cores() + 2


def test_an_error_is_raised_where_its_result_is_asked_for() -> None:
    """The others are there."""
    first, second, third = parallel.in_order(lambda number: 1 // number, [1, 0, 2])
    assert (first.result(), third.result()) == (1, 0)
    with pytest.raises(ZeroDivisionError):
        second.result()
