"""The photographs that a command works on: named files, and those in named folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keypoints import errors
from keypoints.errors import UserError

STDIN = "-"
OUT = Path("predictions")  # where annotated ones go


def find(named: list[str], out: Path = OUT) -> list[str]:
    """The named files, and the pictures in named folders; a warning counts what is skipped there.

    Hidden files, other kinds of files and what lies in `out`, drawn by earlier runs, are skipped. Raises
    `UserError` if nothing is left.
    """
    from keypoints.pictures.images import ENDINGS, is_hidden

    found: list[str] = []
    drawn = Path(os.path.realpath(out))
    for name in named:
        folder, taken, passed = Path(name), [], 0
        if not folder.is_dir():
            found.append(name)
            continue
        within = Path(os.path.realpath(folder)) in drawn.parents
        for place, files in walk(folder):
            own = within and Path(os.path.realpath(place)).is_relative_to(drawn)
            for path in files:
                if own or path.suffix.lower() not in ENDINGS or is_hidden(path.relative_to(folder)):
                    passed += 1
                else:
                    taken.append(path)
        found += map(str, sorted(taken))
        if passed:
            errors.warn(f"{name}: {passed} files passed over, hidden, no pictures by their names or in {out}")
    if not found:
        raise UserError("no photograph: name files, folders, or - for one on standard input")
    return found


def walk(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Each folder below a folder, with its files. Linked folders come last, and each folder once."""
    from keypoints.pictures.images import is_hidden

    seen: set[str] = set()
    starts = [folder]
    for start in starts:  # links are added on the way
        for place, folders, names in os.walk(start):
            real = os.path.realpath(place)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            below = [Path(place, name) for name in folders]
            starts += [
                path for path in below if path.is_symlink() and not is_hidden(path.relative_to(folder))
            ]
            yield Path(place), [path for path in (Path(place, name) for name in names) if path.is_file()]


def each_once(names: list[str]) -> list[str]:
    """The photographs without repetitions."""
    return list({os.path.abspath(name): name for name in names}.values())
