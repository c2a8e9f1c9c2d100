"""Faces of 68 points that are typical, each moved, turned, scaled and shaken a little."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keypoints.datasets.face_table import Face
from keypoints.datasets.formats import Annotated
from keypoints.datasets.formats.scheme import edges
from keypoints.landmarks import IBUG

SIZE = (400, 300)


def face_like() -> np.ndarray:
    """Points (68, 2) of a frontal face about 100 pixels wide, its own mirror image."""
    rng = np.random.default_rng(3)
    points = rng.uniform(-50, 50, (IBUG.points, 2))
    for region, y in (("brows", -35), ("eyes", -25), ("nose", 0), ("mouth", 25), ("jaw", 30)):
        points[list(IBUG.regions[region]), 1] = y + rng.uniform(-8, 8, len(IBUG.regions[region]))
    left, right = IBUG.eyes
    points[left, 0], points[right, 0] = -40, 40
    return (points + (points * [-1, 1])[list(IBUG.partners)]) / 2


def annotated(count: int = 20, box: bool = False) -> tuple[Annotated, np.ndarray]:
    """Faces and their points (N, 68, 2)."""
    rng = np.random.default_rng(0)
    points = []
    for _ in range(count):
        angle, scale = rng.uniform(-0.5, 0.5), rng.uniform(0.6, 1.2)
        turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        points.append(face_like() @ turn + rng.uniform((150, 120), (250, 180)) + rng.normal(0, 1, (68, 2)))
    return of(np.array(points), box), np.array(points)


def of(points: np.ndarray, box: bool = False) -> Annotated:
    """Points (N, 68, 2) as faces on pictures of their own."""
    region = (100.0, 50.0, 200.0, 200.0) if box else ()
    faces = [
        Face(f"{k:03}.jpg", region, tuple(each.ravel().tolist()), f"{k:03}.jpg", "")
        for k, each in enumerate(points)
    ]
    sizes = {face.file: SIZE for face in faces}
    return Annotated(Path("own"), "coco", tuple(IBUG.names()), edges(IBUG.outlines), faces, (), sizes)
