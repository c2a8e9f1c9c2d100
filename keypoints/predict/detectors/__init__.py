"""Finding faces: several detectors behind one call, their boxes brought to dlib's.

The parts that see a face by its box were trained on boxes as dlib's detector draws them, so every
detector's box is moved and scaled to where dlib's would be: its CALIBRATION, measured by `make boxes` on
training photographs of iBUG. A detector is added by its file, with CALIBRATION and LONGEST (the pixels per
side that it searches), and a line in DETECTORS; one with many weak boxes has ALONE, see `build`, and one that
sees the smallest faces in a second search has SMALL and CLOSER, see `at_own_size`; one whose scores tell
faces better than most has TRUSTED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from keypoints import crops
from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection, Detector, remove_duplicates, shrink

__all__ = ["DEFAULT", "DETECTORS", "Calibration", "Detection", "Detector", "build", "load", "trusted"]

DEFAULT = "faces"
TRUSTED = 0.5  # others than `faces`, whose scores tell best, give high ones to things that are no faces too
# name -> module and class; the class takes the file that some need, and is a `Detector`
DETECTORS = {
    "faces": ("keypoints.predict.detectors.faces", "Faces"),
    "mtcnn": ("keypoints.predict.detectors.mtcnn", "Mtcnn"),
    "haar": ("keypoints.predict.detectors.haar", "Haar"),
    "centerface": ("keypoints.predict.detectors.centerface", "CenterFace"),
    "dlib": ("keypoints.predict.detectors.dlib_hog", "Dlib"),
    "yunet": ("keypoints.predict.detectors.yunet", "YuNet"),
    "whole": ("keypoints.predict.detectors.whole", "Whole"),
}


def load(name: str, model: Path | None = None) -> tuple[Detector, ModuleType]:
    """The detector `name` as it is, and its module, with CALIBRATION and LONGEST.

    `model` is the file that some need. Raises `UserError` for an unknown name, and for what the detector
    needs and is not there.
    """
    if name not in DETECTORS:
        raise UserError(f"--detector: {name!r} is none of {', '.join(DETECTORS)}")
    module, kind = DETECTORS[name]
    imported = import_module(module)
    return getattr(imported, kind)(model), imported


def trusted(name: str) -> float:
    """The highest score of a detector that makes a face likelier."""
    return getattr(import_module(DETECTORS[name][0]), "TRUSTED", TRUSTED)


def build(name: str, model: Path | None = None, min_score: float = 0.0, alone: bool = False) -> Detector:
    """The detector `name` for pictures (H, W, 3) uint8 RGB of any size; its boxes are dlib's, squares.

    What it is less sure of than `min_score` is left out; `alone`: and what its module calls too weak (ALONE)
    where nobody tells faces from other things afterwards. Where it finds nothing, or nothing but what is so
    weak, it looks at the picture turned by 90, 270 and 180 degrees too. Raises `UserError` as `load` does.
    """
    detector, module = load(name, model)
    weak = getattr(module, "ALONE", 0.0)
    least = max(min_score, weak) if alone else min_score
    search = at_own_size(detector, module)

    def find(image: np.ndarray) -> list[Detection]:
        seen: list[Detection] = []
        for turns in (0, 1, 3, 2):  # a picture without a face may lie on its side or stand on its head
            found = [one for one in search(image, turns) if one.score >= least]
            calibrated = [replace(one, box=crops.shift(one.box, *module.CALIBRATION)) for one in found]
            seen += [turn_back(one, turns, image) for one in calibrated]
            if name == "whole" or any(one.score >= weak for one in found):
                break
        return remove_duplicates(seen)

    return find


def turn_back(found: Detection, turns: int, image: np.ndarray) -> Detection:
    """What was found on `numpy.rot90(image, turns)`, on the image."""
    height, width = image.shape[:2]
    left, top, across, down = found.box
    box = (
        found.box,
        (width - top - down, left, down, across),
        (width - left - across, height - top - down, across, down),
        (top, height - left - across, down, across),
    )[turns % 4]
    return replace(found, box=box, roll=(found.roll + 90 * turns + 180) % 360 - 180)


def at_own_size(detector: Detector, module: ModuleType) -> Callable[..., list[Detection]]:
    """The detector for pictures of any size, which it sees at its LONGEST; its boxes as it draws them.

    A second argument says how often `numpy.rot90` turns the picture first: what is small turns far sooner.
    Where it is as sure as ALONE of a face smaller than SMALL there, it looks at the picture at its CLOSER
    too; one face may then be found twice.
    """
    small = getattr(module, "SMALL", 0.0)

    def search(image: np.ndarray, turns: int, longest: int) -> tuple[list[Detection], float]:
        """What is found, and how many of the picture's pixels one is that the detector sees."""
        seen, factor = shrink(image, longest)
        found = []
        for detection in detector(np.ascontiguousarray(np.rot90(seen, turns))):
            left, top, width, height = detection.box
            box = (left * factor, top * factor, width * factor, height * factor)
            found.append(replace(detection, box=box))
        return found, factor

    def find(image: np.ndarray, turns: int = 0) -> list[Detection]:
        found, factor = search(image, turns, module.LONGEST)
        if factor > 1 and any(one.box[2] < small * factor and one.score >= module.ALONE for one in found):
            found += search(image, turns, module.CLOSER)[0]
        return found

    return find
