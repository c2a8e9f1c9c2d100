"""From a picture to the points of its faces, for the command, the page and other programs.

from keypoints import Predictor
faces = Predictor()("photo.jpg")
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keypoints import crops, pretrained
from keypoints.crops import Region
from keypoints.errors import UserError
from keypoints.landmarks import IBUG
from keypoints.pictures.images import Picture, open_picture
from keypoints.pictures.limits import MAX_PIXELS
from keypoints.predict import detectors, runtimes
from keypoints.predict.detectors import Detection
from keypoints.predict.faces import derived, presence
from keypoints.predict.faces.face import Face
from keypoints.predict.glancing import Glance
from keypoints.predict.looking import Looker, Place

MAX_BOXES = 1_000  # for one picture
TWINS = 0.15  # of a box's side: points that lie no farther apart are of one face
SHARED = 0.25  # boxes where faces lie that overlap more are of one; chosen on training and validation faces
EYE = 1 / 3  # of a box's side: what is no larger and lies on an eye is that eye
# A picture of mode RGB, where its faces are, and whether a detector says so.
Opened = tuple[Image.Image, Sequence[Detection], bool]


class Predictor(Looker):
    """Finds faces in pictures, and the points of a part on them. May be called from several threads.

    part:      "landmarks" (68 points), "face" (58) or "nose" (1), by the weights that the project ships
    weights:   a file of your own in their place: `models/<part>.pt` of the pipeline, or an ONNX file
    detector:  a name in `detectors.DETECTORS`; None: `faces`
    detector_model: the file that some detectors need
    min_score: detections with a lower score are left out, 0…1
    device:    "cpu" or "cuda", for a `.pt`; None: a GPU if there is one
    tta:       look at the mirrored face as well: the points are a little better, and more of what is no
               face is left out. Without it a face takes half the time. Has no effect where it is not known
               which points are left-right partners
    threads:   of ONNX Runtime for each call; None: all cores. With several callers at once, 1 is best
    looks:     nets of 68 points only: how many looks the answer is the mean of, 1…64; measured in
               results/boxes.md. Films are followed with one
    glance:    an ONNX file of the part `glance` with the shipped recipe, for nets of 68 points; None: the one
               that the project ships

    Raises `UserError` for weights that are missing, damaged or of another kind, an unknown detector, and
    looks or a score that make no sense.
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
        looks: int = 1,
        glance: str | Path | None = None,
    ) -> None:
        net = runtimes.load(Path(weights) if weights else pretrained.file(part), device, threads)
        super().__init__(net, tta, looks)
        if not 0 <= min_score <= 1:
            raise UserError(f"--min-score: {min_score} is not a number from 0 to 1")
        name, model = detector or detectors.DEFAULT, Path(detector_model) if detector_model else None
        # A net whose doubt was not measured may have been trained on faces that a glance knows nothing of.
        glances = self.looks_closely and math.isfinite(net.doubt)
        self._detector = name, model, min_score, not (glances or self.tells_faces)
        self._own = threading.local()
        self.detector  # noqa: B018  raises now, not at the first picture
        self.glance: Glance | None = None
        if glances:
            first = Path(glance) if glance else pretrained.file("glance")
            self.glance = Glance(runtimes.load(first, None, threads))

    @property
    def detector(self) -> detectors.Detector:
        """A detector for this thread alone: OpenCV's give wrong results when two threads share one."""
        if not hasattr(self._own, "detector"):
            self._own.detector = detectors.build(*self._detector)
        return self._own.detector

    def __call__(self, picture: Picture, boxes: Sequence[Region] | None = None) -> list[Face]:
        """The faces of one picture: in these boxes, pixels, or else where the detector finds some.

        Raises ValueError and OSError as `many` does.
        """
        return self.many([(picture, boxes)])[0]

    def many(self, pictures: Iterable[tuple[Picture, Sequence[Region] | None]]) -> list[list[Face]]:
        """The faces of several pictures, whose crops go through the net together as far as memory allows.

        A picture is anything that `images.open_picture` takes: a path, bytes, a file, a Pillow image, an
        array. Raises ValueError for what is no picture, and for a box without an area, too large or too far
        outside of the picture; OSError for a path that cannot be read.
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
        """The detections in a picture of mode RGB that are faces, with their points."""
        return self._faces([(image, found, True)])[0]

    def _faces(self, opened: Sequence[Opened]) -> list[list[Face]]:
        """As `many`, of all pictures at once."""
        places = self._places(opened)
        answers = iter(zip(*self.look_closely([place for there in places for place in there]), strict=True))
        names, compared = self.scheme.names(), self.tta and self.scheme.eyes is not None
        faces: list[list[Face]] = []
        for there, (_, _, detected) in zip(places, opened, strict=True):
            seen = [
                Face(place.box, place.score, points, names, apart if compared else None)
                for place in there
                for points, apart in [next(answers)]
            ]
            if detected:
                seen = distinct([face for face in seen if self.is_face(face.doubt, face.score)], SHARED)
            faces.append(seen)
        return faces

    def _places(self, opened: Sequence[Opened]) -> list[list[Place]]:
        """Where to look in each picture: in given boxes, and where a glance sees the detected faces."""
        places = [[Place(image, d.box, d.roll, d.score) for d in there] for image, there, _ in opened]
        if self.glance is None:
            return places
        which = [i for i, (*_, detected) in enumerate(opened) if detected]
        seen = iter(self.glance([place for i in which for place in places[i]]))
        least = presence.WORTH if self.tells_faces else presence.LEAST
        for i in which:
            glimpses = [next(seen) for _ in places[i]]
            places[i] = [one.place for one in glimpses if self.glance.chance(one) >= least]
        return places

    def find(self, image: Image.Image) -> list[Detection]:
        """The faces that the detector finds in a picture of mode RGB, surest first."""
        return self.detector(np.asarray(image))

    def points(self, faces: Sequence[tuple[Image.Image, Region]]) -> np.ndarray:
        """Points (N, K, 2) float32, pixels of each picture (mode RGB), of the faces in these boxes."""
        return self.look_closely([Place(*face) for face in faces])[0]


def from_boxes(boxes: Sequence[Region]) -> list[Detection]:
    """Given boxes as detections with score 1. Raises ValueError for too many, or one without an area."""
    if len(boxes) > MAX_BOXES:
        raise ValueError(f"{len(boxes)} boxes are more than {MAX_BOXES}")
    for box in boxes:
        sides = np.asarray(box)
        plain = sides.shape == (4,) and sides.dtype.kind in "iuf"
        if not plain or not np.isfinite(sides).all() or min(box[2:]) <= 0:
            raise ValueError(
                f"boxes are a list of (left, top, width, height) with an area, not of {box!r:.80}"
            )
    return [Detection((float(x), float(y), float(w), float(h)), 1.0) for x, y, w, h in boxes]


def distinct(faces: Sequence[Face], shared: float = 1.0) -> list[Face]:
    """The faces, given surest first, without those that are an earlier one once more, or an eye of it.

    shared: boxes with a larger overlap (intersection over union) are of one face, whatever their points
    """
    kept: list[Face] = []
    for face in faces:
        same = (is_twin(face, o) or is_eye(face, o) or crops.overlap(face.box, o.box) > shared for o in kept)
        if not any(same):
            kept.append(face)
    return kept


def is_twin(face: Face, other: Face) -> bool:
    """Whether two faces of a picture have nearly the same points; their boxes may differ."""
    return bool(np.linalg.norm(face.points - other.points, axis=-1).mean() <= TWINS * face.box[2])


def is_eye(face: Face, other: Face) -> bool:
    """Whether a face is no more than an eye of another one, which has 68 points."""
    if other.names != derived.IBUG_NAMES or face.box[2] > EYE * other.box[2]:
        return False
    eyes = other.points[list(IBUG.regions["eyes"])].reshape(2, -1, 2)
    middles = eyes.mean(1)
    radii = np.linalg.norm(eyes - middles[:, None], axis=-1).max(-1)
    return bool((np.linalg.norm(middles - face.points.mean(0), axis=-1) < radii).any())
