"""Errors that reach the user: one line that says what, where and what to do."""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from keypoints.system import garbage, interrupts

LONGEST = 2_000  # characters of a message


class UserError(Exception):
    """Something the user can fix; its text is the one line that is shown."""


def run(main: Callable[..., object], *args: object) -> None:
    """Call a command's `main`; an error that the user can fix becomes one line and exit status 1.

    Such errors are `UserError`, and those of files, disks and memory. A closed pipe and an interrupt give the
    exit status that shells expect.
    """
    interrupts.expect()
    garbage.start()
    garbage.forget_at_exit()
    if sys.stderr is None:  # it is closed, and what is said goes nowhere
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  until the process ends
    try:
        try:
            main(*args)
        finally:
            if sys.stdout:
                sys.stdout.flush()  # here, where a full disk or a closed pipe can still be reported
    except UserError as error:
        sys.exit(printable(f"error: {error}"))
    except BrokenPipeError:
        _drop_output()
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.errno is None:
            raise
        _drop_output()
        where = error.filename2 or error.filename or "an output"  # what it is called when it is whole
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(printable(f"error: no space left while writing {where}: free some and run again"))
        sys.exit(printable(f"error: {where}: {error.strerror}: fix it and run again"))
    except MemoryError:
        sys.exit("error: the memory is full: give it less at once, or close other programs")
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one does not wait for what is under way
        print("stopped", file=sys.stderr)
        sys.exit(interrupts.STOPPED)


def _drop_output() -> None:
    """Discard what is left in standard output's buffer: at exit, writing it would fail again."""
    if sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str) -> str:
    """The text as one line that is safe for a terminal: control characters and undecodable bytes escaped."""
    cut = f"{text[:LONGEST]} …" if len(text) > LONGEST else text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def has_controls(text: str) -> bool:
    """Whether a text has control characters or undecodable bytes; odd spaces and joined emoji are fine."""
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def warn(text: str) -> None:
    """Print one line on standard error; the command goes on."""
    print(printable(f"warning: {text}"), file=sys.stderr)


def report(text: str) -> None:
    """As `warn`, for an item that failed while the command goes on with the others."""
    print(printable(f"error: {text}"), file=sys.stderr)


def is_about_name(error: Exception) -> bool:
    """Whether a file could not be written because of its name: too long, or with impossible characters."""
    numbers = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)
    return isinstance(error, UnicodeError) or getattr(error, "errno", None) in numbers


def import_extra(extra: str, *modules: str) -> None:
    """Raise `UserError` that names the extra to install if one of these modules is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise UserError(f"{module} is not installed: pip install 'facial-keypoints[{extra}]'")


def summary(docstring: str | None) -> str:
    """The first line of a module's docstring, for the description of its command."""
    return (docstring or "").strip().partition("\n")[0]


class Faults:
    """Collects the broken items of a large set, so that a few do not stop a run.

    where:     names the set in messages
    max_share: how much of the set may be left out, 0…1
    key:       the setting of params.yaml that says so
    items:     what is counted, in words
    """

    def __init__(
        self, where: str | Path, max_share: float, key: str = "profile.max_broken", items: str = "images"
    ) -> None:
        self.where, self.max_share, self.key, self.items = where, max_share, key, items
        self.broken: dict[str, str] = {}

    def add(self, file: str, why: str) -> None:
        """Note that `file` is left out."""
        self.broken.setdefault(file, why)

    def add_missing(self, files: Iterable[str]) -> None:
        """Note every file that the annotations name and the archive lacks."""
        for file in files:
            self.add(file, "not in the archive")

    def check(self, total: int) -> None:
        """Report what was left out of `total`; raise `UserError` when it is more than the share."""
        if not self.broken:
            return
        file, why = next(iter(self.broken.items()))
        text = f"{self.where}: {len(self.broken)} of {total} {self.items} left out, the first {file} ({why})"
        if len(self.broken) > self.max_share * total:
            raise UserError(
                f"{text}; more than {self.key} = {self.max_share:g} allows: get the archive again"
            )
        warn(text)
