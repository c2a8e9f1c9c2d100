"""Work for all cores: its order, its bound, and its end."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints.system import parallel


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


def test_items_are_made_ahead_in_their_order() -> None:
    """As many as were asked for, and no more once nobody takes them."""
    made: list[int] = []

    def source():
        for number in range(10**6):
            made.append(number)
            yield number

    taken = parallel.ahead(source(), 3)
    assert [next(taken) for _ in range(5)] == [0, 1, 2, 3, 4]
    taken.close()
    assert 5 <= len(made) <= 5 + 3
    assert list(parallel.ahead([1, None, 3], 2)) == [1, None, 3] and list(parallel.ahead([], 2)) == []


def test_an_error_comes_after_the_items_before_it() -> None:
    taken = parallel.ahead((1 // number for number in (1, 0)), 4)
    assert next(taken) == 1
    with pytest.raises(ZeroDivisionError):
        next(taken)


def test_late_calls_are_made_in_their_order_and_all() -> None:
    done: list[int] = []
    with parallel.Behind(2) as behind:
        for number in range(50):
            behind.call(done.append, number)
            assert len(done) >= number - 2
    assert done == list(range(50))


def test_a_late_call_that_fails_is_raised() -> None:
    """By a later call, or at the end; and nothing is waited for where the block itself fails."""
    with pytest.raises(ZeroDivisionError), parallel.Behind(9) as behind:
        behind.call(divmod, 1, 0)
    began = threading.Event()
    with pytest.raises(KeyError), parallel.Behind(9) as behind:
        behind.call(began.wait, 0.01)
        behind.call(divmod, 1, 0)
        raise KeyError
