"""Finding faces: several detectors behind one call, their boxes brought to dlib's.

The parts that see a face by its box learnt from boxes as dlib's detector draws them, so every
detector's box is moved and scaled to where dlib's would be (`CALIBRATION`, measured by
`python -m keypoints.boxes` on training photographs of iBUG). A detector is added by its class, a
line in DETECTORS and one in CALIBRATION.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keypoints.crops import Region
from keypoints.errors import UserError

LONGEST = 1024  # pixels: a larger picture is searched at this size
SMALLEST = 24  # pixels of that size: smaller faces are not looked for
SAME = 0.4  # two boxes that share more than this (intersection over union) are one face

# detector -> side, x and y of dlib's box: its side in sides of the detector's (root of the area), its
# middle from the detector's middle, in the same unit, to the right and down.
CALIBRATION = {
    "haar": (0.918, -0.011, 0.060),
    "dlib": (1.0, 0.0, 0.0),
    "yunet": (1.0, 0.0, 0.0),
    "whole": (1.0, 0.0, 0.0),
}


@dataclass(frozen=True)
class Detection:
    """A face: box (left, top, width, height) in pixels of the picture, and how sure the detector is.

    Scores are each detector's own: only those of one detector compare.
    """

    box: Region
    score: float


# Finds faces on a picture (H, W, 3) uint8 RGB, surest first.
Detector = Callable[[np.ndarray], list[Detection]]


class Haar:
    """OpenCV's cascades (Viola and Jones, 2001): the strictest first, others where it finds nothing."""

    def __init__(self, model: Path | None = None) -> None:
        import cv2

        folder = Path(cv2.data.haarcascades)
        self.front, self.any_front, self.side = (
            cv2.CascadeClassifier(str(folder / f"haarcascade_{name}.xml"))
            for name in ("frontalface_alt2", "frontalface_default", "profileface")
        )

    def __call__(self, image: np.ndarray) -> list[Detection]:
        import cv2

        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        return (
            self._search(self.front, grey, 3)
            or self._search(self.any_front, grey, 4)
            or self._search(self.side, grey, 3) + self._mirrored(grey)
        )

    def _mirrored(self, grey: np.ndarray) -> list[Detection]:
        """Faces that look to the other side than the cascade knows."""
        found = self._search(self.side, np.ascontiguousarray(grey[:, ::-1]), 3)
        return [Detection((grey.shape[1] - d.box[0] - d.box[2], *d.box[1:]), d.score) for d in found]

    @staticmethod
    def _search(cascade, grey: np.ndarray, neighbours: int) -> list[Detection]:
        """`neighbours`: how many overlapping hits make a face."""
        boxes, _, weights = cascade.detectMultiScale3(
            grey, 1.1, neighbours, minSize=(SMALLEST, SMALLEST), outputRejectLevels=True
        )
        return [Detection(tuple(map(float, b)), float(w)) for b, w in zip(boxes, weights, strict=True)]


class Dlib:
    """dlib's HOG detector (King, 2009), whose boxes the data sets have; wants `pip install dlib-bin`."""

    def __init__(self, model: Path | None = None) -> None:
        try:
            import dlib
        except ImportError:
            raise UserError("--detector dlib: install it first: pip install dlib-bin") from None
        self.detector = dlib.get_frontal_face_detector()

    def __call__(self, image: np.ndarray) -> list[Detection]:
        found, scores, _ = self.detector.run(image, 1, 0.0)  # one upsampling: faces from 40 pixels on
        boxes = [(r.left(), r.top(), r.width(), r.height()) for r in found]
        return [Detection(tuple(map(float, b)), float(s)) for b, s in zip(boxes, scores, strict=True)]


class YuNet:
    """OpenCV's YuNet (Wu et al., 2023), whose ONNX file the user brings (OpenCV Zoo has it)."""

    def __init__(self, model: Path | None = None) -> None:
        import cv2

        if model is None or not model.is_file():
            raise UserError(f"--detector yunet: its ONNX file is not there ({model}): see --detector-model")
        try:
            self.net = cv2.FaceDetectorYN.create(str(model), "", (320, 320), score_threshold=0.6)
        except cv2.error:
            raise UserError(f"{model} is no YuNet that OpenCV {cv2.__version__} reads") from None

    def __call__(self, image: np.ndarray) -> list[Detection]:
        self.net.setInputSize((image.shape[1], image.shape[0]))
        rows = self.net.detect(np.ascontiguousarray(image[..., ::-1]))[1]
        return [Detection(tuple(map(float, r[:4])), float(r[-1])) for r in (rows if rows is not None else [])]


class Whole:
    """The picture is the face."""

    def __init__(self, model: Path | None = None) -> None: ...

    def __call__(self, image: np.ndarray) -> list[Detection]:
        height, width = image.shape[:2]
        return [Detection((0.0, 0.0, float(width), float(height)), 1.0)]


DETECTORS: dict[str, Callable[[Path | None], Detector]] = {
    "haar": Haar,
    "dlib": Dlib,
    "yunet": YuNet,
    "whole": Whole,
}


def build(name: str, model: Path | None = None) -> Detector:
    """The detector `name`, whose boxes are dlib's; `model` is the file that some want.

    The answer finds faces on pictures (H, W, 3) uint8 RGB of any size. Raises `UserError`.
    """
    if name not in DETECTORS:
        raise UserError(f"--detector: {name!r} is none of {', '.join(DETECTORS)}")
    detector = DETECTORS[name](model)

    def find(image: np.ndarray) -> list[Detection]:
        shrunk, factor = _shrunk(image)
        found = [
            Detection(tuple(v * factor for v in calibrated(d.box, name)), d.score) for d in detector(shrunk)
        ]
        return distinct(found)

    return find


def calibrated(box: Region, detector: str) -> Region:
    """Where dlib would draw the box that `detector` draws so, the same unit: always a square."""
    scale, right, down = CALIBRATION[detector]
    left, top, width, height = box
    side = (width * height) ** 0.5
    x, y = left + width / 2 + right * side, top + height / 2 + down * side
    return x - scale * side / 2, y - scale * side / 2, scale * side, scale * side


def from_points(points: np.ndarray) -> Region:
    """dlib's box of a face with these 68 points (68, 2), the same unit; the rule the data set was made by."""
    low, high = points.min(0), points.max(0)
    size = float(np.sqrt(np.prod(high - low)))
    x, y = (low + high) / 2 + size * np.array([-0.019, -0.110])
    side = 1.06 * size
    return float(x - side / 2), float(y - side / 2), side, side


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of two boxes, 0…1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def distinct(found: list[Detection]) -> list[Detection]:
    """The detections, surest first, without those that show the face of a surer one."""
    kept: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if all(overlap(detection.box, other.box) < SAME for other in kept):
            kept.append(detection)
    return kept


def _shrunk(image: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture with at most LONGEST pixels a side, and how many of its own pixels one of these is."""
    import cv2

    factor = max(1.0, max(image.shape[:2]) / LONGEST)
    if factor == 1.0:
        return image, factor
    size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), factor
