"""The landmark schemes as data: regions, outlines, left-right partners, outer eye corners.

Points are counted from 0; "left" and "right" are those of the picture, so the first jaw point of a
face that looks at us is the leftmost. Sources: the host images of the IMM Face Database (58
points, Stegmann et al., 2003), the 300-W mark-up (68 points, Sagonas et al., 2013), WFLW
(98 points, Wu et al., 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keypoints.errors import has_controls

MAX_POINTS = 1000  # of a scheme


@dataclass(frozen=True)
class Scheme:
    """One way to mark a face.

    regions:  region -> its points; together all points, each once
    outlines: runs of points to draw as lines; a closed one repeats its first point
    partners: (points,) partners[k] is the point that k becomes in a mirror image
    eyes:     the outer corners (left, right), or None where the scheme lacks them
    labels:   the names of the points, where the data name them
    flips:    whether a face may be mirrored: False where the left-right partners are unknown
    """

    name: str
    regions: dict[str, tuple[int, ...]]
    outlines: tuple[tuple[int, ...], ...]
    partners: tuple[int, ...]
    eyes: tuple[int, int] | None
    labels: tuple[str, ...] = ()
    flips: bool = True

    @property
    def points(self) -> int:
        return len(self.partners)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON and YAML."""
        return {
            "name": self.name,
            "regions": {region: list(points) for region, points in self.regions.items()},
            "outlines": [list(run) for run in self.outlines],
            "partners": list(self.partners),
            "eyes": list(self.eyes) if self.eyes else None,
            "labels": list(self.labels),
            "flips": self.flips,
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Scheme:
        """The scheme that `as_dict` gave; the very object in `SCHEMES` where it equals one of them.

        Raises ValueError for anything else: files with schemes come from anywhere.
        """
        try:
            found = Scheme(
                str(values["name"]),
                {str(region): _indices(points) for region, points in values["regions"].items()},
                tuple(map(_indices, values["outlines"])),
                _indices(values["partners"]),
                _indices(values["eyes"]) if values["eyes"] else None,  # type: ignore[arg-type]
                tuple(map(str, values["labels"])),
                bool(values["flips"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no scheme of points: {type(error).__name__}: {error}") from None
        found._check()
        return next((known for known in SCHEMES.values() if known == found), found)

    def _check(self) -> None:
        """Raise ValueError where the parts do not fit together."""
        every = range(self.points)
        if not 0 < self.points <= MAX_POINTS:
            raise ValueError(f"a scheme has 1 to {MAX_POINTS} points, not {self.points}")
        if sorted(k for points in self.regions.values() for k in points) != list(every):
            raise ValueError("the regions do not hold every point once")
        if () in (*self.regions.values(), *self.outlines):
            raise ValueError("a region or an outline has no points")
        if any(not 0 <= k < self.points for run in (*self.outlines, self.partners) for k in run):
            raise ValueError("an outline or a partner is none of the points")
        if any(self.partners[self.partners[k]] != k for k in every):
            raise ValueError("a point is not the partner of its partner")
        if self.eyes and (
            len(set(self.eyes)) != 2 or len(self.eyes) != 2 or not set(self.eyes) <= set(every)
        ):
            raise ValueError("the eye corners are not two of the points")
        if self.labels and (len(set(self.labels)) != self.points or len(self.labels) != self.points):
            raise ValueError("the names of the points are not one for each")
        if any(has_controls(label) for label in (self.name, *self.regions, *self.labels)):
            raise ValueError("a name has control characters")

    def names(self) -> list[str]:
        """A name for every point: its label, or else its region and its index there, `jaw_0`."""
        if self.labels:
            return list(self.labels)
        names = {k: f"{region}_{i}" for region, ks in self.regions.items() for i, k in enumerate(ks)}
        return [names[k] for k in range(self.points)]

    def mirror(self, points: np.ndarray, width: float) -> np.ndarray:
        """Points (…, points, 2) of a picture `width` pixels wide -> those of its mirror image."""
        flipped = np.array(points)[..., list(self.partners), :]
        flipped[..., 0] = width - 1 - flipped[..., 0]
        return flipped

    def apart(self, points: np.ndarray, others: np.ndarray) -> np.ndarray:
        """The distances (N, points) between two predictions (N, points, 2), % of the eye distance."""
        eyes = np.maximum(self.eye_distance((points + others) / 2), 1e-6)
        return 100 * np.linalg.norm(points - others, axis=-1) / eyes[:, None]

    def eye_distance(self, points: np.ndarray) -> np.ndarray:
        """Distance of the outer eye corners (…), in the unit of `points` (…, points, 2).

        Raises ValueError for a scheme without them.
        """
        if self.eyes is None:
            raise ValueError(f"the scheme {self.name} has no eye corners")
        left, right = self.eyes
        return np.linalg.norm(points[..., left, :] - points[..., right, :], axis=-1)


def average(values: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """The mean over what is not NaN (missing points are); NaN where everything is.

    Without any NaN the result is that of `np.mean`, to the last bit.
    """
    values = np.asarray(values)
    missing = np.isnan(values)
    if values.size and not missing.any():
        return values.mean(axis)
    count = (~missing).sum(axis)
    total = np.where(missing, 0, values).sum(axis)
    return np.where(count, total / np.maximum(count, 1), np.nan)


def _indices(values: Any) -> tuple[int, ...]:
    """A list of integers as a tuple. Raises TypeError for anything else."""
    if any(type(value) is not int for value in values):
        raise TypeError(f"whole numbers are needed, not {values!r:.80}")
    return tuple(values)


def _run(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


def _closed(first: int, last: int) -> tuple[int, ...]:
    return (*_run(first, last), first)


def _partners(points: int, *pairs: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[int, ...]:
    partners = list(range(points))
    for ours, theirs in pairs:
        for a, b in zip(ours, theirs, strict=True):
            partners[a], partners[b] = b, a
    return tuple(partners)


NOSE = Scheme("nose1", {"nose": (0,)}, (), (0,), None)

IMM = Scheme(
    "imm58",
    {
        "jaw": _run(0, 12),
        "brows": _run(29, 38),
        "nose": _run(47, 57),
        "eyes": _run(13, 28),
        "mouth": _run(39, 46),
    },
    (
        _run(0, 12),
        _closed(13, 20),
        _closed(21, 28),
        _run(29, 33),
        _run(34, 38),
        _closed(39, 46),
        _run(47, 57),
    ),
    _partners(
        58,
        (_run(0, 5), _run(7, 12)[::-1]),
        (_run(13, 20), _run(21, 28)),
        (_run(29, 33), _run(34, 38)),
        ((39, 40), (43, 42)),
        ((44,), (46,)),
        (_run(47, 51), _run(53, 57)[::-1]),
    ),
    (21, 13),
)
PHILTRUM = 52  # of IMM: the top of the philtrum, which the course calls the nose tip

_WINGS = (48, 49, 50), (54, 55, 56)  # of IMM's nose, left and right in the picture


def nose_tip(points: np.ndarray) -> np.ndarray:
    """The tip of the nose (…, 2), estimated from IMM's points (…, 58, 2), which do not mark it; any unit.

    It is a weighted mean of the two wings of the nose. The weight of the right wing is how far the middle of
    the nose lies on the way from the left outer eye corner to the right one: 0.5 for a face that looks
    straight ahead. The write-up "zhou" mentions such a mean without a formula; this one is ours. On IMM's
    turned faces it lies near the visible tip.
    """
    assert IMM.eyes is not None
    left, right = (points[..., eye, :] for eye in IMM.eyes)
    across = right - left
    nose = points[..., IMM.regions["nose"], :].mean(-2) - left
    turn = np.clip((nose * across).sum(-1) / (across * across).sum(-1), 0, 1)[..., None]
    wings = [points[..., wing, :].mean(-2) for wing in _WINGS]
    return (1 - turn) * wings[0] + turn * wings[1]


IBUG = Scheme(
    "ibug68",
    {
        "jaw": _run(0, 16),
        "brows": _run(17, 26),
        "nose": _run(27, 35),
        "eyes": _run(36, 47),
        "mouth": _run(48, 67),
    },
    (
        _run(0, 16),
        _run(17, 21),
        _run(22, 26),
        _run(27, 30),
        _run(31, 35),
        _closed(36, 41),
        _closed(42, 47),
        _closed(48, 59),
        _closed(60, 67),
    ),
    _partners(
        68,
        (_run(0, 7), _run(9, 16)[::-1]),
        (_run(17, 21), _run(22, 26)[::-1]),
        ((31, 32), (35, 34)),
        ((36, 37, 38, 39, 40, 41), (45, 44, 43, 42, 47, 46)),
        ((48, 49, 50), (54, 53, 52)),
        ((59, 58), (55, 56)),
        ((60, 61), (64, 63)),
        ((67,), (65,)),
    ),
    (36, 45),
)

WFLW = Scheme(
    "wflw98",
    {
        "jaw": _run(0, 32),
        "brows": _run(33, 50),
        "nose": _run(51, 59),
        "eyes": (*_run(60, 75), 96, 97),
        "mouth": _run(76, 95),
    },
    (
        _run(0, 32),
        _closed(33, 41),
        _closed(42, 50),
        _run(51, 54),
        _run(55, 59),
        _closed(60, 67),
        _closed(68, 75),
        _closed(76, 87),
        _closed(88, 95),
    ),
    _partners(
        98,
        (_run(0, 15), _run(17, 32)[::-1]),
        (_run(33, 37), _run(42, 46)[::-1]),
        (_run(38, 41), _run(47, 50)[::-1]),
        ((55, 56), (59, 58)),
        (_run(60, 64), _run(68, 72)[::-1]),
        (_run(65, 67), _run(73, 75)[::-1]),
        (_run(76, 78), _run(80, 82)[::-1]),
        ((86, 87), (84, 83)),
        ((88, 89), (92, 91)),
        ((95,), (93,)),
        ((96,), (97,)),
    ),
    (60, 72),
)

# Where a face is and how it is turned: the middles of the upper and the lower edge of its turned box.
AXIS = Scheme("axis2", {"axis": (0, 1)}, ((0, 1),), (0, 1), None)

SCHEMES = {scheme.name: scheme for scheme in (NOSE, IMM, IBUG, WFLW, AXIS)}
