"""Faces of a film: each is followed from frame to frame by its points, and keeps its number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from keypoints.crops import overlap
from keypoints.predict.predictor import Face, Predictor, without_twins

SEARCHES = 4  # per second: how often new faces are looked for; and at once where one is lost
PATIENCE = 1.0  # seconds that a lost face is waited for
SAME = 0.3  # a box that shares more than this (intersection over union) with a followed face's is of it
STEADY = 0.8  # how much of its former speed a face keeps in a frame
NEAR = 1.0  # sides of its box: a lost face is found again no farther off


@dataclass(frozen=True)
class Followed:
    """A face of a film.

    number: from 1, in the order in which faces came
    face:   as it was seen last
    frame:  where that was, from 0
    speed:  pixels per frame of its middle to the right and down, over the last frames
    """

    number: int
    face: Face
    frame: int
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def seen(self, face: Face, frame: int) -> Followed:
        """The same one, later."""
        speed = (middle(face) - middle(self.face)) / (frame - self.frame)
        return Followed(self.number, face, frame, STEADY * self.speed + (1 - STEADY) * speed)

    def away(self, face: Face, frame: int) -> float:
        """How far a face is from where this one would be by now, in sides; and how unlike in size."""
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
        seen = self._follow(image, before)
        if self.frame % self.every == 0 or not seen or len(seen) < len(before):
            seen += self._search(image, seen)
        here = {each.number for each in seen}
        gone = [k for k in self.known if k.number not in here and self.frame - k.frame < self.patience]
        self.known = seen + gone
        return seen

    def _follow(self, image: Image.Image, before: Sequence[Followed]) -> list[Followed]:
        """Those of the frame before that are still there."""
        if not before or not self.predictor.tells_faces:
            return []
        found = self.predictor.again(image, [known.face for known in before])
        there = {id(face): known for known, face in zip(before, found, strict=True)}
        apart = without_twins([face for face in found if face])  # of two that met, one
        return [there[id(face)].seen(face, self.frame) for face in apart]

    def _search(self, image: Image.Image, seen: Sequence[Followed]) -> list[Followed]:
        """Faces that are new, or back."""
        boxes = [each.face.box for each in seen]
        detected = self.predictor.find(image)
        fresh = [d for d in detected if all(overlap(d.box, box) < SAME for box in boxes)]
        here = {each.number for each in seen}
        missed = [known for known in self.known if known.number not in here]
        found = []
        there = [each.face for each in seen]
        for face in without_twins([*there, *self.predictor.believe(image, fresh)])[len(there) :]:
            back = min(missed, key=lambda known: known.away(face, self.frame), default=None)
            if back and back.away(face, self.frame) < NEAR:
                missed.remove(back)
                found.append(back.seen(face, self.frame))
            else:
                self.count += 1
                found.append(Followed(self.count, face, self.frame))
        return found


def middle(face: Face) -> np.ndarray:
    """Of its box, x and y."""
    left, top, width, height = face.box
    return np.array([left + width / 2, top + height / 2])
