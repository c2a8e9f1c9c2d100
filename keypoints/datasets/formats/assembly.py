"""From what a format's reader found to faces in one convention; what is wrong is left out, up to a share."""

from __future__ import annotations

import contextlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from keypoints.datasets import face_table
from keypoints.datasets.face_table import Face, Size
from keypoints.datasets.formats.annotated import Annotated
from keypoints.datasets.formats.documents import SCHEME_FILE, Agreement, Name, Source, normalise
from keypoints.datasets.formats.marks import (
    DIGITS,
    Convention,
    LeftOut,
    Mark,
    Marks,
    number_names,
    part_numbers,
    rename,
)
from keypoints.datasets.formats.rules import Rules
from keypoints.datasets.formats.shapes import recognise
from keypoints.errors import UserError, has_controls
from keypoints.landmarks import MAX_POINTS, SCHEMES
from keypoints.pictures import images

LONGEST = 100  # characters of a point's name
# Picture -> how well a document's names agree with it, and which document -> these names
Claims = dict[str, dict[tuple[Agreement, str], set[Name]]]


def assemble(
    source: Source, kind: str, convention: Convention, marks: Marks, rules: Rules, max_broken: float
) -> Annotated:
    """The faces of all marks in one convention, sorted; those that are wrong are left out.

    Raises `UserError` for names that are of no use, for more wrong faces than the share `max_broken`, and
    where none remains.
    """
    if not marks.faces:
        check_share(source.path, marks.left_out, 0, max_broken)
    check_names(source.path, marks.names)
    marks = name_points(source.path, marks, rules)
    check_names(source.path, marks.names)
    rules.check(source.path, marks.names)
    left_out = list(marks.left_out)
    faces: dict[tuple[object, ...], Face] = {}
    claims = find_claims(source, marks.faces)
    for mark in marks.faces:
        try:
            face = _to_face(source, convention, mark, find_picture(source, mark, claims), marks.names)
            if faces.setdefault(face_table.rank(face), face) is not face:
                left_out.append(LeftOut(mark.where, "the same face of the same picture again", broken=False))
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
        [faces[rank] for rank in sorted(faces)],
        tuple(left_out),
        source.sizes,
        source.turned,
        rules,
    )


def name_points(path: Path, marks: Marks, rules: Rules) -> Marks:
    """The marks in the order of `order`, also where some documents name the points that others number.

    Raises `UserError`, as where nobody knows which number has which name.
    """
    first, *others = (order(path, number_names(part), rules) for part in part_numbers(marks))
    for other in others:
        if set(other.names) != set(first.names):
            both = f"{first.faces[0].where} numbers its points, {other.faces[0].where} names them"
            raise UserError(f"{path}: {both}: say names in {SCHEME_FILE}, in the order of the numbers")
    return replace(first, faces=[face for part in (first, *others) for face in part.faces])


def order(path: Path, marks: Marks, rules: Rules) -> Marks:
    """The marks with the points' names and order as `keypoints.yaml` says, or a known scheme has them.

    Raises `UserError`.
    """
    if rules.names == marks.names:
        return marks
    if not rules.names:
        if not marks.named:
            known = recognise(marks)
            return rename(marks, known.names()) if known else marks
        ordered = (scheme.names() for scheme in SCHEMES.values())
        same = next((names for names in ordered if set(names) == set(marks.names)), marks.names)
        return choose(marks, tuple(same))  # imglab sorts names by letters
    if not marks.named:
        if len(rules.names) != len(marks.names):
            said = f"{len(rules.names)} names for {len(marks.names)} points"
            raise UserError(f"{path}: {SCHEME_FILE}: {said}: name every point")
        return rename(marks, rules.names)
    if unknown := [name for name in rules.names if name not in marks.names]:
        raise UserError(f"{path}: {SCHEME_FILE}: no point is called {unknown[0]!r}: {', '.join(marks.names)}")
    return choose(marks, rules.names)


