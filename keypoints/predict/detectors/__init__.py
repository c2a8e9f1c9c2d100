"""Finding faces: several detectors behind one call, their boxes brought to dlib's.

The parts that see a face by its box were trained on boxes as dlib's detector draws them, so every detector's
box is moved and scaled to where dlib's would be: its CALIBRATION, measured by `make boxes` on training
photographs of iBUG. To add a detector, write its file and a line in DETECTORS. The file defines

CALIBRATION  see `detection.Calibration`
LONGEST      pixels per side of the picture that it searches; larger ones are shrunk
ALONE        optional, for many weak boxes: the least score that counts without a net's doubt, see `build`
SMALL, CLOSER, ENLARGED: optional, for small faces: when to search again, and at what size, see `at_own_size`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from keypoints import crops
from keypoints.errors import UserError
from keypoints.predict.detectors.detection import Calibration, Detection, Detector, remove_duplicates, resize

__all__ = ["DEFAULT", "DETECTORS", "Calibration", "Detection", "Detector", "build", "load"]


class Entry(NamedTuple):
    """Where a detector's class is, which is called with a file or None, and its name on the page."""

    module: str
    kind: str
    label: str
    takes_file: bool = False


DEFAULT = "faces"
DETECTORS = {
    "faces": Entry("keypoints.predict.detectors.faces", "Faces", "Own", takes_file=True),
    "mtcnn": Entry("keypoints.predict.detectors.mtcnn", "Mtcnn", "MTCNN"),
    "haar": Entry("keypoints.predict.detectors.haar", "Haar", "Haar"),
    "centerface": Entry(
        "keypoints.predict.detectors.centerface", "CenterFace", "CenterFace", takes_file=True
    ),
    "dlib": Entry("keypoints.predict.detectors.dlib_hog", "Dlib", "dlib"),
    "yunet": Entry("keypoints.predict.detectors.yunet", "YuNet", "YuNet", takes_file=True),
    "whole": Entry("keypoints.predict.detectors.whole", "Whole", "Whole"),
}


def load(name: str, model: Path | None = None) -> tuple[Detector, ModuleType]:
    """The detector `name` with its boxes as it draws them, and its module.

    `model` is the file that some need. Raises `UserError` for an unknown name, where the file or a package is
    missing, and for a file that the detector has no use for.
    """
    if name not in DETECTORS:
        raise UserError(f"--detector: {name!r} is none of {', '.join(DETECTORS)}")
    entry = DETECTORS[name]
    if model and not entry.takes_file:
        raise UserError(f"--detector-model {model}: --detector {name} takes no file")
    module = import_module(entry.module)
    return getattr(module, entry.kind)(model), module


def build(name: str, model: Path | None = None, min_score: float = 0.0, alone: bool = False) -> Detector:
    """The detector `name` for pictures (H, W, 3) uint8 RGB of any size; its boxes are dlib's, squares.

    Detections with a score below `min_score` are left out. `alone` says that no net tells faces from other
    things afterwards: then those below the module's ALONE are left out too. Where nothing reaches ALONE, the
    picture is also searched turned by 90, 270 and 180 degrees. Raises `UserError` as `load` does.
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
    """A detection on `numpy.rot90(image, turns)` as one on `image`."""
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
    """The detector for pictures of any size, searched at LONGEST pixels; its boxes as it draws them.

    A second argument says how often `numpy.rot90` turns the picture first: what is small turns far sooner.
    Where that finds a face smaller than SMALL with a score of at least ALONE, others are searched for at
    CLOSER pixels, to which a picture is enlarged ENLARGED times at most; one face may then be found twice.
    """
    small = getattr(module, "SMALL", 0.0)

    def search(
        image: np.ndarray, turns: int, longest: int, enlarged: float = 1.0
    ) -> tuple[list[Detection], float]:
        """Detections in pixels of the picture, and how many of these one pixel of the search is."""
        seen, factor = resize(image, longest, enlarged)
        found = []
        for detection in detector(np.ascontiguousarray(np.rot90(seen, turns))):
            left, top, width, height = detection.box
            box = (left * factor, top * factor, width * factor, height * factor)
            found.append(replace(detection, box=box))
        return found, factor

    def find(image: np.ndarray, turns: int = 0) -> list[Detection]:
        found, factor = search(image, turns, module.LONGEST)
        if any(one.box[2] < small * factor and one.score >= module.ALONE for one in found):
            closer, _ = search(image, turns, module.CLOSER, module.ENLARGED)
            found += [one for one in closer if one.box[2] < small * factor]
        return found

    return find
