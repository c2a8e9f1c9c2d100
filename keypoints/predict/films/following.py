"""Faces of a film: each is followed from frame to frame by its points, and keeps its number.

A followed face is looked at once per frame. Its mirror image, which tells whether it is still a face, is
looked at too when new faces are searched for, and where a face suddenly looks different.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from keypoints import crops
from keypoints.crops import overlap
from keypoints.predict.faces.face import Face
from keypoints.predict.looking import UNSURE, Place
from keypoints.predict.predictor import Predictor, distinct

SEARCHES = 4  # per second: how often new faces are looked for
EAGER = 3  # times as often while one is missing, and at once where one is lost
PATIENCE = 1.0  # seconds for which a lost face keeps its number
SAME = 0.3  # a detection that overlaps a followed face by more (intersection over union) is the same face
STEADY = 0.8  # decay per frame of the moving average of a face's speed
ALIKE = 0.8  # correlation with the frame before; below, the mirror image is looked at too
SIGHT = 16  # pixels per side at which frames of a face are compared
NEAR = 1.0  # a lost face is found again no farther away than this, see `Followed.away`


@dataclass(frozen=True)
class Followed:
    """A face of a film.

    number: from 1, in the order in which faces appeared
    face:   as it was seen last
    frame:  when it was seen last, from 0
    sight:  what it looked like then (SIGHT, SIGHT), of mean 0 and norm 1; None for a new face
    speed:  of its middle, to the right and down, pixels per frame: a moving average
    """

    number: int
    face: Face
    frame: int
    sight: np.ndarray | None = None
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def seen(self, face: Face, frame: int, sight: np.ndarray | None = None) -> Followed:
        """The same one, later."""
        speed = (middle(face) - middle(self.face)) / (frame - self.frame)
        return Followed(self.number, face, frame, sight, STEADY * self.speed + (1 - STEADY) * speed)

    def is_like(self, sight: np.ndarray) -> bool:
        """Whether it looked much like this before."""
        return self.sight is not None and float((self.sight * sight).sum()) > ALIKE

    def away(self, face: Face, frame: int) -> float:
        """Distance of a face from where this one is expected, in sides of the box, plus |log size ratio|."""
        apart = middle(face) - middle(self.face) - (frame - self.frame) * self.speed
        width, other = self.face.box[2], face.box[2]
        return float(np.linalg.norm(apart)) / max(width, other) + abs(math.log(width / other))


class Follower:
    """Takes a film's frames one after the other. `rate`: frames per second."""

    def __init__(self, predictor: Predictor, rate: float) -> None:
        self.predictor = predictor
        self.every = max(1, round(rate / SEARCHES)) if predictor.tells_faces else 1
        self.patience = round(rate * PATIENCE)
        self.known: list[Followed] = []
        self.frame = -1
        self.count = 0

    def __call__(self, image: Image.Image) -> list[Followed]:
        """The faces of the next frame, a picture of mode RGB."""
        self.frame += 1
        before = [known for known in self.known if known.frame == self.frame - 1]
        missing = len(self.known) > len(before)
        searching = self.frame % (max(1, self.every // EAGER) if missing else self.every) == 0
        seen = self._follow(image, before, searching)
        if searching or len(seen) < max(1, len(before)):
            seen += self._search(image, seen)
        here = {each.number for each in seen}
        gone = [k for k in self.known if k.number not in here and self.frame - k.frame < self.patience]
        self.known = seen + gone
        return seen

    def _follow(self, image: Image.Image, before: Sequence[Followed], searching: bool) -> list[Followed]:
        """The faces of the frame before that are still there."""
        eyes = self.predictor.scheme.eyes
        if not before or not self.predictor.tells_faces or eyes is None:
            return []
        places = [crops.upright_box(known.face.points, eyes) for known in before]
        cut, matrices = self.predictor.cut([Place(image, *place) for place in places])
        sights = [make_sight(crop) for crop in cut]
        pairs = enumerate(zip(before, sights, strict=True))
        twice = [i for i, (known, sight) in pairs if searching or not known.is_like(sight)]
        found, mirrored = self.predictor.answer(cut, twice)
        apart = dict(zip(twice, self.predictor.measure_apart(found[twice], mirrored), strict=True))
        points = crops.apply(crops.inverse(matrices), found).astype(np.float32)
        there = []
        for i, known in enumerate(before):
            far = apart.get(i, known.face.apart)
            face = replace(known.face, box=places[i][0], points=points[i], apart=far)
            if face.doubt <= UNSURE * self.predictor.net.doubt:  # else it may be hidden; found again later
                there.append(known.seen(face, self.frame, sights[i]))
        alone = distinct([each.face for each in there])  # of two that met, one
        return [each for each in there if any(each.face is face for face in alone)]

    def _search(self, image: Image.Image, seen: Sequence[Followed]) -> list[Followed]:
        """Faces that are new, or back."""
        boxes = [each.face.box for each in seen]
        detected = self.predictor.find(image)
        fresh = [d for d in detected if all(overlap(d.box, box) < SAME for box in boxes)]
        here = {each.number for each in seen}
        missed = [known for known in self.known if known.number not in here]
        found = []
        there = [each.face for each in seen]
        for face in distinct([*there, *self.predictor.believe(image, fresh)])[len(there) :]:
            back = min(missed, key=lambda known: known.away(face, self.frame), default=None)
            if back and back.away(face, self.frame) < NEAR:
                missed.remove(back)
                found.append(back.seen(face, self.frame))
            else:
                self.count += 1
                found.append(Followed(self.count, face, self.frame))
        return found


def middle(face: Face) -> np.ndarray:
    """The middle of its box, x and y."""
    left, top, width, height = face.box
    return np.array([left + width / 2, top + height / 2])


def make_sight(crop: np.ndarray) -> np.ndarray:
    """A crop (H, W, C) uint8 as (SIGHT, SIGHT) float32, of mean 0 and norm 1."""
    import cv2

    small = cv2.resize(crop, (SIGHT, SIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)
