"""What a detector returns, and how its boxes relate to dlib's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keypoints.crops import Region, overlap

SAME = 0.4  # two boxes of a detector that share more than this (intersection over union) are one face


@dataclass(frozen=True)
class Detection:
    """A face: box (left, top, width, height) in pixels of the picture, and how sure the detector is, 0…1.

    roll: degrees clockwise, where the detector tells; the box is then that of the face turned upright

    Scores compare within one detector: the same number may mean another certainty from another one.
    """

    box: Region
    score: float
    roll: float = 0.0


# Finds faces in a picture (H, W, 3) uint8 RGB, surest first.
Detector = Callable[[np.ndarray], list[Detection]]


class Calibration(NamedTuple):
    """Where dlib would draw the box that a detector draws, in sides of the detector's (root of the area).

    side:        of dlib's box
    right, down: from the middle of the detector's box to that of dlib's
    """

    side: float
    right: float
    down: float


def logistic(value: float, middle: float, slope: float) -> float:
    """A detector's own number as a score 0…1, a half at `middle`."""
    return 1 / (1 + math.exp(-slope * (float(value) - middle)))


def remove_duplicates(found: list[Detection]) -> list[Detection]:
    """The detections, surest first, without those that show the face of a surer one."""
    kept: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if all(overlap(detection.box, other.box) < SAME for other in kept):
            kept.append(detection)
    return kept


def pad_to_square(image: np.ndarray, side: int) -> np.ndarray:
    """A picture of at most `side` pixels per side in the upper left corner of a black square."""
    square = np.zeros((side, side, 3), np.uint8)
    square[: image.shape[0], : image.shape[1]] = image
    return square


def resize(image: np.ndarray, longest: int, enlarged: float = 1.0) -> tuple[np.ndarray, float]:
    """The picture with at most `longest` pixels per side, and how many of its own pixels one of these is.

    A smaller picture stays as it is, or is enlarged by up to `enlarged`, 1 or more.
    """
    import cv2

    halved = 1
    while max(image.shape[:2]) >= 2 * longest and min(image.shape[:2]) > 1:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        image = cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
        halved *= 2
    factor = max(1 / enlarged, max(image.shape[:2]) / longest)
    if factor != 1.0:
        size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
        # Halved until each pixel is made of fewer than two a side: then interpolation leaves none out, and
        # takes a sixth of the time that averages take.
        kind = cv2.INTER_LINEAR if factor > 1 else cv2.INTER_CUBIC
        image = cv2.resize(image, size, interpolation=kind)
    return image, halved * factor
