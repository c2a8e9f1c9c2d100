"""A net's predictions for places in pictures: by one look, or by as many as are needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from keypoints import crops
from keypoints.crops import Region
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, Scheme
from keypoints.predict.faces import presence
from keypoints.predict.runtimes import Net

BATCH = 32  # faces at once
MAX_LOOKS = 64
SPARE = 2  # pixels of a picture that are left for each of a crop's, where whole ones are averaged first
# All of these were chosen on the training and validation faces of the split `strict`.
AGREED = 0.85  # overlap of a box and the points' own box below which the face is looked at again
ROLLED = 10.0  # degrees of roll above which it is looked at again
# A face's doubt is how far the predictions for it and for its mirror image lie apart; it is compared with
# `Trained.doubt`, what is usual for these weights.
UNSURE = 1.5  # times the usual doubt: above, the face is also looked for turned by ROLLS
ROLLS = (60.0, -60.0, 180.0)  # degrees; the net copes with angles between them
# After the first look, places with more than a + b * score times the usual doubt are not looked at again.
NO_FACE = 5.0, 14.0
AROUND = 8.0, 0.08  # degrees and share of the size by which the further looks of `looks` differ


@dataclass(frozen=True)
class Place:
    """Where to look for a face.

    image: a picture of mode RGB
    box:   dlib's box, pixels of the picture
    roll:  by which the box is turned about its middle, degrees clockwise
    score: the detector's, 0…1
    glanced: whether a glance has told box and roll (see `glancing`): they need not be looked for
    """

    image: Image.Image
    box: Region
    roll: float = 0.0
    score: float = 1.0
    glanced: bool = False


class Looker:
    """A net that looks at places in pictures. May be called from several threads.

    tta:   look at the mirrored face as well
    looks: how many looks a close look is the mean of

    Raises `UserError` for a number of looks that is out of range or of no use to this net.
    """

    def __init__(self, net: Net, tta: bool = True, looks: int = 1) -> None:
        self.net, self.tta, self.looks = net, tta and net.scheme.flips, looks
        if not 1 <= looks <= MAX_LOOKS:
            raise UserError(f"--looks: {looks} is not a number from 1 to {MAX_LOOKS}")
        if looks > 1 and not self.looks_closely:
            raise UserError("--looks: only nets of 68 points that see a face by its box look more than once")

    @property
    def scheme(self) -> Scheme:
        """Names, outlines and partners of the points."""
        return self.net.scheme

    @property
    def looks_closely(self) -> bool:
        """Whether more than one look is of use: where 68 points say how their box lies."""
        return self.net.framing.region == "box" and self.scheme is IBUG

    def look_closely(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """As `look`, with further looks where one is not enough.

        Only for nets of 68 points that see a face by its box. If the points say that the face lies elsewhere
        or is turned, it is looked at again, there. If it is still in doubt, and was not glanced at, it is
        also looked for turned by ROLLS, one after the other. With `looks`, the result is the mean of that
        many looks around the best.
        """
        if not self.looks_closely:
            return self.look(places)
        found, apart = self._look_twice(places)
        doubts, limit = apart.mean(-1), UNSURE * self.net.doubt
        for roll in ROLLS:
            unsure = [i for i, place in enumerate(places) if doubts[i] > limit and not place.glanced]
            turned, still = self._look_twice([replace(places[i], roll=places[i].roll + roll) for i in unsure])
            for i, points, far in zip(unsure, turned, still, strict=True):
                if far.mean() < doubts[i]:
                    found[i], apart[i], doubts[i] = points, far, far.mean()
        return self._look_around(places, found, apart), apart

    def _look_twice(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """As `look`, with a second look where the points say that the face is."""
        found, apart = self.look(places)
        doubts = apart.mean(-1)
        assert self.scheme.eyes is not None  # `look_closely` sees to it
        seen = [crops.upright_box(points, self.scheme.eyes) for points in found]
        again = [
            i
            for i, place in enumerate(places)
            if is_elsewhere(place, *seen[i]) and not self._is_no_face(place, doubts[i])
        ]
        closer, still = self.look([Place(places[i].image, *seen[i]) for i in again])
        for i, points, far in zip(again, closer, still, strict=True):
            if far.mean() <= max(doubts[i], UNSURE * self.net.doubt):  # else it went astray
                found[i], apart[i] = points, far
        return found, apart

    def _look_around(self, places: Sequence[Place], found: np.ndarray, apart: np.ndarray) -> np.ndarray:
        """The mean of the points `found` and those of further looks: a little turned, nearer and farther."""
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

    def _is_no_face(self, place: Place, doubt: float) -> bool:
        """Whether the doubt, %, is so large that a second look would not show a face either."""
        least, more = NO_FACE
        return self.tells_faces and doubt > (least + more * place.score) * self.net.doubt

    def look(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """Look once at each place.

        Returns points (N, K, 2) float32, pixels of each picture, and how far the predictions for the face and
        for its mirror image lie apart (N, K) float32, % of the eye distance. The mean of the latter is a
        face's doubt; it is 0 without `tta` and for parts without eyes. Raises ValueError as `crops.cut`.
        """
        return self.see(places, self._answer)

    def see(
        self, places: Sequence[Place], predict: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """What `predict` says of the places' crops (N, H, W, C) uint8: points, and a number for each.

        It returns points (N, K, 2), pixels of the crops, and numbers (N, K). Here the points (N, K, 2)
        float32 are pixels of each picture; the numbers are float32. Raises ValueError as `crops.cut`.
        """
        found = [np.zeros((0, self.scheme.points, 2), np.float32)]
        numbers = [np.zeros((0, self.scheme.points), np.float32)]
        for i in range(0, len(places), BATCH):
            cut, matrices = self.cut(places[i : i + BATCH])
            points, of_points = predict(cut)
            found.append(crops.apply(crops.inverse(matrices), points).astype(np.float32))
            numbers.append(of_points.astype(np.float32))
        return np.concatenate(found), np.concatenate(numbers)

    def _answer(self, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, K, 2), pixels of the crops, and how far their two predictions lie apart (N, K), %."""
        if not self.tta:
            return self.net.points(cut), np.zeros((len(cut), self.scheme.points))
        found, mirrored = self.answer(cut, range(len(cut)))
        return (found + mirrored) / 2, self.measure_apart(found, mirrored)

    def answer(self, cut: np.ndarray, twice: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, K, 2) on crops (N, H, W, C) uint8, pixels of the crops, and second ones for some.

        The second ones (M, K, 2) come from the mirror images of the crops with the indices `twice`.
        """
        found = self.net.points(np.concatenate([cut, cut[list(twice), :, ::-1]]))
        return found[: len(cut)], self.scheme.mirror(found[len(cut) :], cut.shape[2])

    def measure_apart(self, found: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """How far two predictions (N, K, 2) lie apart (N, K), % of the eye distance; 0 without eyes."""
        if not self.scheme.eyes:
            return np.zeros(found.shape[:2])
        return self.scheme.apart(found, mirrored)

    @property
    def tells_faces(self) -> bool:
        """Whether doubt tells faces from other things: it needs `tta`, eyes, and a net that sees boxes."""
        box, measured = self.net.framing.region == "box", math.isfinite(self.net.doubt)
        return box and measured and self.tta and self.scheme.eyes is not None

    def is_face(self, doubt: float, score: float) -> bool:
        """Whether a place with this doubt, %, is likely a face: a sure detector excuses more doubt.

        Where doubt tells nothing, every place is one.
        """
        if not self.tells_faces:
            return True
        return presence.by_look(doubt / self.net.doubt, score) >= presence.LEAST

    def cut(self, places: Sequence[Place]) -> tuple[np.ndarray, np.ndarray]:
        """The crops (N, H, W, C) uint8 of these places, and the affine (N, 2, 3) of each."""
        framing = self.net.framing
        cut, matrices = [], []
        for place in places:
            view = framing.view(place.box)
            image, there = shrink(place.image, view, framing.size, place.roll)
            if place.roll:
                cut.append(crops.cut_turned(image, there, framing.size, place.roll, framing.mode))
            else:
                cut.append(crops.cut(image, there, framing.size, mode=framing.mode))
            matrices.append(crops.affine(view, framing.size, place.roll))
        return np.stack(cut), np.stack(matrices)


def shrink(
    image: Image.Image, region: Region, size: tuple[int, int], roll: float = 0.0
) -> tuple[Image.Image, Region]:
    """What a crop of `size` shows of a region turned by `roll` degrees, in fewer pixels; the region in them.

    Whole pixels are averaged, which takes little time. Where an image has fewer than twice SPARE pixels for
    each of the crop's, it and the region stay as they are; so does one too large for `crops.cut`.
    """
    left, top, width, height = region
    if width * height > crops.LARGEST:
        return image, region
    factor = int(min(width / size[0], height / size[1]) / SPARE)
    if factor < 2:
        return image, region
    cos, sin = abs(math.cos(math.radians(roll))), abs(math.sin(math.radians(roll)))
    beside = 2 * SPARE * factor  # more than the crop's filter reads around the region
    first, last = shown(left + width / 2, (width * cos + height * sin) / 2 + beside, image.width)
    upper, lower = shown(top + height / 2, (width * sin + height * cos) / 2 + beside, image.height)
    smaller = image.reduce(factor, (first, upper, last, lower))
    return smaller, ((left - first) / factor, (top - upper) / factor, width / factor, height / factor)


def shown(middle: float, reach: float, size: int) -> tuple[int, int]:
    """Where the pixels within reach begin and end, on an axis of `size` pixels; at least the nearest one."""
    first = min(max(math.floor(middle - reach), 0), size - 1)
    return first, max(first + 1, min(math.ceil(middle + reach), size))


def circle(count: int) -> Iterator[tuple[float, float]]:
    """`count` pairs of roll, degrees, and size, evenly on an ellipse around (0, 1) with the radii AROUND."""
    for k in range(count):
        angle = 2 * math.pi * (k / count + 1 / 8)
        yield AROUND[0] * math.cos(angle), 1 + AROUND[1] * math.sin(angle)


def is_elsewhere(place: Place, seen: Region, roll: float) -> bool:
    """Whether the points' own box, `seen` and its roll, differs from the place where they were found."""
    turned = abs((roll - place.roll + 180) % 360 - 180) > ROLLED
    return seen[2] > 0 and (turned or crops.overlap(place.box, seen) < AGREED)
