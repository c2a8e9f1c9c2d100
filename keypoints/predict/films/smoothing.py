"""Smooths points in films: trembling is filtered out, movement is not delayed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from keypoints.predict.faces.face import Face
from keypoints.predict.films.following import Followed

# Chosen on the drawn films of keypoints/synthetic/films.py, of other people than those in results/films.md.
STILL = 0.5  # Hz: the cutoff for a point at rest
QUICK = 40.0  # Hz by which the cutoff rises, per side of the face's box that a point moves in a second
SPEED = 2.0  # Hz: the cutoff for that speed


@dataclass(frozen=True)
class Steady:
    """A face's points (K, 2) after smoothing, and their speed (K, 2), sides of its box per second."""

    seconds: float
    points: np.ndarray
    speed: np.ndarray


class Smoother:
    """A One Euro filter for each point: the faster it moves, the less it is smoothed.

    Casiez, Roussel and Vogel, 2012: a low pass whose cutoff rises with the speed.
    """

    def __init__(self) -> None:
        self.former: dict[int, Steady] = {}  # by the faces' numbers

    def __call__(self, seen: Sequence[Followed], seconds: float) -> list[Face]:
        """The faces of the frame that is shown at this time, smoothed."""
        self.former = {each.number: self._smooth(each, seconds) for each in seen}
        return [replace(each.face, points=self.former[each.number].points) for each in seen]

    def _smooth(self, followed: Followed, seconds: float) -> Steady:
        face, before = followed.face, self.former.get(followed.number)
        if before is None or seconds <= before.seconds:
            return Steady(seconds, face.points, np.zeros_like(face.points))
        pause = seconds - before.seconds
        speed = (face.points - before.points) / face.box[2] / pause
        speed = mix(before.speed, speed, SPEED, pause)
        fastness = np.linalg.norm(speed, axis=-1, keepdims=True)
        points = mix(before.points, face.points, STILL + QUICK * fastness, pause)
        return Steady(seconds, points.astype(np.float32), speed)


def mix(before: np.ndarray, now: np.ndarray, cutoff: np.ndarray | float, pause: float) -> np.ndarray:
    """One step of a low-pass filter with this cutoff, Hz, `pause` seconds after the last."""
    share = 1 / (1 + 1 / (2 * math.pi * cutoff * pause))
    return before + share * (now - before)
