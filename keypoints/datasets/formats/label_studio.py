"""Label Studio's own JSON export (version 1): a list of tasks, each with a picture and annotations of it.

`data` {image: address}, `annotations` [{result: [{type: "keypointlabels", value: {x, y, keypointlabels},
original_width, original_height, parentID}, {type: "rectanglelabels", id, value: {x, y, width, height}}]}].
x, y, width and height are per cent of the picture as a browser shows it, upright and counted from its left
upper edge, so that the centre of the first pixel is at (0.5, 0.5) pixels. A picture with several faces needs
a rectangle for each: points belong to their parent region, else to the smallest rectangle around them.
https://labelstud.io/guide/export
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from keypoints.crops import Region
from keypoints.datasets.face_table import Size
from keypoints.datasets.formats.documents import Document, Source
from keypoints.datasets.formats.marks import Convention, Mark, Marks, order_names, to_number, to_size
from keypoints.errors import UserError
from keypoints.pictures.images import ENDINGS

CONVENTION = Convention(first=0.5, upright=True, relative=True)
Point = tuple[float, float]


def claims(name: str, document: Document) -> bool:
    """Whether it is a list of tasks with data and annotations."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and isinstance(first.get("data"), dict) and "annotations" in first


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The faces of all tasks. Raises `UserError` where no result is a point."""
    marks = Marks(())
    for name, document in documents.items():
        for k, task in enumerate(document if isinstance(document, list) else [document]):
            if isinstance(task, dict):
                _read_task(marks, f"{name}: task {task.get('id', k)}", name, task)
    marks.names = order_names(face.points for face in marks.faces)
    if marks.lack_points:
        raise UserError(f"{source.path}: {min(documents)}: no result is a labelled keypoint: annotate some")
    return marks


def _read_task(marks: Marks, where: str, name: str, task: dict[str, Any]) -> None:
    annotations = task.get("annotations")
    given = [a for a in annotations if isinstance(a, dict)] if isinstance(annotations, list) else []
    done = [a for a in given if not a.get("was_cancelled") and isinstance(a.get("result"), list)]
    done.sort(key=lambda annotation: not annotation["result"])  # an empty one comes last
    if not done:
        marks.leave_out(where, "not annotated", broken=False)
        return
    if len(done) > 1:
        marks.leave_out(where, f"{len(done) - 1} more annotations of the same picture", broken=False)
    results = [each for each in done[0]["result"] if isinstance(each, dict)]
    try:
        size = _size(results)
        faces = _faces(results, size) if size else []
    except ValueError as error:
        marks.leave_out(where, str(error))
        return
    if not faces:
        marks.leave_out(where, "without points", broken=False)
    for points, box in faces:
        marks.faces.append(Mark(where, name, _file(task), points, box, size))


def _file(task: dict[str, Any]) -> str:
    """The picture's path out of its address: of a local file what `?d=` says."""
    data = task.get("data")
    for value in (*(data.values() if isinstance(data, dict) else ()), task.get("file_upload")):
        if isinstance(value, str):
            try:
                parts = urlsplit(value)
            except ValueError:
                continue
            path = parse_qs(parts.query).get("d", [unquote(parts.path)])[0]
            if PurePosixPath(path).suffix.lower() in ENDINGS:
                return path
    return ""


def _size(results: list[dict[str, Any]]) -> Size | None:
    """What the results say of the picture, None where there is no point. Raises ValueError."""
    points = [each for each in results if each.get("type") == "keypointlabels"]
    if any(each.get("image_rotation") for each in points):
        raise ValueError("annotated on a turned picture: turn it back in Label Studio")
    sizes = {to_size(each.get("original_width"), each.get("original_height")) for each in points}
    if len(sizes) > 1 or None in sizes:
        raise ValueError("its results lack one original_width and original_height")
    return next(iter(sizes), None)


def _faces(results: list[dict[str, Any]], size: Size) -> list[tuple[dict[str, Point], Region | tuple[()]]]:
    """The points and the box of each face. Raises ValueError."""
    boxes: dict[Any, Region] = {}
    points: list[tuple[str, Point, Any]] = []
    for each in results:
        value = each.get("value")
        if not isinstance(value, dict):
            continue
        x, y = _share(value, "x", size[0]), _share(value, "y", size[1])
        if each.get("type") == "rectanglelabels":
            width, height = _share(value, "width", size[0]), _share(value, "height", size[1])
            boxes[str(each.get("id"))] = (x, y, width, height)
        elif each.get("type") == "keypointlabels":
            labels = value.get("keypointlabels")
            if not isinstance(labels, list) or len(labels) != 1:
                raise ValueError("a point has no label, or several: give it one")
            points.append((str(labels[0]), (x, y), str(each.get("parentID", ""))))
    faces: dict[str, dict[str, Point]] = {}
    for label, point, parent in points:
        face = faces.setdefault(parent if parent in boxes else _around(boxes, point), {})
        if label in face:
            raise ValueError(f"two points are called {label!r}: draw a rectangle around each face")
        face[label] = point
    return [(face, boxes.get(owner, ())) for owner, face in faces.items()]


def _around(boxes: dict[Any, Region], point: Point) -> str:
    """The smallest box around a point, or the only one."""
    if len(boxes) == 1:
        return next(iter(boxes))
    around = {
        owner: width * height
        for owner, (left, top, width, height) in boxes.items()
        if left <= point[0] <= left + width and top <= point[1] <= top + height
    }
    return min(around, key=around.__getitem__) if around else ""


def _share(value: dict[str, Any], key: str, whole: int) -> float:
    return to_number(value.get(key)) / 100 * whole
