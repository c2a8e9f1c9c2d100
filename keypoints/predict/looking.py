"""What a net answers for a place in a picture: after one look, or after as many as it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from keypoints import crops
from keypoints.crops import Region
from keypoints.landmarks import IBUG, Scheme
from keypoints.predict.faces import presence
from keypoints.predict.runtimes import Net

BATCH = 32  # faces at once
# Chosen on the training and validation faces of the split `strict`.
AGREED = 0.85  # where a box and the points' own share less, the face is looked at again
ROLLED = 10.0  # degrees: and where it is turned by more
# How far the answers for a face and for its mirror image lie apart, in the `doubt` of the weights:
UNSURE = 1.5  # more: the face is looked for turned too
ROLLS = (60.0, -60.0, 180.0)  # degrees: by which; the net copes with the rest
PROMISING = 0.4  # but not where the detector is less sure: that is seldom a face, and costs most of the time
# After one look, more than the first plus the second times the score: a closer one will not help.
HOPELESS = 5.0, 14.0
AROUND = 8.0, 0.08  # degrees, and share of the size: how far further looks are from the closest one


@dataclass(frozen=True)
class Place:
    """Where a face is looked for: dlib's box on a picture of mode RGB, turned about its middle by `roll`°.

    score: how sure a detector is of it, 0…1
    """

    image: Image.Image
    box: Region
    roll: float = 0.0
    score: float = 1.0


class Looker:
    """A net that looks at places in pictures. May be called from several threads.

    tta:   look at the mirrored face as well
    looks: how many of them a close look is the mean of
    """

    trusted = 1.0  # the highest score of a detector that says anything

    def __init__(self, net: Net, tta: bool = True, looks: int = 1) -> None:
        self.net, self.tta, self.looks = net, tta and net.scheme.flips, looks

    @property
    def scheme(self) -> Scheme:
        """Names, outlines and partners of the points."""
        return self.net.scheme

    @property
    def looks_closely(self) -> bool:
        """Whether more than one look is of use: where 68 points say how their box lies."""
        return self.net.framing.region == "box" and self.scheme is IBUG

    def look_closely(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """As `look`, after more looks where one is not enough.

        Parts with 68 points see a face by its box. Where the points say that it lies elsewhere or is turned,
        it is looked at once more, there; and where its answers are still in doubt, it is also looked for
        turned by ROLLS, one after the other. With `looks`, the answer is the mean of so many around it.
        """
        if not self.looks_closely:
            return self.look(places)
        found, apart = self._look_twice(places)
        doubts, limit = apart.mean(-1), UNSURE * self.net.doubt
        for roll in ROLLS:
            unsure = [i for i, place in enumerate(places) if doubts[i] > limit and place.score >= PROMISING]
            turned, still = self._look_twice([replace(places[i], roll=places[i].roll + roll) for i in unsure])
            for i, points, far in zip(unsure, turned, still, strict=True):
                if far.mean() < doubts[i]:
                    found[i], apart[i], doubts[i] = points, far, far.mean()
        return self._look_around(places, found, apart), apart

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

    def _look_around(self, places: Sequence[Place], found: np.ndarray, apart: np.ndarray) -> np.ndarray:
        """The means of these points and of those of further looks: a little turned, nearer and farther."""
        assert self.scheme.eyes is not None  # `look_closely` sees to it
        doubts = apart.mean(-1)
        own = {
            i: (box, roll)
            for i, place in enumerate(places)
            for box, roll in [crops.upright_box(found[i], self.scheme.eyes)]
            if box[2] > 0 and self.is_face(doubts[i], place.score)
        }
        total, count = found.copy(), np.ones(len(found))
        for turn, size in circle(self.looks - 1):
            further = [
                Place(places[i].image, crops.shift(box, size, 0, 0), roll + turn)
                for i, (box, roll) in own.items()
            ]
            for i, points, far in zip(own, *self.look(further), strict=True):
                if far.mean() <= max(doubts[i], UNSURE * self.net.doubt):  # else it went astray
                    total[i] += points
                    count[i] += 1
        return (total / count[:, None, None]).astype(np.float32)

    def _is_hopeless(self, place: Place, doubt: float) -> bool:
        """Whether a place is in so much doubt that a closer look will show no face either."""
        least, more = HOPELESS
        return self.tells_faces and doubt > (least + more * place.score) * self.net.doubt

    def look(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """Look once at each place.

        Points (N, K, 2) float32, pixels of each picture, and how far the answers for the face and for its
        mirror image lie apart (N, K) float32, % of the eye distance; their mean is a face's doubt. Without
        `tta`, and for parts without eyes, nothing is in doubt. Raises ValueError as `crops.cut`.
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
        return self.scheme.apart(found, mirrored)

    @property
    def tells_faces(self) -> bool:
        """Whether doubt tells faces from other things: not in parts of whole pictures, nor after one look."""
        box, measured = self.net.framing.region == "box", math.isfinite(self.net.doubt)
        return box and measured and self.tta and self.scheme.eyes is not None

    def is_face(self, doubt: float, score: float) -> bool:
        """Whether what is in so much doubt, %, is likely a face: the surer the detector, the more it may be.

        Where doubt tells nothing, everything is one.
        """
        trusted = min(score, self.trusted)
        return not self.tells_faces or presence.chance(doubt / self.net.doubt, trusted) >= presence.LEAST

    def cut(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """What the net sees of these faces: crops (N, H, W, C) uint8, and the affine (N, 2, 3) of each."""
        framing = self.net.framing
        cut, matrices = [], []
        images = {id(place.image): place.image for place in places}
        seen = {key: framing.convert(image) for key, image in images.items()}  # once for all faces of one
        for place in places:
            view, image = framing.view(place.box), seen[id(place.image)]
            if place.roll:
                cut.append(crops.cut_turned(image, view, framing.size, place.roll))
            else:
                cut.append(crops.cut(image, view, framing.size))
            matrices.append(crops.affine(view, framing.size, place.roll))
        return np.stack(cut), np.stack(matrices)


def circle(count: int) -> Iterator[tuple[float, float]]:
    """So many rolls, degrees, and sizes, evenly on a circle about none and 1 with the radii AROUND."""
    for k in range(count):
        angle = 2 * math.pi * (k / count + 1 / 8)
        yield AROUND[0] * math.cos(angle), 1 + AROUND[1] * math.sin(angle)


def is_elsewhere(place: Place, seen: Region, roll: float) -> bool:
    """Whether the points' own box `seen` is an area, and not where the face was looked for, or turned."""
    turned = abs((roll - place.roll + 180) % 360 - 180) > ROLLED
    return seen[2] > 0 and (turned or crops.overlap(place.box, seen) < AGREED)
