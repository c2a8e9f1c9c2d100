"""This project's own lines of JSON, one object per face: `keypoints --json` and `--format json`.

{"file", "box": [left, top, width, height], "points": [{"name", "x", "y"}, …]} in pixels of the upright
picture, the centre of the first one at (0, 0). What else a line says is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from keypoints.crops import Region
from keypoints.datasets.formats.coco import parse_box
from keypoints.datasets.formats.documents import Document, Source, Text
from keypoints.datasets.formats.marks import Convention, Mark, Marks, order_names, to_number
from keypoints.errors import UserError

CONVENTION = Convention(first=0.0, upright=True)


def claims(name: str, document: Document) -> bool:
    """Whether its first line is a face with points."""
    first = next(_rows(document), None)
    return isinstance(first, dict) and "file" in first and isinstance(first.get("points"), list)


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The faces of all lines. Raises `UserError` where none has a point."""
    marks = Marks(())
    for name, document in documents.items():
        for number, row in enumerate(_rows(document), 1):
            where = f"{name}: line {number}"
            try:
                points, box = _face(row)
            except (ValueError, KeyError, TypeError):
                marks.leave_out(where, 'it is no {"file", "box", "points": [{"name", "x", "y"}]}')
                continue
            if points:
                marks.faces.append(Mark(where, name, str(row["file"]), points, box))
            else:
                marks.leave_out(where, "without points", broken=False)
    marks.names = order_names(face.points for face in marks.faces)
    if marks.lack_points:
        raise UserError(f"{source.path}: {min(documents)}: no line has points: write it again")
    return marks


def _rows(document: Document) -> Iterator[Any]:
    """What stands on each line; None for what is no JSON."""
    if isinstance(document, dict):  # of a single line
        yield document
    elif isinstance(document, Text):
        for line in document.content.splitlines():
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    yield None


def _face(row: Any) -> tuple[dict[str, tuple[float, float]], Region | tuple[()]]:
    """Raises ValueError, KeyError or TypeError for another object."""
    points: dict[str, tuple[float, float]] = {}
    for point in row["points"]:
        name = str(point["name"])
        if name in points or not row["file"]:
            raise ValueError
        points[name] = to_number(point["x"]), to_number(point["y"])
    return points, parse_box(row.get("box"))
