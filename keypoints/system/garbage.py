"""Programs that start and end without the garbage collector.

While a program imports, all that it makes is there to stay, and at its end the memory goes as a whole; but
the collector looks through the objects again and again. With torch that is half a second and more, each time.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """A block of imports without the collector."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def start() -> None:
    """Switch the collector on after a program's imports, if it rested; it leaves alone what they made."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def forget_at_exit() -> None:
    """Leave what is there at the program's end to the operating system."""
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
