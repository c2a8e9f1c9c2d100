"""The photographs that a command works on: named files, and those in named folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keypoints import errors
from keypoints.errors import UserError

STDIN = "-"
OUT = Path("predictions")  # where annotated ones go
MARK = ("Software", "keypoints")  # what an annotated one, a PNG, says of itself


def find(named: list[str], out: Path = OUT) -> list[str]:
    """The named files, and the pictures in named folders; a warning counts what is skipped.

    Hidden files, other kinds of files and what earlier runs drew are skipped: annotated pictures, and what
    lies in `out` within a named folder. Raises `UserError` if nothing is left.
    """
    found: list[str] = []
    drawn = dict.fromkeys(name for name in named if is_drawn(Path(name)))
    if drawn:
        errors.warn(f"{len(drawn)} files passed over, drawn by earlier runs: {next(iter(drawn))} …")
    for name in named:
        if os.path.isdir(name):
            found += look_into(name, out)
        elif name not in drawn:
            found.append(name)
    if not found:
        raise UserError("no photograph: name files, folders, or - for one on standard input")
    return found


def look_into(name: str, out: Path) -> list[str]:
    """The photographs in a folder, as `find` takes them."""
    from keypoints.pictures.images import ENDINGS, is_hidden

    folder, drawn = Path(name), Path(os.path.realpath(out))
    taken: list[Path] = []
    passed = 0
    within = Path(os.path.realpath(folder)) in drawn.parents
    for place, files in walk(folder):
        inside = within and Path(os.path.realpath(place)).is_relative_to(drawn)
        for path in files:
            other = path.suffix.lower() not in ENDINGS or is_hidden(path.relative_to(folder))
            if inside or other or is_drawn(path):
                passed += 1
            else:
                taken.append(path)
    if passed:
        which = f"hidden, no pictures by their names, in {out} or drawn by earlier runs"
        errors.warn(f"{name}: {passed} files passed over, {which}")
    return list(map(str, sorted(taken)))


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
            paths = (Path(place, name) for name in names)
            # A link that leads nowhere is a photograph that cannot be read, not one that nobody misses.
            yield Path(place), [path for path in paths if path.is_file() or not path.exists()]


def is_drawn(path: Path) -> bool:
    """Whether it is an annotated picture, as `writers.Pictures` calls and marks them."""
    from PIL import Image

    if path.suffix != ".png" or "_points" not in path.stem or not path.is_file():
        return False
    try:
        with Image.open(path, formats=("PNG",)) as image:
            return image.info.get(MARK[0]) == MARK[1]
    except Exception:  # decoders raise nearly anything for damaged headers
        return False


def each_once(names: list[str]) -> list[str]:
    """The photographs without repetitions."""
    return list({os.path.abspath(name): name for name in names}.values())
