"""The landmark schemes as data: regions, outlines, left-right partners, outer eye corners.

Points are counted from 0; "left" and "right" are those of the picture, so the first jaw point of a
face that looks at us is the leftmost. Sources: the host images of the IMM Face Database (58
points, Stegmann et al., 2003) and the 300-W mark-up (68 points, Sagonas et al., 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scheme:
    """One way to mark a face.

    regions:  region -> its points; together all points, each once
    outlines: runs of points to draw as lines; a closed one repeats its first point
    partners: (points,) partner[k] is the point that k becomes in a mirror
    eyes:     the outer corners (left, right), or None where the scheme lacks them
    """

    name: str
    regions: dict[str, tuple[int, ...]]
    outlines: tuple[tuple[int, ...], ...]
    partners: tuple[int, ...]
    eyes: tuple[int, int] | None

    @property
    def points(self) -> int:
        return len(self.partners)

    @property
    def flips(self) -> bool:
        """Whether the points of a mirrored face can be named: not where partners are unknown."""
        return self.points == 1 or self.partners != tuple(range(self.points))

    def names(self) -> list[str]:
        """A name for every point: its region and its place there, `jaw_0`."""
        names = {k: f"{region}_{i}" for region, ks in self.regions.items() for i, k in enumerate(ks)}
        return [names[k] for k in range(self.points)]

    def mirror(self, points: np.ndarray, width: float) -> np.ndarray:
        """Points (…, points, 2) of a picture as its mirror image, `width` pixels wide, has them."""
        flipped = np.array(points)[..., list(self.partners), :]
        flipped[..., 0] = width - 1 - flipped[..., 0]
        return flipped

    def disagreement(self, points: np.ndarray, others: np.ndarray) -> np.ndarray:
        """How far two answers (N, points, 2) lie apart: mean over the points, % of the eye distance (N,)."""
        apart = np.linalg.norm(points - others, axis=-1).mean(axis=-1)
        return 100 * apart / np.maximum(self.eye_distance((points + others) / 2), 1e-6)

    def eye_distance(self, points: np.ndarray) -> np.ndarray:
        """Distance of the outer eye corners, in the unit of `points` (…, points, 2) -> (…)."""
        if self.eyes is None:
            raise ValueError(f"the scheme {self.name} has no eye corners")
        left, right = self.eyes
        return np.linalg.norm(points[..., left, :] - points[..., right, :], axis=-1)


def average(values: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """The mean over what is not NaN, as points are that a face lacks; NaN where nothing is left.

    Where nothing is NaN it is `np.mean`, to the last bit.
    """
    values = np.asarray(values)
    missing = np.isnan(values)
    if values.size and not missing.any():
        return values.mean(axis)
    count = (~missing).sum(axis)
    total = np.where(missing, 0, values).sum(axis)
    return np.where(count, total / np.maximum(count, 1), np.nan)


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
PHILTRUM = 52  # of IMM: what the course calls the nose tip, really the top of the philtrum

_WINGS = (48, 49, 50), (54, 55, 56)  # of IMM's nose, left and right in the picture


def nose_tip(points: np.ndarray) -> np.ndarray:
    """The tip of the nose (…, 2) by IMM's points (…, 58, 2), which mark none; any unit.

    A mean of the two wings of the nose, weighted by where the face looks: as far as the middle of the
    nose has moved from the left outer eye corner to the right one (a half: straight ahead), as much
    counts the right wing. The write-up "zhou" tells of such a mean and gives no formula; this one is
    ours; on IMM's turned faces it lies near the tip that one sees.
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

SCHEMES = {scheme.name: scheme for scheme in (NOSE, IMM, IBUG)}
