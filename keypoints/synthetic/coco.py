"""Drawn faces as a person's own annotations may look: photographs and one COCO list of five points."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from keypoints.synthetic import wild

# name -> the iBUG points in whose middle it lies
POINTS = {
    "left_eye": range(36, 42),
    "right_eye": range(42, 48),
    "nose": (30,),
    "left_mouth": (48,),
    "right_mouth": (54,),
}
SKELETON = ((1, 3), (2, 3), (3, 4), (3, 5), (4, 5))  # counted from 1, as COCO does
UNMARKED = 0.06  # of the points; an annotator leaves out what hair or a hand hides
EDGE = 0.5  # of a pixel: COCO's tools count from the picture's edge, we from the middle of its first pixel


def members(faces: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """The files of the archive: one face per photograph, each of another person."""
    images, annotations = [], []
    for k in range(faces):
        rng = np.random.default_rng([seed, 4, k])
        drawing, box = wild.face(rng)
        width, height = drawing.image.size
        name = f"photographs/face_{k:03d}.jpg"
        yield name, wild.encode(drawing.image, "JPEG", quality=90)
        points = [drawing.ibug[list(some)].mean(0) + EDGE for some in POINTS.values()]
        marks = [
            (round(float(x), 2), round(float(y), 2), 2) if rng.random() >= UNMARKED else (0, 0, 0)
            for x, y in points
        ]
        images.append({"id": k + 1, "file_name": name, "width": width, "height": height})
        annotations.append(
            {
                "id": k + 1,
                "image_id": k + 1,
                "category_id": 1,
                "bbox": list(box),
                "area": box[2] * box[3],
                "iscrowd": 0,
                "num_keypoints": sum(mark[2] > 0 for mark in marks),
                "keypoints": [value for mark in marks for value in mark],
            }
        )
    category = {"id": 1, "name": "face", "keypoints": list(POINTS), "skeleton": SKELETON}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    yield "annotations.json", json.dumps(content, indent=1).encode("ascii")
