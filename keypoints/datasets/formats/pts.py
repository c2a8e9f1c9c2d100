"""300-W's `.pts` (Sagonas et al., 2013): one text per face, beside its picture and of the same name.

    version: 1
    n_points: 68
    {
    30.74 141.08
    …
    }

Written by Matlab, so that the centre of the first pixel of the stored picture is at (1, 1)
(https://ibug.doc.ic.ac.uk/resources/300-W/). What follows `#` or `//` is a comment. Points have no names and
none can be missing. `name_2.pts` is another face of `name.jpg` where there is no `name_2.jpg` beside it.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from keypoints.datasets import face_table
from keypoints.datasets.formats.documents import Document, Source, Text
from keypoints.datasets.formats.marks import Convention, Mark, Marks, numbered
from keypoints.landmarks import MAX_POINTS

CONVENTION = Convention(first=1.0, upright=False)
_HEAD = re.compile(rb"^\s*n_points\s*:\s*(\d{1,9})", re.MULTILINE)


def claims(name: str, document: Document) -> bool:
    """Whether it says how many points follow."""
    return isinstance(document, Text) and bool(_HEAD.search(document.content[:4096]))


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The face of each text; all must have as many points as most have. Raises `UserError`."""
    faces: dict[str, list[tuple[float, float]]] = {}
    marks = Marks((), named=False)
    for name, document in documents.items():
        assert isinstance(document, Text)
        try:
            faces[name] = _points(document)
        except ValueError as error:
            marks.leave_out(name, str(error))
    counts = [len(points) for points in faces.values()]
    usual = max(sorted(set(counts)), key=counts.count) if counts else 0
    marks.names = numbered(usual)
    for name, points in faces.items():
        if len(points) != usual:
            marks.leave_out(name, f"{len(points)} points, the others have {usual}")
            continue
        stem = PurePosixPath(name).with_suffix("").as_posix()
        single = re.sub(r"_\d+$", "", stem)
        file = source.choose((stem, single), "", stem=True)
        points_by_name = dict(zip(marks.names, points, strict=True))
        marks.faces.append(Mark(name, "", file, points_by_name, stem=True))
    return marks


def _points(document: Text) -> list[tuple[float, float]]:
    """Raises ValueError in words."""
    head = _HEAD.search(document.content[:4096])
    assert head is not None  # as claimed
    said = int(head[1])
    if not 0 < said <= MAX_POINTS:
        raise ValueError(f"{said} points, 1 to {MAX_POINTS} are possible")
    points = []
    for line in document.lines():
        text = re.sub(r"(#|//).*", "", line).strip(" \t{}")
        if text and ":" not in text:
            x, y, *more = (*text.split(), "", "")
            points.append((face_table.parse_number(x), face_table.parse_number(y)))
            if any(more):
                raise ValueError(f"a line has more than x and y: {line!r:.60}")
    if len(points) != said:
        raise ValueError(f"{len(points)} points, though n_points says {said}")
    return points
