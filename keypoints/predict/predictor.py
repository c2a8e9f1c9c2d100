"""From a picture to the points of its faces: what `keypoints`, the page and other programs call.

from keypoints import Predictor
faces = Predictor()("photo.jpg")
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keypoints import crops, pretrained
from keypoints.crops import Region
from keypoints.images import Picture, open_picture
from keypoints.landmarks import IBUG, Scheme
from keypoints.predict import detectors, runtimes
from keypoints.predict.detectors import Detection

AGREED = 0.85  # where a box and the points' own share less, the face is looked at again (chosen on val)
BATCH = 64  # crops at once


@dataclass(frozen=True)
class Face:
    """A face and its points.

    box:    (left, top, width, height) as dlib's detector draws it, pixels of the picture
    score:  how sure the detector is, on a scale of its own; 1 for a box that was given
    points: (K, 2) float32 x, y in pixels of the picture, the centre of its first pixel at (0, 0)
    names:  K names, as `jaw_0`
    """

    box: Region
    score: float
    points: np.ndarray
    names: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: box, score, points as {name, x, y}; to a hundredth of a pixel."""
        points = [
            {"name": name, "x": round(float(x), 2), "y": round(float(y), 2)}
            for name, (x, y) in zip(self.names, self.points, strict=True)
        ]
        return {"box": [round(v, 2) for v in self.box], "score": round(self.score, 4), "points": points}


class Predictor:
    """Finds faces in pictures, and the points of a part on them. May be called from several threads.

    part:      "landmarks" (68 points), "face" (58) or "nose" (1), by the weights that the project ships
    weights:   a file of your own in their place: `models/<part>.pt` of the pipeline, or an ONNX file
    detector:  haar, dlib, yunet or whole (see `detectors`); detector_model: the file that yunet needs
    device:    "cpu" or "cuda", for a `.pt`; None: a GPU if there is one
    tta:       average with the answer for the mirrored face: twice the time, a little better

    Raises `UserError` for weights that are missing or damaged and for an unknown detector.
    """

    def __init__(
        self,
        part: str = "landmarks",
        weights: str | Path | None = None,
        detector: str = "haar",
        detector_model: str | Path | None = None,
        device: str | None = None,
        tta: bool = False,
    ) -> None:
        self.net = runtimes.load(Path(weights) if weights else pretrained.file(part), device)
        self.tta = tta
        self._detector = detector, Path(detector_model) if detector_model else None
        self._own = threading.local()
        self.detector  # noqa: B018  raises now, not at the first picture

    @property
    def scheme(self) -> Scheme:
        """Names, outlines and partners of the points."""
        return self.net.scheme

    @property
    def detector(self) -> detectors.Detector:
        """This thread's own: OpenCV's give wrong answers when two threads share one."""
        if not hasattr(self._own, "detector"):
            self._own.detector = detectors.build(*self._detector)
        return self._own.detector

    def __call__(self, picture: Picture, boxes: Sequence[Region] | None = None) -> list[Face]:
        """The faces of one picture: of these boxes, in pixels, or else of what the detector finds."""
        return self.many([(picture, boxes)])[0]

    def many(self, pictures: Iterable[tuple[Picture, Sequence[Region] | None]]) -> list[list[Face]]:
        """The faces of several pictures, all crops through the net together.

        A picture is anything that `images.open_picture` takes: a path, bytes, a file, a Pillow image, an
        array. Raises ValueError for what is no picture, and for a box without an area.
        """
        opened = [(open_picture(picture), boxes) for picture, boxes in pictures]
        found = [self.find(image) if boxes is None else from_boxes(boxes) for image, boxes in opened]
        flat = [(image, d.box) for (image, _), there in zip(opened, found, strict=True) for d in there]
        points = iter(self.points(flat))
        names = self.scheme.names()
        return [[Face(d.box, d.score, next(points), names) for d in there] for there in found]

    def find(self, image: Image.Image) -> list[Detection]:
        """The faces that the detector finds in a picture of mode RGB, surest first."""
        return self.detector(np.asarray(image))

    def points(self, faces: Sequence[tuple[Image.Image, Region]]) -> np.ndarray:
        """Points (N, K, 2) float32, pixels of each picture (mode RGB), of the faces in these boxes.

        Where 68 points say that the face lies elsewhere than its box, it is looked at again, there.
        """
        found = self.look(faces)
        if self.net.framing.region == "box" and self.scheme is IBUG:
            seen = [crops.dlib_box(points) for points in found]
            again = [i for i, (f, box) in enumerate(zip(faces, seen, strict=True)) if is_elsewhere(f[1], box)]
            if again:
                found[again] = self.look([(faces[i][0], seen[i]) for i in again])
        return found

    def look(self, faces: Sequence[tuple[Image.Image, Region]]) -> np.ndarray:
        """As `points`, looking once."""
        found = [np.zeros((0, self.scheme.points, 2), np.float32)]
        for i in range(0, len(faces), BATCH):
            cut, matrices = self.cut(faces[i : i + BATCH])
            points = crops.apply(crops.inverse(matrices), self.net.points(cut, flip=self.tta))
            found.append(points.astype(np.float32))
        return np.concatenate(found)

    def cut(self, faces: Sequence[tuple[Image.Image, Region]]) -> tuple[np.ndarray, np.ndarray]:
        """What the net sees of these faces: crops (N, H, W, C) uint8, and the affine (N, 2, 3) of each."""
        framing = self.net.framing
        views = [framing.view(box) for _, box in faces]
        cut = [
            crops.cut(framing.convert(image), view, framing.size)
            for (image, _), view in zip(faces, views, strict=True)
        ]
        return np.stack(cut), np.stack([crops.affine(view, framing.size) for view in views])


def from_boxes(boxes: Sequence[Region]) -> list[Detection]:
    """Boxes that somebody gave, as detections. Raises ValueError for one without an area."""
    for box in boxes:
        if len(box) != 4 or not np.isfinite(box).all() or min(box[2:]) <= 0:
            raise ValueError(f"a box is left, top, width, height with an area, not {list(box)}")
    return [Detection((float(x), float(y), float(w), float(h)), 1.0) for x, y, w, h in boxes]


def is_elsewhere(box: Region, seen: Region) -> bool:
    """Whether the points' own box `seen` is an area, and not where `box` is."""
    return min(seen[2:]) > 0 and crops.overlap(box, seen) < AGREED
