"""A first, cheap look at the places that a detector finds: how a face lies there, and where there is none.

It is taken by the part `glance`: a small net that sees small crops and was trained on faces turned by any
angle. A face and its mirror image take it a seventh of the time that `landmarks` takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keypoints import crops
from keypoints.errors import UserError
from keypoints.predict.faces import presence
from keypoints.predict.looking import Looker, Place, is_elsewhere
from keypoints.predict.runtimes import Net

# All of these were chosen on the training and validation faces of the split `strict`.
UNSURE = 1.0  # times the usual doubt: above, the place is glanced at again, nearer and then turned by TURNS
TURNS = (90.0, -90.0, 180.0)  # degrees
TRUSTED = 5.0  # times the usual doubt: up to it, the face is where the glance sees it
HOPELESS = 0.015  # a place that is less likely a face is not glanced at again


@dataclass(frozen=True)
class Glimpse:
    """What a glance shows.

    place: as it was, or as the face lies there
    doubt: relative to what is usual for the net, see `presence.Curve`
    """

    place: Place
    doubt: float


class Glance:
    """Glances at places, by a net of the part `glance`. May be called from several threads.

    hopeless: a place that is less likely a face, 0…1, is not glanced at again

    Raises `UserError` for a net of other points, or that does not see a face by its box.
    """

    def __init__(self, net: Net, hopeless: float = HOPELESS) -> None:
        self.looker, self.hopeless = Looker(net), hopeless
        if not (self.looker.looks_closely and self.looker.tells_faces):
            raise UserError(
                "a glance needs a net of 68 points that sees boxes and knows its doubt, as the part `glance`"
            )

    def __call__(self, places: Sequence[Place]) -> list[Glimpse]:
        """A glimpse of each place, the best of several where it is in doubt. Raises as `crops.cut`."""
        seen = self._look(places)
        again = [i for i, one in enumerate(seen) if one.doubt > UNSURE and self.chance(one) >= self.hopeless]
        nearer = [i for i in again if is_elsewhere(places[i], seen[i].place.box, seen[i].place.roll)]
        self._improve(seen, nearer, [seen[i].place for i in nearer])
        for turn in TURNS:
            again = [i for i in again if seen[i].doubt > UNSURE]
            self._improve(seen, again, [replace(places[i], roll=places[i].roll + turn) for i in again])
        for i, one in enumerate(seen):
            trusted = one.doubt <= TRUSTED
            place = one.place if trusted else places[i]
            seen[i] = replace(one, place=replace(place, glanced=trusted))
        return seen

    def chance(self, glimpse: Glimpse) -> float:
        """The chance, 0…1, that the place shows a face."""
        return presence.GLANCE.chance(glimpse.doubt, glimpse.place.score)

    def _improve(self, seen: list[Glimpse], which: Sequence[int], places: Sequence[Place]) -> None:
        """Glance at these places, and take what is surer than what is seen at the indices `which`."""
        for i, other in zip(which, self._look(places), strict=True):
            if other.doubt < seen[i].doubt:
                seen[i] = other

    def _look(self, places: Sequence[Place]) -> list[Glimpse]:
        """One glance at each place."""
        found, apart = self.looker.look(places)
        eyes = self.looker.scheme.eyes
        assert eyes is not None  # of 68 points
        seen = []
        for place, points, doubt in zip(places, found, apart.mean(-1) / self.looker.net.doubt, strict=True):
            box, roll = crops.upright_box(points, eyes)
            left, top, side, _ = map(float, box)  # plain, as they go on to users
            there = replace(place, box=(left, top, side, side), roll=float(roll)) if side > 0 else place
            seen.append(Glimpse(there, float(doubt)))
        return seen
