"""Counts the blinks of a film's faces: eyes that close and soon open again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from keypoints.predict.faces.face import Face
from keypoints.predict.films.following import Followed

# Shares of a face's usual openness: below SHUT its eyes close, above OPEN they are open again.
SHUT, OPEN = 0.6, 0.8
LONGEST = 0.5  # seconds of a blink at most (Soukupová and Čech, 2016: 0.1 to 0.4); else the eyes rest
MEMORY = 2.0  # seconds: the time constant of the moving average that is the usual openness


class Blinks:
    """Takes a film's faces frame by frame. `rate`: frames per second.

    A blink counts when it ends. The usual openness is measured for each face, because eyes differ.
    """

    def __init__(self, rate: float) -> None:
        self.counts: Counter[int] = Counter()  # number -> blinks
        self.longest, self.keep = rate * LONGEST, math.exp(-1 / (rate * MEMORY))
        self.usual: dict[int, float] = {}  # number -> openness of its open eyes
        self.closed: dict[int, int] = {}  # number -> the frame in which its eyes closed
        self.frame = -1

    def __call__(self, seen: Sequence[Followed], faces: Sequence[Face]) -> list[Face]:
        """The faces of the next frame, each with how many times it has blinked; `seen` has their numbers."""
        self.frame += 1
        return [self._count(each.number, face) for each, face in zip(seen, faces, strict=True)]

    def _count(self, number: int, face: Face) -> Face:
        if face.eyes is None:
            return face
        now, usual = face.eyes.mean, self.usual.get(number, face.eyes.mean)
        start = self.closed.get(number)
        rests = start is not None and self.frame - start > self.longest
        if start is not None and now > OPEN * usual:
            del self.closed[number]
            self.counts[number] += not rests
        elif start is None and now < SHUT * usual:
            self.closed[number] = self.frame
        elif start is None or rests:
            usual = self.keep * usual + (1 - self.keep) * now
        self.usual[number] = usual
        told = replace(face, blinks=self.counts[number])
        vars(told).update(pose=face.pose, eyes=face.eyes)  # cached properties, computed already
        return told
