"""What every format is read into: named points of faces, by one convention of coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keypoints import crops, images
from keypoints.crops import Region
from keypoints.datasets import face_table
from keypoints.datasets.face_table import Face, Size
from keypoints.datasets.formats.documents import SCHEME_FILE, Source
from keypoints.datasets.formats.rules import Rules
from keypoints.errors import Faults, UserError
from keypoints.landmarks import MAX_POINTS

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 3  # behind the point: formats that count in other units give the same thousandths of a pixel
NAME = 100  # characters of a point's name
Edge = tuple[int, int]


@dataclass(frozen=True)
class Convention:
    """How a format counts.

    first:   what it calls the centre of the first pixel: 0.5 where it counts from the picture's edge
    upright: its pixels are those of the picture as EXIF turns it; else as the file stores them
    """

    first: float
    upright: bool


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
    """What is not in the table: where it stands and why; `broken` unless that is as it should be."""

    where: str
    why: str
    broken: bool = True


@dataclass
class Marks:
    """What a format's reader finds.

    names:    of the points, in their order
    skeleton: pairs of points, by index from 0
    named:    the names are the data's own; else made up here
    """

    names: tuple[str, ...]
    skeleton: tuple[Edge, ...] = ()
    faces: list[Mark] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    named: bool = True

    def leave_out(self, where: str, why: str, broken: bool = True) -> None:
        self.left_out.append(LeftOut(where, why, broken))


@dataclass(frozen=True)
class Annotated:
    """The annotated faces of a source.

    path:     the folder or the archive
    format:   the name of a module of this room
    names:    of the points
    skeleton: pairs of points, by index from 0
    faces:    in the order of the table. Points are pixels of the picture as stored, the centre of its first
              pixel at (0, 0), to a thousandth; a missing one is NaN NaN. A box () comes from the points
    left_out: what is not in `faces`
    sizes:    (width, height) of every picture of the source as stored, or why it is broken
    turned:   EXIF's orientation of a picture, where it is not 1
    rules:    what `keypoints.yaml` beside the data says
    """

    path: Path
    format: str
    names: tuple[str, ...]
    skeleton: tuple[Edge, ...]
    faces: list[Face]
    left_out: tuple[LeftOut, ...] = ()
    sizes: Mapping[str, Size | str] = field(default_factory=dict)
    turned: Mapping[str, int] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)

    def points(self) -> np.ndarray:
        """(faces, points, 2) float64, pixels of each picture; NaN where missing."""
        return np.array([face.points for face in self.faces]).reshape(len(self.faces), -1, 2)

    def table(self) -> pd.DataFrame:
        """The table of faces (see `face_table.build_table`); a box that is not given holds the points."""
        faces = [replace(face, box=face.box or box_of(face.points)) for face in self.faces]
        return face_table.build_table(self.path, faces, self.sizes, Faults(self.path, 0.0), missing=True)


def box_of(points: Sequence[float]) -> Region | tuple[()]:
    """The region that the marked points span, or () where they span no area: the whole picture."""
    there = np.reshape(points, (-1, 2))
    left, top, width, height = crops.bounding_box(there[~np.isnan(there).any(axis=1)])
    # A region covers left - 0.5 … (see `crops`), and these are centres.
    return (left + 0.5, top + 0.5, width, height) if width > 0 and height > 0 else ()


def assemble(
    source: Source, kind: str, convention: Convention, marks: Marks, rules: Rules, max_broken: float
) -> Annotated:
    """The faces of all marks in one convention, sorted; those that are wrong are left out.

    Raises `UserError` for names that are of no use, for more wrong faces than the share `max_broken`, and
    where none remains.
    """
    check_names(source.path, marks.names)
    marks = order(source.path, marks, rules)
    check_names(source.path, marks.names)
    rules.check(source.path, marks.names)
    left_out, faces = list(marks.left_out), []
    for mark in marks.faces:
        try:
            faces.append(_to_face(source, convention, mark, marks.names))
        except (LookupError, ValueError) as error:
            left_out.append(
                LeftOut(f"{mark.where} ({mark.file})" if mark.file else mark.where, str(error.args[0]))
            )
    check_share(source.path, left_out, len(faces), max_broken)
    return Annotated(
        source.path,
        kind,
        marks.names,
        marks.skeleton,
        sorted(faces, key=face_table.rank),
        tuple(left_out),
        source.sizes,
        source.turned,
        rules,
    )


def order(path: Path, marks: Marks, rules: Rules) -> Marks:
    """The marks with the points' names and order as `keypoints.yaml` says. Raises `UserError`."""
    if not rules.names or rules.names == marks.names:
        return marks
    if not marks.named:
        if len(rules.names) != len(marks.names):
            said = f"{len(rules.names)} names for {len(marks.names)} points"
            raise UserError(f"{path}: {SCHEME_FILE}: {said}: name every point")
        new = dict(zip(marks.names, rules.names, strict=True))
        faces = [
            replace(face, points={new[name]: point for name, point in face.points.items()})
            for face in marks.faces
        ]
        return replace(marks, names=rules.names, faces=faces)
    if unknown := [name for name in rules.names if name not in marks.names]:
        raise UserError(f"{path}: {SCHEME_FILE}: no point is called {unknown[0]!r}: {', '.join(marks.names)}")
    kept = set(rules.names)
    faces = [
        replace(face, points={name: point for name, point in face.points.items() if name in kept})
        for face in marks.faces
    ]
    pairs = [(marks.names[a], marks.names[b]) for a, b in marks.skeleton]
    skeleton = tuple((rules.names.index(a), rules.names.index(b)) for a, b in pairs if {a, b} <= kept)
    return replace(marks, names=rules.names, faces=faces, skeleton=skeleton)


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise `UserError` for names of points that are too many, too long, twice there or not printable."""
    if not 0 < len(names) <= MAX_POINTS:
        raise UserError(f"{path}: {len(names)} different points, 1 to {MAX_POINTS} are possible: fix them")
    for name in names:
        if not name or len(name) > NAME or not name.isprintable():
            raise UserError(f"{path}: a point is called {name!r:.120}: give it a printable, short name")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"{path}: two points are called {twice!r}: rename one")


def check_share(path: Path, left_out: Iterable[LeftOut], kept: int, max_broken: float) -> None:
    """Raise `UserError` where more than the share `max_broken` of the faces is broken, or all are."""
    broken = [each for each in left_out if each.broken]
    total = kept + len(broken)
    if len(broken) > max_broken * total or (broken and not kept):
        count = f"{len(broken)} of {total} faces are wrong, at most {max_broken:.0%} may be left out"
        raise UserError(f"{path}: {broken[0].where}: {broken[0].why}: fix it ({count})")
    if not kept:
        raise UserError(f"{path}: no face has points: annotate some")


def _to_face(source: Source, convention: Convention, mark: Mark, names: Sequence[str]) -> Face:
    """Raises LookupError for a picture that is not there, ValueError for all else that is wrong."""
    file = (source.find_stem if mark.stem else source.find)(mark.file, mark.beside)
    size = source.sizes[file]
    if isinstance(size, str):
        raise ValueError(f"its picture is broken: {size}")
    for name, point in mark.points.items():
        if not all(map(math.isfinite, point)):
            raise ValueError(f"point {name} is not a finite number")
    turn = _turn(source.turned.get(file, 1), convention, mark.size, size)
    missing = (math.nan, math.nan)
    points = np.array([mark.points.get(name, missing) for name in names], np.float64) - convention.first
    if np.isnan(points).all():
        raise ValueError("none of its points is marked")
    box = mark.box
    if turn != 1:
        points = images.unturn_points(points, turn, size)
        box = _unturn_box(box, turn, size) if box else ()
    face = Face(
        file,
        tuple(round(float(value), DIGITS) for value in box),  # type: ignore[arg-type]
        tuple(round(float(value), DIGITS) + 0.0 for value in points.ravel()),  # + 0.0: -0.0 is 0
        mark.group or file,
        mark.subset or file.rpartition("/")[0],
        mark.more,
    )
    if why := face_table.find_fault(face, missing=True):
        raise ValueError(why)
    if face.box and min(face.box[2:]) <= 0:
        raise ValueError("its box has no area")
    return face


def _turn(orientation: int, convention: Convention, said: Size | None, stored: Size) -> int:
    """By which orientation the marks have to be turned back; the document's own size decides if it can."""
    if orientation >= 5 and said and said != said[::-1]:
        return 1 if said == stored else orientation
    return orientation if convention.upright else 1


def _unturn_box(box: Region, turn: int, size: Size) -> Region:
    left, top, width, height = box
    corners = np.array([(left, top), (left + width, top + height)]) - 0.5  # a region's edges, as centres
    (x0, y0), (x1, y1) = images.unturn_points(corners, turn, size).tolist()
    return min(x0, x1) + 0.5, min(y0, y1) + 0.5, abs(x1 - x0), abs(y1 - y0)
