"""COCO's keypoints (Lin et al., 2014), as CVAT, Label Studio, Roboflow and mmpose write them: one JSON.

`images` [{id, file_name, width, height}], `categories` [{id, name, keypoints, skeleton}], `annotations`
[{image_id, category_id, keypoints: [x, y, v, …], num_keypoints, bbox}]; v is 0 for a point that is not
marked, 1 for a hidden and 2 for a visible one. These tools count from the left upper edge of the upright
picture, so that the centre of the first pixel is at (0.5, 0.5). Skeletons count points from 1, and from 0
where a 0 stands in them. https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from keypoints.crops import Region
from keypoints.datasets.formats.documents import Document, Source
from keypoints.datasets.formats.marks import (
    Convention,
    Edge,
    Mark,
    Marks,
    numbered,
    to_number,
    to_size,
)
from keypoints.errors import UserError
from keypoints.landmarks import MAX_POINTS

CONVENTION = Convention(first=0.5, upright=True)


def claims(name: str, document: Document) -> bool:
    """Whether it lists images and annotations; also those of boxes alone, to say what is missing."""
    return isinstance(document, dict) and all(
        isinstance(document.get(key), list) for key in ("images", "annotations")
    )


def read(source: Source, documents: dict[str, Document]) -> Marks:
    """The faces of all these documents.

    They must mark the same points, or some of those that another names. Raises `UserError`.
    """
    found: Marks | None = None
    for name, document in documents.items():
        assert isinstance(document, dict)
        marks = _read_one(f"{source.path}: {name}", name, document)
        if found is None:
            found = marks
            continue
        many, few = sorted((found, marks), key=lambda each: len(each.names), reverse=True)
        same = len(few.names) == len(many.names) or (few.named and many.named)
        if not (same and set(few.names) <= set(many.names)):
            raise UserError(f"{source.path}: {name}: its points are others than before: split the folder")
        faces, left_out = found.faces + marks.faces, found.left_out + marks.left_out
        found = replace(many, faces=faces, left_out=left_out)
    assert found is not None
    return found


def _read_one(where: str, name: str, document: dict[str, Any]) -> Marks:
    annotations = [each for each in document["annotations"] if isinstance(each, dict)]
    category, names, skeleton, named = _points(where, document.get("categories"), annotations)
    pictures: dict[str, dict[str, Any]] = {}
    twice = set()  # ids of two pictures, as where documents were put together
    for each in document["images"]:
        if isinstance(each, dict) and pictures.setdefault(str(each.get("id")), each) != each:
            twice.add(str(each.get("id")))
    marks = Marks(names, skeleton, named=named)
    for k, annotation in enumerate(annotations):
        place = f"{name}: annotation {annotation.get('id', k)}"
        if str(annotation.get("category_id")) != category and category:
            marks.leave_out(place, "of another category", broken=False)
            continue
        if not annotation.get("keypoints") or annotation.get("iscrowd") in (1, True):
            marks.leave_out(place, "without points", broken=False)
            continue
        image = str(annotation.get("image_id"))
        if image not in pictures or image in twice:
            why = "two images have its image_id" if image in twice else "its image_id is none of the images"
            marks.leave_out(place, why)
            continue
        try:
            points = _marked(annotation["keypoints"], names)
            box = parse_box(annotation.get("bbox"))
        except ValueError as error:
            marks.leave_out(place, str(error))
            continue
        if not points:
            marks.leave_out(place, "without points", broken=False)
            continue
        picture = pictures[image]
        file = str(picture.get("file_name", ""))
        marks.faces.append(
            Mark(place, name, file, points, box, to_size(picture.get("width"), picture.get("height")))
        )
    return marks


def _points(
    where: str, categories: Any, annotations: list[dict[str, Any]]
) -> tuple[str, tuple[str, ...], tuple[Edge, ...], bool]:
    """The category that most faces have, its points and skeleton, and whether its points have names."""
    uses = Counter(str(a.get("category_id")) for a in annotations if _is_list(a.get("keypoints")))
    if not uses:
        raise UserError(f"{where}: no annotation has keypoints, only boxes or outlines: annotate points")
    described = {
        str(each.get("id")): each
        for each in (categories if isinstance(categories, list) else [])
        if isinstance(each, dict)
    }
    category = max(sorted(uses), key=uses.__getitem__)
    about = described.get(category, {})
    names = about.get("keypoints")
    if isinstance(names, list) and names:
        labels, named = tuple(map(str, names)), True
    else:
        first = next(
            a["keypoints"]
            for a in annotations
            if _is_list(a.get("keypoints")) and str(a.get("category_id")) == category
        )
        count = len(first) // 3
        if not 0 < count <= MAX_POINTS:
            raise UserError(f"{where}: {count} points per face, 1 to {MAX_POINTS} are possible: fix it")
        labels, named = numbered(count), False
    return category, labels, _skeleton(where, about.get("skeleton"), len(labels)), named


def _skeleton(where: str, pairs: Any, points: int) -> tuple[Edge, ...]:
    if not pairs:
        return ()
    try:
        edges = [(int(a), int(b)) for a, b in pairs]
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{where}: the skeleton is no list of pairs of points: fix it") from None
    first = 0 if any(0 in edge for edge in edges) else 1
    if any(not first <= k < points + first for edge in edges for k in edge):
        raise UserError(f"{where}: the skeleton names a point that is none of {points}: fix it")
    return tuple((a - first, b - first) for a, b in edges)


def _marked(values: Any, names: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Name -> x, y of the points that are marked. Raises ValueError."""
    if not isinstance(values, list) or len(values) != 3 * len(names):
        count = len(values) if isinstance(values, list) else 0
        raise ValueError(f"{count} numbers, {3 * len(names)} are needed: x, y and visibility of each point")
    numbers = [to_number(value) for value in values]
    return {
        name: (numbers[3 * k], numbers[3 * k + 1]) for k, name in enumerate(names) if numbers[3 * k + 2] > 0
    }


def parse_box(values: Any) -> Region | tuple[()]:
    """A box of four numbers; () where there is none or it has no area, as tools write it for points alone."""
    if not isinstance(values, list) or len(values) != 4:
        return ()
    left, top, width, height = map(to_number, values)
    return () if width == 0 or height == 0 else (left, top, width, height)


def _is_list(values: Any) -> bool:
    return isinstance(values, list) and bool(values)
