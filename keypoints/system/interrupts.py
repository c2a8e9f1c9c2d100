"""Ctrl-C and SIGTERM end a command cleanly: no half-written files, one line, and the right exit status."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import NoReturn

STOPPED = 128 + signal.SIGINT  # the exit statuses that shells give to what a signal ended
_ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def expect() -> None:
    """Handle signals from now on, also during imports; to be called by commands, never by the library."""
    sys.excepthook = _say
    if threading.current_thread() is threading.main_thread():
        for number in _ENDINGS:
            if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores one of them
                signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> NoReturn:
    """Exit by an exception, so that `finally` blocks run, which the signal itself would prevent."""
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # once is enough
    sys.exit(128 + number)


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
