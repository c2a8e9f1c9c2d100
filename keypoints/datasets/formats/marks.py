"""What a format's reader finds: faces as they are in the documents, before any conversion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

from keypoints.crops import Region
from keypoints.datasets.face_table import FAR, Size

DIGITS = 3  # decimals of a pixel to which all formats give the same coordinates
Edge = tuple[int, int]


@dataclass(frozen=True)
class Convention:
    """How a format counts.

    first:    what it calls the centre of the first pixel: 0.5 where it counts from the picture's edge
    upright:  coordinates are on the picture as EXIF turns it; else as the file stores it
    relative: coordinates are shares of the picture's sides, which stay right if the picture is resized
    """

    first: float
    upright: bool
    relative: bool = False


@dataclass(frozen=True)
class Mark:
    """One face as a format has it.

    where:  the document and the place in it, for messages
    beside: the document
    file:   the picture's path as the document has it; "" for none
    points: name -> x, y in the format's own convention; a point that is not there is missing
    box:    left, top, width, height with the left upper edge in the format's convention, less `first`, plus a
            half: what `crops` calls a region; or () for none
    size:   (width, height) that the document says of the picture
    stem:   `file` lacks its ending
    """

    where: str
    beside: str
    file: str
    points: Mapping[str, tuple[float, float]]
    box: Region | tuple[()] = ()
    size: Size | None = None
    group: str = ""
    subset: str = ""
    more: tuple[tuple[str, str], ...] = ()
    stem: bool = False


@dataclass(frozen=True)
class LeftOut:
    """An annotation that is not in the table: where it is and why; `broken` if something is wrong with it."""

    where: str
    why: str
    broken: bool = True


@dataclass
class Marks:
    """What a format's reader finds.

    names:    of the points, in their order
    skeleton: pairs of points, by index from 0
    named:    whether the names come from the data; else they are generated
    """

    names: tuple[str, ...]
    skeleton: tuple[Edge, ...] = ()
    faces: list[Mark] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    named: bool = True

    @property
    def lack_points(self) -> bool:
        """Whether no face has a point, though nothing is broken: the annotations are of another kind."""
        return not self.names and not any(each.broken for each in self.left_out)

    def leave_out(self, where: str, why: str, broken: bool = True) -> None:
        self.left_out.append(LeftOut(where, why, broken))


def to_number(value: Any) -> float:
    """A number of JSON, NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def to_size(width: Any, height: Any) -> Size | None:
    """(width, height) where both are whole numbers of pixels that a picture can have."""
    sides = to_number(width), to_number(height)
    possible = all(0 < side <= FAR and side.is_integer() for side in sides)
    return (int(sides[0]), int(sides[1])) if possible else None


def numbered(points: int) -> tuple[str, ...]:
    """Names for points that have none."""
    return tuple(f"point_{k}" for k in range(points))


def number_names(marks: Marks) -> Marks:
    """The marks, without names where they are but numbers."""
    if not all(map(str.isdecimal, marks.names)):
        return marks
    return replace(rename(marks, [f"point_{int(name)}" for name in marks.names]), named=False)


def part_numbers(marks: Marks) -> list[Marks]:
    """The faces whose points have numbers for names, and those of other documents, whose points have names.

    All are together where there is but one kind, or a face has both.
    """
    kinds: dict[frozenset[bool], list[Mark]] = {}
    for face in marks.faces:
        kinds.setdefault(frozenset(map(str.isdecimal, face.points)), []).append(face)
    parts = [kinds.get(frozenset([kind]), []) for kind in (True, False)]
    if len(kinds) != 2 or not all(parts):
        return [marks]
    names = [order_names(face.points for face in part) for part in parts]
    return [replace(marks, names=n, skeleton=(), faces=f) for n, f in zip(names, parts, strict=True)]


def rename(marks: Marks, names: Sequence[str]) -> Marks:
    """The marks with other names for the points, in their order."""
    new = dict(zip(marks.names, names, strict=True))
    faces = [
        replace(face, points={new[name]: point for name, point in face.points.items()})
        for face in marks.faces
    ]
    return replace(marks, names=tuple(names), faces=faces)


def order_names(faces: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The names of the points in one order: that of the faces, or of numbers their own.

    No face need have all points. Where faces leave an order open, or contradict each other, letters decide.
    """
    listed = [list(face) for face in faces]
    names = sorted({name for face in listed for name in face})
    if all(map(str.isdecimal, names)):
        return tuple(sorted(names, key=int))
    sorter = TopologicalSorter({name: set[str]() for name in names})
    for before, after in sorted({edge for face in listed for edge in pairwise(face)}):
        sorter.add(after, before)
    try:
        sorter.prepare()
    except CycleError:
        longest = sorted(listed, key=len, reverse=True)
        return tuple(dict.fromkeys(name for face in longest for name in face))
    order: list[str] = []
    ready: list[str] = []
    while sorter:
        for name in sorter.get_ready():
            heappush(ready, name)
        order.append(heappop(ready))
        sorter.done(order[-1])
    return tuple(order)
