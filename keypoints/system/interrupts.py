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
        for number in (signal.SIGINT, *_ENDINGS):  # `nohup` ignores one of them, a shell's `&` another
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    """Exit by an exception, so that `finally` blocks run, which the signal itself would prevent.

    Not within an import, where C++ code may abort or take the exception for one of its own, but as soon as
    the outermost import is done.
    """
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # once is enough
    if number == signal.SIGINT:
        signal.signal(number, signal.default_int_handler)  # a second one does not wait

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    importer = _importer(frame)
    if importer is None:
        stop()
    importer.f_trace = stop  # called before the next line of this frame
    sys.settrace(lambda *_: None)


def _importer(frame: FrameType | None) -> FrameType | None:
    """The frame that began the outermost import under way, if there is one."""
    found = None
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            found = frame.f_back
        frame = frame.f_back
    return found


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
