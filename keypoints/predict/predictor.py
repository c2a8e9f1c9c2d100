"""From a picture to the points of its faces: what `keypoints`, the page and other programs call.

from keypoints import Predictor
faces = Predictor()("photo.jpg")
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from keypoints import crops, pretrained
from keypoints.crops import Region
from keypoints.landmarks import IBUG, Scheme
from keypoints.pictures.images import Picture, open_picture
from keypoints.pictures.limits import MAX_PIXELS
from keypoints.predict import detectors, runtimes
from keypoints.predict.detectors import Detection
from keypoints.predict.faces.face import Face

BATCH = 32  # faces at once
MAX_BOXES = 1_000  # that are given for one picture
Opened = tuple[
    Image.Image, Sequence[Detection], bool
]  # of mode RGB; where faces are; whether a detector says so
# Chosen on the training and validation faces of the split `strict`.
AGREED = 0.85  # where a box and the points' own share less, the face is looked at again
ROLLED = 10.0  # degrees: and where it is turned by more
# How far the answers for a face and for its mirror image lie apart, in the `doubt` of the weights:
UNSURE = 1.5  # more: the face is looked for turned too
ROLLS = (60.0, -60.0, 180.0)  # degrees: by which; the net copes with the rest
PROMISING = 0.4  # but not where the detector is less sure: that is seldom a face, and costs most of the time
NO_FACE = 1.3, 3.5  # more than the first plus the second times the detector's score, after all looks: no face
HOPELESS = 4.0  # times that limit, after one look: a closer one will not help
TWINS = 0.15  # of a box's side: points that lie no farther apart are of one face


@dataclass(frozen=True)
class Place:
    """Where a face is looked for: dlib's box on a picture of mode RGB, turned about its middle by `roll`°.

    score: how sure a detector is of it, 0…1
    """

    image: Image.Image
    box: Region
    roll: float = 0.0
    score: float = 1.0


class Predictor:
    """Finds faces in pictures, and the points of a part on them. May be called from several threads.

    part:      "landmarks" (68 points), "face" (58) or "nose" (1), by the weights that the project ships
    weights:   a file of your own in their place: `models/<part>.pt` of the pipeline, or an ONNX file
    detector:  faces (the default), mtcnn, haar, centerface, dlib, yunet or whole (see `detectors`)
    detector_model: the file that yunet needs
    min_score: what the detector is less sure of is left out, 0…1
    device:    "cpu" or "cuda", for a `.pt`; None: a GPU if there is one
    tta:       look at the mirrored face as well: a little better, and what is no face is told from what is;
               without it a face takes half the time, has to be upright, and is believed; as where it is not
               known which points are partners, left and right

    threads:   of ONNX Runtime for each call; None: all cores. With several callers at once, 1 is best

    Raises `UserError` for weights that are missing or damaged and for an unknown detector.
    """

    def __init__(
        self,
        part: str = "landmarks",
        weights: str | Path | None = None,
        detector: str | None = None,
        detector_model: str | Path | None = None,
        min_score: float = 0.0,
        device: str | None = None,
        tta: bool = True,
        threads: int | None = None,
    ) -> None:
        self.net = runtimes.load(Path(weights) if weights else pretrained.file(part), device, threads)
        self.tta = tta and self.net.scheme.flips
        self._detector = (
            detector or detectors.DEFAULT,
            Path(detector_model) if detector_model else None,
            min_score,
            not self.tells_faces,
        )
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
        """The faces of several pictures, crops through the net together as far as memory allows.

        A picture is anything that `images.open_picture` takes: a path, bytes, a file, a Pillow image, an
        array. Raises ValueError for what is no picture, and for a box without an area.
        """
        faces: list[list[Face]] = []
        opened: list[Opened] = []
        for picture, boxes in pictures:
            image = open_picture(picture)
            if sum(math.prod(other.size) for other, *_ in opened) + math.prod(image.size) > MAX_PIXELS:
                faces += self._faces(opened)
                opened = []
            there = self.find(image) if boxes is None else from_boxes(boxes)
            opened.append((image, there, boxes is None))
        return faces + self._faces(opened)

    def believe(self, image: Image.Image, found: Sequence[Detection]) -> list[Face]:
        """The faces among what the detector found in a picture of mode RGB, without what is none."""
        return self._faces([(image, found, True)])[0]

    def _faces(self, opened: Sequence[Opened]) -> list[list[Face]]:
        """As `many`, of all pictures at once."""
        places = [Place(image, d.box, d.roll, d.score) for image, there, _ in opened for d in there]
        answers = iter(zip(*self.look_closely(places), strict=True))
        names, compared = self.scheme.names(), self.tta and self.scheme.eyes is not None
        faces: list[list[Face]] = []
        for _, there, detected in opened:
            seen = [
                Face(d.box, d.score, points, names, apart if compared else None)
                for d in there
                for points, apart in [next(answers)]
            ]
            if detected:
                seen = without_twins([face for face in seen if self.is_face(face.doubt, face.score)])
            faces.append(seen)
        return faces

    def find(self, image: Image.Image) -> list[Detection]:
        """The faces that the detector finds in a picture of mode RGB, surest first."""
        return self.detector(np.asarray(image))

    def points(self, faces: Sequence[tuple[Image.Image, Region]]) -> np.ndarray:
        """Points (N, K, 2) float32, pixels of each picture (mode RGB), of the faces in these boxes."""
        return self.look_closely([Place(*face) for face in faces])[0]

    def look_closely(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """As `look`, after more looks where one is not enough.

        Parts with 68 points see a face by its box. Where the points say that it lies elsewhere or is turned,
        it is looked at once more, there; and where its answers are still in doubt, it is also looked for
        turned by ROLLS, one after the other.
        """
        if self.net.framing.region != "box" or self.scheme is not IBUG:
            return self.look(places)
        found, apart = self._look_twice(places)
        doubts, limit = apart.mean(-1), UNSURE * self.net.doubt
        for roll in ROLLS:
            unsure = [i for i, place in enumerate(places) if doubts[i] > limit and place.score >= PROMISING]
            turned, still = self._look_twice([replace(places[i], roll=places[i].roll + roll) for i in unsure])
            for i, points, far in zip(unsure, turned, still, strict=True):
                if far.mean() < doubts[i]:
                    found[i], apart[i], doubts[i] = points, far, far.mean()
        return found, apart

    def _look_twice(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """As `look`, and once more where the points say that the face is."""
        found, apart = self.look(places)
        doubts = apart.mean(-1)
        assert self.scheme.eyes is not None  # `look_closely` sees to it
        seen = [crops.upright_box(points, self.scheme.eyes) for points in found]
        again = [
            i
            for i, place in enumerate(places)
            if is_elsewhere(place, *seen[i]) and not self._is_hopeless(place, doubts[i])
        ]
        closer, still = self.look([Place(places[i].image, *seen[i]) for i in again])
        for i, points, far in zip(again, closer, still, strict=True):
            if far.mean() <= max(doubts[i], UNSURE * self.net.doubt):  # else it went astray
                found[i], apart[i] = points, far
        return found, apart

    def _is_hopeless(self, place: Place, doubt: float) -> bool:
        """Whether a place is in so much doubt that a closer look will show no face either."""
        return not self.is_face(doubt / HOPELESS, place.score)

    def look(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """Look once at each place.

        Points (N, K, 2) float32, pixels of each picture, and how far the answers for the face and for its
        mirror image lie apart (N, K) float32, % of the eye distance; their mean is a face's doubt. Without
        `tta`, and for parts without eyes, nothing is in doubt.
        """
        found = [np.zeros((0, self.scheme.points, 2), np.float32)]
        apart = [np.zeros((0, self.scheme.points), np.float32)]
        for i in range(0, len(places), BATCH):
            cut, matrices = self.cut(places[i : i + BATCH])
            points, far = self._answer(cut)
            found.append(crops.apply(crops.inverse(matrices), points).astype(np.float32))
            apart.append(far.astype(np.float32))
        return np.concatenate(found), np.concatenate(apart)

    def _answer(self, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, K, 2), pixels of the crops, and how far each one's two answers lie apart (N, K), %."""
        if not self.tta:
            return self.net.points(cut), np.zeros((len(cut), self.scheme.points))
        found, mirrored = self.answer(cut, range(len(cut)))
        return (found + mirrored) / 2, self.measure_apart(found, mirrored)

    def answer(self, cut: np.ndarray, twice: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, K, 2) on crops (N, H, W, C) uint8, pixels of these; and (M, K, 2) on the same crops.

        The latter are seen in the mirror, for the crops `twice`.
        """
        found = self.net.points(np.concatenate([cut, cut[list(twice), :, ::-1]]))
        return found[: len(cut)], self.scheme.mirror(found[len(cut) :], cut.shape[2])

    def measure_apart(self, found: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """How far these answers (N, K, 2) lie apart (N, K), % of the eye distance; 0 without eyes."""
        if not self.scheme.eyes:
            return np.zeros(found.shape[:2])
        eyes = np.maximum(self.scheme.eye_distance((found + mirrored) / 2), 1e-6)
        return 100 * np.linalg.norm(found - mirrored, axis=-1) / eyes[:, None]

    @property
    def tells_faces(self) -> bool:
        """Whether doubt tells faces from other things: not in parts of whole pictures, nor after one look."""
        box, measured = self.net.framing.region == "box", math.isfinite(self.net.doubt)
        return box and measured and self.tta and self.scheme.eyes is not None

    def is_face(self, doubt: float, score: float) -> bool:
        """Whether what is in so much doubt, %, is a face: the surer the detector, the more it may be.

        Where doubt tells nothing, everything is one.
        """
        least, more = NO_FACE
        return not self.tells_faces or doubt <= (least + more * score) * self.net.doubt

    def cut(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """What the net sees of these faces: crops (N, H, W, C) uint8, and the affine (N, 2, 3) of each."""
        framing = self.net.framing
        cut, matrices = [], []
        for place in places:
            view, image = framing.view(place.box), framing.convert(place.image)
            if place.roll:
                cut.append(crops.cut_turned(image, view, framing.size, place.roll))
            else:
                cut.append(crops.cut(image, view, framing.size))
            matrices.append(crops.affine(view, framing.size, place.roll))
        return np.stack(cut), np.stack(matrices)


def from_boxes(boxes: Sequence[Region]) -> list[Detection]:
    """Boxes that somebody gave, as detections. Raises ValueError for too many, or one without an area."""
    if len(boxes) > MAX_BOXES:
        raise ValueError(f"{len(boxes)} boxes are more than {MAX_BOXES}")
    for box in boxes:
        if len(box) != 4 or not np.isfinite(box).all() or min(box[2:]) <= 0:
            raise ValueError(f"a box is left, top, width, height with an area, not {list(box)}")
    return [Detection((float(x), float(y), float(w), float(h)), 1.0) for x, y, w, h in boxes]


def without_twins(faces: Sequence[Face]) -> list[Face]:
    """The faces, surest first, without those whose points are a surer one's, though their boxes differ."""
    kept: list[Face] = []
    for face in faces:
        apart = (np.linalg.norm(face.points - other.points, axis=-1).mean() for other in kept)
        if all(distance > TWINS * face.box[2] for distance in apart):
            kept.append(face)
    return kept


def is_elsewhere(place: Place, seen: Region, roll: float) -> bool:
    """Whether the points' own box `seen` is an area, and not where the face was looked for, or turned."""
    turned = abs((roll - place.roll + 180) % 360 - 180) > ROLLED
    return seen[2] > 0 and (turned or crops.overlap(place.box, seen) < AGREED)
