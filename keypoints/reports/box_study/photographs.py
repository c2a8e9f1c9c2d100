"""The photographs that the study looks at, as they are and changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from keypoints import crops
from keypoints.crops import Region
from keypoints.datasets import scenes
from keypoints.datasets.archives import members
from keypoints.datasets.scenes import Photo
from keypoints.evaluation import metrics
from keypoints.landmarks import IBUG
from keypoints.pictures.images import decode
from keypoints.predict.looking import Place

MEGAPIXEL = 1e6


def read(archive: Path, table: pd.DataFrame) -> Iterator[Photo]:
    """Each row's photograph, in the table's order."""
    names = set(table["file"])
    images = {name: np.asarray(decode(content, 3)) for name, content in members(archive, names.__contains__)}
    columns = ["file", "left", "top", "box_width", "box_height", "points"]
    for file, left, top, width, height, points in table[columns].to_numpy(object).tolist():
        yield Photo(images[file], (left, top, width, height), np.reshape(points, (-1, 2)))


def place(photo: Photo, box: Region | None = None) -> Place:
    """Where its face is looked for: in the data set's box, or in another one."""
    return Place(Image.fromarray(photo.image), box or photo.box)


def mean_nme(photos: Sequence[Photo], found: np.ndarray) -> float:
    """Of points (N, K, 2), %."""
    truth = np.stack([photo.points for photo in photos])
    return float(metrics.nme(truth, found, IBUG.eye_distance(truth)).mean())


def turn(photo: Photo, roll: float) -> Photo:
    """The photograph turned about its face by `roll` degrees, and dlib's box of the turned face."""
    side = math.ceil(1.5 * max(photo.image.shape[:2]))
    middle = crops.shift(photo.box, 1.0, 0.0, 0.0)
    matrix = scenes.place(photo.box, middle[2], roll, False, np.array([side / 2, side / 2]))
    image = cv2.warpAffine(
        photo.image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    points = crops.apply(matrix, photo.points)
    return Photo(image, crops.dlib_box(points), points)


def grow(image: Image.Image) -> Image.Image:
    """The picture with a megapixel."""
    factor = math.sqrt(MEGAPIXEL / (image.width * image.height))
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


def upright_box(face: scenes.PlacedFace) -> Region:
    """dlib's box of a face with 68 points, were it upright."""
    assert IBUG.eyes is not None
    points = face.points[list(IBUG.partners)] if face.mirrored else face.points
    return crops.upright_box(points, IBUG.eyes)[0]


def find_nearest(boxes: Sequence[Region], box: Region) -> int | None:
    """Which of these boxes shows the face of `box`: the one that shares most with it, and a third."""
    shared = [crops.overlap(other, box) for other in boxes]
    return int(np.argmax(shared)) if max(shared, default=0) > 1 / 3 else None
