"""Errors that reach the user: one line that says what, where and what to do."""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

LONGEST = 2_000  # characters of a message


class UserError(Exception):
    """Something the user can fix; its text is the one line that is shown."""


def run(main: Callable[..., object], *args: object) -> None:
    """Call a command's `main`; a `UserError`, or a disk that refuses, becomes one line and exit status 1."""
    try:
        main(*args)
    except UserError as error:
        sys.exit(printable(f"error: {error}"))
    except BrokenPipeError:  # whoever reads our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        where = error.filename or "an output"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(f"error: no space left while writing {where}: free some and run again")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR):
            sys.exit(f"error: {where}: {error.strerror}: fix it and run again")
        raise
    except KeyboardInterrupt:
        sys.exit("stopped")


def printable(text: str) -> str:
    """One line that does nothing to a terminal: control characters and undecodable bytes are spelled out."""
    cut = f"{text[:LONGEST]} …" if len(text) > LONGEST else text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def import_extra(extra: str, *modules: str) -> None:
    """Raise `UserError` that names the extra to install where one of these modules is not there."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise UserError(f"{module} is not installed: pip install 'facial-keypoints[{extra}]'")


def summary(docstring: str | None) -> str:
    """The first line of a module's docstring, which is its command's description."""
    return (docstring or "").strip().partition("\n")[0]


class Faults:
    """Counts the broken items of a large set, so that a few do not stop a run.

    `where` names the set in messages; `max_share` (0…1) is how much of it may be left out, by the setting
    `key` of params.yaml; `items` are what is counted.
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
        print(f"warning: {text}", file=sys.stderr)
