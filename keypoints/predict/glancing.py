"""A first, cheap look at the places that a detector finds: how a face lies there, and where there is none.

It is taken by the part `glance`: a small net that sees small crops and was trained on faces turned by any
angle. How clearly it sees a face is told by the peaks of its maps, so that it need not see the mirror image
too: one glance takes the net a fourteenth of the time that `landmarks` takes for a face and its mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from keypoints import crops
from keypoints.errors import UserError
from keypoints.predict.faces import presence
from keypoints.predict.looking import Looker, Place, is_elsewhere
from keypoints.predict.runtimes import Net

# All of these were chosen on the training and validation faces of the split `strict`.
CLEAR = 0.42  # less clearly seen, a place is also glanced at turned by TURNS
TURNS = (90.0, -90.0, 180.0)  # degrees
HOPELESS = 0.015  # a place that is less likely a face is not glanced at again


@dataclass(frozen=True)
class Glimpse:
    """What a glance shows.

    place:   as the face lies there, `glanced`
    clarity: how clearly the face is seen, 0…1: the geometric mean of the peaks of the points' maps
    """

    place: Place
    clarity: float


class Glance:
    """Glances at places, by a net of the part `glance`. May be called from several threads.

    net:      its recipe is to be that of the shipped one: what is clear was measured with it (`make boxes`)
    hopeless: a place that is less likely a face, 0…1, is not glanced at again

    Raises `UserError` for a net of other points, that does not see a face by its box, or without peaks.
    """

    def __init__(self, net: Net, hopeless: float = HOPELESS) -> None:
        self.looker, self.hopeless = Looker(net, tta=False), hopeless
        if not (self.looker.looks_closely and net.has_peaks):
            raise UserError(
                "a glance needs a net of 68 points that sees boxes and gives peaks, as the part `glance`"
            )

    def __call__(self, places: Sequence[Place]) -> list[Glimpse]:
        """A glimpse of each place, the clearest of several. Raises as `crops.cut`.

        If the points say that the face lies elsewhere or is turned, it is glanced at again, there; if it is
        then unclear, also turned by TURNS, one after the other.
        """
        seen = self._look(places)
        again = [i for i, one in enumerate(seen) if self.chance(one) >= self.hopeless]
        nearer = [i for i in again if is_elsewhere(places[i], seen[i].place.box, seen[i].place.roll)]
        self._improve(seen, nearer, [seen[i].place for i in nearer])
        for turn in TURNS:
            again = [i for i in again if seen[i].clarity < CLEAR]
            self._improve(seen, again, [replace(places[i], roll=places[i].roll + turn) for i in again])
        return seen

    def chance(self, glimpse: Glimpse) -> float:
        """The chance, 0…1, that the place shows a face."""
        return presence.by_glance(glimpse.clarity, glimpse.place.score)

    def _improve(self, seen: list[Glimpse], which: Sequence[int], places: Sequence[Place]) -> None:
        """Glance at these places, and take what is clearer than what is seen at the indices `which`."""
        for i, other in zip(which, self._look(places), strict=True):
            if other.clarity > seen[i].clarity:
                seen[i] = other

    def _look(self, places: Sequence[Place]) -> list[Glimpse]:
        """One glance at each place."""
        found, peaks = self.looker.see(places, self.looker.net.points_and_peaks)
        eyes = self.looker.scheme.eyes
        assert eyes is not None  # of 68 points
        seen = []
        clear = np.exp(np.log(peaks).mean(-1))  # a map of n pixels has a peak of at least 1 / n
        for place, points, clarity in zip(places, found, clear, strict=True):
            box, roll = crops.upright_box(points, eyes)
            left, top, side, _ = map(float, box)  # plain, as they go on to users
            there = ((left, top, side, side), float(roll)) if side > 0 else (place.box, place.roll)
            seen.append(Glimpse(Place(place.image, *there, place.score, glanced=True), float(clarity)))
        return seen
