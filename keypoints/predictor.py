"""From a picture to the points of its faces: what `predict`, the page and other programs call.

    from keypoints import Predictor
    faces = Predictor()("photo.jpg")

Crops, nets and codecs are the pipeline's own; what is here is how a picture that belongs to no data
set gets to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keypoints import crops, detect, images, shipped, tensors, weights
from keypoints.errors import UserError
from keypoints.landmarks import Scheme
from keypoints.params import Data
from keypoints.tensors import Crops

# Parts that learnt from whole pictures of IMM (640 x 480, the face in the middle) want such a picture: its
# width, and its middle from that of dlib's box, to the right and down, in sides of that box (the medians
# of IMM's training faces, measured by `python -m keypoints.boxes`).
FRAME_WIDTH, FRAME_MIDDLE = 2.94, (-0.023, -0.138)
AGREED = 0.85  # where a box and the points' own share less, they are looked for again (chosen on val)
BATCH = 64  # crops at once

Picture = str | Path | bytes | Image.Image | np.ndarray


@dataclass(frozen=True)
class Face:
    """A face and its points.

    box:    (left, top, width, height) as dlib's detector draws it, pixels of the picture
    score:  how sure the detector is, on a scale of its own; 1 for a box that was given
    points: (K, 2) float32 x, y in pixels of the picture, the centre of its first pixel at (0, 0)
    names:  K names, as `jaw_0`
    """

    box: crops.Region
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
    """Finds faces on pictures, and the points of a part on them.

    part:      "landmarks" (68 points), "face" (58) or "nose" (1), by the weights that the project ships
    weights:   a file of one's own, `models/<part>.pt` of the pipeline, in their place
    detector:  haar, dlib, yunet or whole (see `detect.py`); detector_model: the file that yunet wants
    device:    "cpu" or "cuda"; None: a GPU if there is one
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
        self.trained = _load(weights or shipped.weights(part), device)
        self.detector = detect.build(detector, Path(detector_model) if detector_model else None)
        self.tta = tta

    @property
    def scheme(self) -> Scheme:
        """Names, outlines and partners of the points."""
        return self.trained.scheme

    def __call__(self, picture: Picture, boxes: Sequence[crops.Region] | None = None) -> list[Face]:
        """The faces of one picture: of these boxes, in pixels, or else of what the detector finds."""
        return self.many([(picture, boxes)])[0]

    def many(self, pictures: Iterable[tuple[Picture, Sequence[crops.Region] | None]]) -> list[list[Face]]:
        """The faces of several pictures, all crops through the net together.

        A picture is a path, a file's bytes, a Pillow image or an array (H, W), (H, W, 3) or (H, W, 4) of
        uint8. Files are turned as their EXIF says. Raises ValueError for what is no picture, and for a
        box without an area.
        """
        opened = [(open_picture(picture), boxes) for picture, boxes in pictures]
        found = [self.find(image) if boxes is None else given(boxes) for image, boxes in opened]
        flat = [(image, d.box) for (image, _), there in zip(opened, found, strict=True) for d in there]
        points = iter(self.points(flat))
        names = self.scheme.names()
        return [[Face(d.box, d.score, next(points), names) for d in there] for there in found]

    def find(self, image: Image.Image) -> list[detect.Detection]:
        """The faces that the detector finds on a picture of mode RGB, surest first."""
        return self.detector(np.asarray(image))

    def points(self, faces: Sequence[tuple[Image.Image, crops.Region]]) -> np.ndarray:
        """Points (N, K, 2) float32, pixels of each picture (mode RGB), of the faces in these boxes.

        Where 68 points say that the face lies elsewhere than its box, it is looked at once more, there.
        """
        found = self.look(faces)
        if self.trained.part.data.region == "box" and self.scheme.eyes and self.scheme.points == 68:
            seen = [detect.from_points(points) for points in found]
            again = [i for i, (f, box) in enumerate(zip(faces, seen, strict=True)) if off(f[1], box)]
            if again:
                found[again] = self.look([(faces[i][0], seen[i]) for i in again])
        return found

    def look(self, faces: Sequence[tuple[Image.Image, crops.Region]]) -> np.ndarray:
        """As `points`, looking once."""
        found = [np.zeros((0, self.scheme.points, 2), np.float32)]
        for i in range(0, len(faces), BATCH):
            batch = self.cut(faces[i : i + BATCH])
            found.append(batch.in_image(self.trained.points(batch.images, flip=self.tta)).astype(np.float32))
        return np.concatenate(found)

    def cut(self, faces: Sequence[tuple[Image.Image, crops.Region]]) -> Crops:
        """What the net sees of these faces: crops without margin, and the way back."""
        data = self.trained.part.data
        size, mode = (data.crop_size[0], data.crop_size[1]), "L" if data.channels == 1 else "RGB"
        regions = [shown(data, box) for _, box in faces]
        cut = [
            crops.cut(image.convert(mode), seen, size)
            for (image, _), seen in zip(faces, regions, strict=True)
        ]
        return Crops(np.stack(cut), np.stack([crops.affine(seen, size) for seen in regions]), 0)


def open_picture(picture: Picture) -> Image.Image:
    """The picture in mode RGB, upright. Raises ValueError in words, OSError for a file that is not there."""
    if isinstance(picture, str | Path):
        picture = Path(picture).read_bytes()
    if isinstance(picture, bytes):
        return images.decode(picture, 3, upright=True)
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8:
            raise ValueError(f"an array of uint8 is wanted, not of {picture.dtype}")
        picture = Image.fromarray(picture)
    return picture.convert("RGB")


def given(boxes: Sequence[crops.Region]) -> list[detect.Detection]:
    """Boxes that somebody gave, as detections. Raises ValueError for one without an area."""
    for box in boxes:
        if len(box) != 4 or not np.isfinite(box).all() or min(box[2:]) <= 0:
            raise ValueError(f"a box is left, top, width, height with an area, not {list(box)}")
    return [detect.Detection(tuple(map(float, box)), 1.0) for box in boxes]


def off(box: crops.Region, seen: crops.Region) -> bool:
    """Whether the points' own box `seen` is an area, and not where `box` is."""
    return min(seen[2:]) > 0 and detect.overlap(box, seen) < AGREED


def shown(data: Data, box: crops.Region) -> crops.Region:
    """What a part's crop shows of a picture with a face in dlib's `box`, pixels of the picture."""
    return frame(box) if data.region == "image" else tensors.region(data, 0, 0, box)


def frame(box: crops.Region) -> crops.Region:
    """What a picture of IMM would show of a face in dlib's `box`: 4:3, the face where it is there."""
    left, top, width, height = box
    side = (width * height) ** 0.5
    x, y = left + width / 2 + FRAME_MIDDLE[0] * side, top + height / 2 + FRAME_MIDDLE[1] * side
    across = FRAME_WIDTH * side
    return x - across / 2, y - 0.375 * across, across, 0.75 * across


def _load(path: str | Path, device: str | None) -> weights.Trained:
    trained = weights.load(path)
    try:
        trained.model.to(device) if device else None
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch without CUDA
        raise UserError(f"--device {device}: {str(error).splitlines()[0]}") from None
    return trained
