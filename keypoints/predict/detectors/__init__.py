"""Finding faces: several detectors behind one call, their boxes brought to dlib's.

The parts that see a face by its box were trained on boxes as dlib's detector draws them, so every
detector's box is moved and scaled to where dlib's would be: its CALIBRATION, measured by `make boxes` on
training photographs of iBUG. A detector is added by its file and a line in DETECTORS.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np

from keypoints import crops
from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection, Detector, remove_duplicates

__all__ = ["DETECTORS", "Calibration", "Detection", "Detector", "build", "load"]

LONGEST = 1024  # pixels: a larger picture is searched at this size
# name -> module and class; the class takes the file that some need, and is a `Detector`
DETECTORS = {
    "haar": ("keypoints.predict.detectors.haar", "Haar"),
    "dlib": ("keypoints.predict.detectors.dlib_hog", "Dlib"),
    "yunet": ("keypoints.predict.detectors.yunet", "YuNet"),
    "whole": ("keypoints.predict.detectors.whole", "Whole"),
}


def load(name: str, model: Path | None = None) -> tuple[Detector, Calibration]:
    """The detector `name` as it is, and its calibration; `model` is the file that some need.

    Raises `UserError` for an unknown name, and for what the detector needs and is not there.
    """
    if name not in DETECTORS:
        raise UserError(f"--detector: {name!r} is none of {', '.join(DETECTORS)}")
    module, kind = DETECTORS[name]
    made = import_module(module)
    return getattr(made, kind)(model), made.CALIBRATION


def build(name: str, model: Path | None = None) -> Detector:
    """The detector `name` for pictures (H, W, 3) uint8 RGB of any size; its boxes are dlib's, squares.

    Raises `UserError` as `load` does.
    """
    detector, calibration = load(name, model)

    def find(image: np.ndarray) -> list[Detection]:
        small, factor = shrink(image)
        found = []
        for detection in detector(small):
            left, top, width, height = crops.shift(detection.box, *calibration)
            box = (left * factor, top * factor, width * factor, height * factor)
            found.append(Detection(box, detection.score))
        return remove_duplicates(found)

    return find


def shrink(image: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture with at most LONGEST pixels per side, and how many of its own pixels one of these is."""
    import cv2

    factor = max(1.0, max(image.shape[:2]) / LONGEST)
    if factor == 1.0:
        return image, factor
    size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), factor
