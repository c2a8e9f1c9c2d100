"""What a detector returns, and how its boxes relate to dlib's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keypoints.crops import Region, overlap

SAME = 0.4  # two boxes that share more than this (intersection over union) are one face


@dataclass(frozen=True)
class Detection:
    """A face: box (left, top, width, height) in pixels of the picture, and how sure the detector is.

    Scores are each detector's own: only those of one detector compare.
    """

    box: Region
    score: float


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


def remove_duplicates(found: list[Detection]) -> list[Detection]:
    """The detections, surest first, without those that show the face of a surer one."""
    kept: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if all(overlap(detection.box, other.box) < SAME for other in kept):
            kept.append(detection)
    return kept
