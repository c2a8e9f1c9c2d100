"""labelme's JSON (Wada, version 5 and 6): one document per picture, whose shapes are labelled points.

`imagePath`, `imageWidth`, `imageHeight`, `shapes` [{label, points, group_id, shape_type}]. Shapes of type
"point" are the points of a face, and one rectangle its box; those with the same `group_id` belong together,
so that a picture may have several faces. The canvas counts from the left upper edge of the picture as EXIF
turns it, so that the centre of the first pixel is at (0.5, 0.5). https://github.com/wkentaro/labelme
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from keypoints.crops import Region
from keypoints.datasets.formats.documents import Document, Source
from keypoints.datasets.formats.marks import Convention, Mark, Marks, order_names, to_number, to_size
from keypoints.errors import UserError

CONVENTION = Convention(first=0.5, upright=True)


def claims(name: str, document: Document) -> bool:
    """Whether it holds shapes on a picture."""
    return isinstance(document, dict) and isinstance(document.get("shapes"), list) and "imagePath" in document


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The faces of all documents. Raises `UserError` where no shape is a point."""
    marks = Marks(())
    for name, document in documents.items():
        assert isinstance(document, dict)
        file = str(document["imagePath"])
        renamed = str(PurePosixPath(name).with_suffix(PurePosixPath(file).suffix))  # with its document
        file = source.choose((file, renamed), name)
        size = to_size(document.get("imageWidth"), document.get("imageHeight"))
        for group, shapes in _groups(document["shapes"]).items():
            where = name if group is None else f"{name}: group {group}"
            try:
                points, box = _face(shapes)
            except ValueError as error:
                marks.leave_out(where, str(error))
                continue
            if points:
                marks.faces.append(Mark(where, name, file, points, box, size))
            else:
                marks.leave_out(where, "without points", broken=False)
    marks.names = order_names(face.points for face in marks.faces)
    if marks.lack_points:
        raise UserError(f"{source.path}: {min(documents)}: no shape is a point: mark points in labelme")
    return marks


def _groups(shapes: list[Any]) -> dict[str | None, list[dict[str, Any]]]:
    """The points and rectangles that share a group."""
    found: dict[str | None, list[dict[str, Any]]] = {}
    for shape in shapes:
        if isinstance(shape, dict) and shape.get("shape_type") in ("point", "rectangle"):
            group = shape.get("group_id")
            found.setdefault(None if group is None else str(group), []).append(shape)
    return found


def _face(shapes: list[dict[str, Any]]) -> tuple[dict[str, tuple[float, float]], Region | tuple[()]]:
    """The points and the box of one face. Raises ValueError."""
    points: dict[str, tuple[float, float]] = {}
    box: Region | tuple[()] = ()
    for shape in shapes:
        label, corners = str(shape.get("label")), _corners(shape.get("points"))
        if shape["shape_type"] == "point":
            if label in points:
                raise ValueError(f"two points are called {label!r}: give each face a group_id")
            points[label] = corners[0]
        elif box:
            raise ValueError("two rectangles: give each face a group_id")
        else:
            x, y = zip(*corners, strict=True)
            box = min(x), min(y), max(x) - min(x), max(y) - min(y)
    return points, box if points else ()


def _corners(points: Any) -> list[tuple[float, float]]:
    try:
        corners = [(to_number(x), to_number(y)) for x, y in points]
    except (TypeError, ValueError):
        corners = []
    if not corners:
        raise ValueError("a shape's points are no list of x, y")
    return corners
