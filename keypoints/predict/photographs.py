"""The photographs that a command is given: files by name, and what lies in folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keypoints import errors
from keypoints.errors import UserError

STDIN = "-"
OUT = Path("predictions")  # where annotated ones go


def find(named: list[str], out: Path = OUT) -> list[str]:
    """The files that were named, and those in folders that were; what is passed over there is counted.

    So is what lies below `out` within such a folder, which earlier runs drew. Raises `UserError` where there
    is none.
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
    """Each folder in a folder, and its files; also those that links lead to, which come last, each once."""
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
    """The photographs without those that were named before."""
    return list({os.path.abspath(name): name for name in names}.values())
