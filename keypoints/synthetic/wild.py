"""Anybody, anyhow: people, expressions and scenes drawn by a generator of random numbers, and their boxes."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from keypoints import crops
from keypoints.synthetic.drawing import Drawing, Expression, Person, Pose, Scene, draw


def encode(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def between(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def expression(rng: np.random.Generator) -> Expression:
    """Mostly mild; a mouth open now and then, eyes shut seldom."""
    return Expression(
        mouth=max(0.0, between(rng, -0.8, 1)),
        smile=between(rng, -0.4, 1),
        brows=between(rng, -0.5, 0.9),
        eyes=min(1.0, max(0.0, between(rng, -6, 1.3))),
        gaze=between(rng, -0.8, 0.8),
    )


def scene(rng: np.random.Generator) -> Scene:
    return Scene(
        background=tuple(rng.integers(70, 200, 3).tolist()),
        shapes=int(rng.integers(9)),
        light=between(rng, -1, 1) ** 3,
        level=between(rng, 0.72, 1),
        noise=int(rng.integers(2, 12)),
        seed=int(rng.integers(2**31)),
    )


def face(rng: np.random.Generator) -> tuple[Drawing, tuple[int, int, int, int]]:
    """Anybody, anyhow, and the detector's box (left, top, width, height)."""
    width, height = (int(side) for side in rng.integers(200, 321, 2))
    scale = min(width, height) * between(rng, 0.27, 0.4)
    free = 0.12 if rng.random() < 0.75 else 0.4
    pose = Pose(
        width / 2 + (width / 2 - scale) * between(rng, -free, free),
        height / 2 + (height / 2 - scale) * between(rng, -free, free),
        scale,
        yaw=between(rng, -40, 40),
        pitch=between(rng, -15, 15),
        roll=between(rng, -1, 1) ** 3 * 25,
    )
    drawing = draw(Person.random(rng), expression(rng), pose, scene(rng), (width, height))
    return drawing, dlib_box(drawing.ibug, rng)


def dlib_box(points: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A square like that of dlib's detector: by a rule from the points' bounding box, and some noise."""
    low, high = points.min(0), points.max(0)
    size = math.sqrt(float((high - low).prod()))
    side = round(crops.DLIB_SIDE * size * between(rng, 0.96, 1.04))
    middle = (
        (low + high) / 2
        + size * np.array([crops.DLIB_RIGHT, crops.DLIB_DOWN])
        + size * 0.03 * (rng.random(2) * 2 - 1)
    )
    return round(float(middle[0]) - side / 2), round(float(middle[1]) - side / 2), side, side