def choose(marks: Marks, names: tuple[str, ...]) -> Marks:
    """The marks with only these of their points, in this order."""
    kept = set(names)
    faces = [
        replace(face, points={name: point for name, point in face.points.items() if name in kept})
        for face in marks.faces
    ]
    pairs = [(marks.names[a], marks.names[b]) for a, b in marks.skeleton]
    skeleton = tuple((names.index(a), names.index(b)) for a, b in pairs if {a, b} <= kept)
    return replace(marks, names=names, faces=faces, skeleton=skeleton)


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise `UserError` for names of points that are too many, too long, twice there or have controls."""
    if not 0 < len(names) <= MAX_POINTS:
        raise UserError(f"{path}: {len(names)} different points, 1 to {MAX_POINTS} are possible: fix them")
    for name in names:
        if not name or len(name) > LONGEST or has_controls(name):
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


def find_claims(source: Source, faces: Iterable[Mark]) -> Claims:
    """The names that find each picture."""
    claims: Claims = defaultdict(lambda: defaultdict(set))
    for mark in faces:
        with contextlib.suppress(LookupError):
            agreement, file = source.find(mark.file, mark.beside, mark.stem)
            claims[file][agreement, mark.beside].add(normalise(mark.file))
    return claims


def find_picture(source: Source, mark: Mark, claims: Claims) -> str:
    """The picture of a face. Raises LookupError in words where there is none.

    Names find pictures in other folders too, since people move them. But a picture is not the one that is
    meant where another name agrees better with it, or another one of the same document as well.
    """
    agreement, file = source.find(mark.file, mark.beside, mark.stem)
    if agreement < max(claims[file])[0]:
        raise LookupError(f"its picture is not there, {file} is another's")
    names = sorted(map("/".join, claims[file][agreement, mark.beside]))
    if len(names) > 1:
        raise LookupError(f"its picture is not there, or {names[0]} and {names[1]} are both {file}")
    return file


def _to_face(source: Source, convention: Convention, mark: Mark, file: str, names: Sequence[str]) -> Face:
    """Raises ValueError for what is wrong."""
    size = source.sizes[file]
    if isinstance(size, str):
        raise ValueError(f"its picture is broken: {size}")
    for name, point in mark.points.items():
        if not all(map(math.isfinite, point)):
            raise ValueError(f"point {name} is not a finite number")
    orientation = source.turned.get(file, 1)
    turn = _turn(orientation, convention, mark.size, size)
    mark = _resize(mark, convention, orientation, size)
    missing = (math.nan, math.nan)
    points = np.array([mark.points.get(name, missing) for name in names], np.float64) - convention.first
    if np.isnan(points).all():
        raise ValueError("none of its points is marked")
    box = mark.box
    if turn != 1:
        points = images.unturn_points(points, turn, size)
        box = images.unturn_box(box, turn, size) if box else ()
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


def _resize(mark: Mark, convention: Convention, orientation: int, stored: Size) -> Mark:
    """The mark on the picture as it is now. Raises ValueError where it was resized and pixels are counted."""
    said = mark.size
    if not said or said in (stored, stored[::-1]):
        return mark
    if not convention.relative:
        sizes = f"it is annotated on {said[0]} x {said[1]} pixels, its picture has {stored[0]} x {stored[1]}"
        raise ValueError(f"{sizes}: take the original picture, or annotate this one")
    upright = stored[::-1] if orientation >= 5 else stored
    x, y = (now / before for now, before in zip(upright, said, strict=True))
    points = {name: (point[0] * x, point[1] * y) for name, point in mark.points.items()}
    box = mark.box and (mark.box[0] * x, mark.box[1] * y, mark.box[2] * x, mark.box[3] * y)
    return replace(mark, points=points, box=box)


def _turn(orientation: int, convention: Convention, said: Size | None, stored: Size) -> int:
    """By which orientation the marks have to be turned back; the document's own size decides if it can."""
    if orientation >= 5 and said and said != said[::-1]:
        return 1 if said == stored else orientation
    return orientation if convention.upright else 1
