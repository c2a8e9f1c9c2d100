"""How a head is turned: a mean head is fitted to the face's stable points, by weak perspective.

The mean head was measured by `make derived`, by factorization of the points of training photographs (Tomasi
and Kanade, 1992). It is symmetric, and its pitch is 0 at the median pitch of these people. Stable points are
those that expressions move least: the corners of the eyes and of the mouth, and the nose.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from keypoints.landmarks import IBUG

# Points of the left half and of the middle; the right half is the mirror image. x is to the picture's right,
# y down, z towards the viewer; the origin lies between the outer eye corners, their distance is the unit.
HALF = {
    27: (0.0, -0.019, 0.225), 28: (0.0, 0.118, 0.291), 29: (0.0, 0.255, 0.366), 30: (0.0, 0.395, 0.438),
    31: (-0.164, 0.489, 0.232), 32: (-0.085, 0.517, 0.265), 33: (0.0, 0.542, 0.286),
    36: (-0.5, 0.0, 0.0), 39: (-0.216, 0.018, 0.057), 48: (-0.314, 0.752, -0.021),
}  # fmt: skip
_WHOLE = HALF | {IBUG.partners[k]: (-x, y, z) for k, (x, y, z) in HALF.items()}
STABLE = tuple(sorted(_WHOLE))  # of the 68 points
HEAD = np.array([_WHOLE[k] for k in STABLE])  # (15, 3)

STEPS = 8  # at most; three or four usually suffice
LONGEST, CLOSE = 0.5, 1e-4  # radians: the largest step, and one after which the fit has converged
SMALLEST = 0.1  # the least initial scale; for points of a face it is about 0.7


@dataclass(frozen=True)
class Pose:
    """Degrees, as seen in the picture: at 0, the face is upright and looks straight at the viewer.

    yaw:   to the picture's right, -180…180
    pitch: down, -90…90
    roll:  clockwise, -180…180

    The head turns by yaw about its own vertical axis first, then by pitch and by roll: turning the picture
    adds to roll alone.
    """

    yaw: float
    pitch: float
    roll: float

    @cached_property
    def matrix(self) -> np.ndarray:
        """The rotation (3, 3) from the head's axes (right, down, towards the viewer) to the picture's."""
        yaw, pitch, roll = map(math.radians, (self.yaw, self.pitch, self.roll))
        return turn(2, roll) @ turn(0, -pitch) @ turn(1, yaw)

    @classmethod
    def of(cls, matrix: np.ndarray) -> Pose:
        """The pose with this `matrix` (3, 3)."""
        ahead = matrix[2]
        yaw, pitch = math.atan2(-ahead[0], ahead[2]), math.asin(max(-1.0, min(1.0, -ahead[1])))
        roll = math.atan2(-matrix[0, 1], matrix[1, 1])
        return cls(*map(math.degrees, (yaw, pitch, roll)))

    def as_dict(self) -> dict[str, float]:
        """Plain values, to a tenth of a degree."""
        return {name: round(value, 1) for name, value in asdict(self).items()}


def estimate(points: np.ndarray) -> Pose | None:
    """The pose of a face with 68 points (68, 2), any unit; None for points on one spot or not finite."""
    found = fit(points[list(STABLE)], HEAD)
    return Pose.of(found[0]) if found else None


def fit(points: np.ndarray, head: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The rotation (3, 3) and scale by which a head (K, 3) is seen as points (K, 2); None as in `estimate`.

    Weak perspective (rotated, scaled, shifted), fitted by least squares with Gauss-Newton steps, from a head
    that looks straight ahead with the points' roll. No focal length is needed, which photographs lack: with a
    guessed one, `cv2.solvePnP` is as stable, but errs by degrees on drawn faces if the guess is wrong.
    """
    if not np.isfinite(points).all():
        return None
    seen = points - points.mean(0, dtype=np.float64)
    size = math.sqrt((seen**2).sum())
    if size == 0:
        return None
    head, seen = head - head.mean(0), seen / size
    flat, there = head[:, 0] + 1j * head[:, 1], seen[:, 0] + 1j * seen[:, 1]
    lie = np.vdot(flat, there) / np.vdot(flat, flat)
    scale, matrix = max(abs(lie), SMALLEST), turn(2, float(np.angle(lie)))
    for _ in range(STEPS):
        turned = head @ matrix.T
        x, y, z = turned.T
        none = np.zeros_like(x)
        # How what is seen moves with a turn about each axis of the picture, and with the scale.
        slopes = np.array([[none, scale * z, -scale * y, x], [-scale * z, none, scale * x, y]])
        slopes = slopes.transpose(1, 0, 2).reshape(4, -1)
        missed = (seen.T - scale * turned.T[:2]).ravel()
        step = np.linalg.solve(slopes @ slopes.T, slopes @ missed)
        length = math.hypot(*step[:3])
        step *= min(1.0, LONGEST / max(1e-9, length))
        matrix, scale = rotation(step[:3]) @ matrix, max(scale / 2, scale + step[3])
        if length < CLOSE:
            break
    return matrix, scale * size


def turn(axis: int, angle: float) -> np.ndarray:
    """The rotation (3, 3) about x (0), y (1) or z (2) by radians."""
    return rotation(np.eye(3)[axis] * angle)


def rotation(vector: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) about a vector (3,) by its length in radians (Rodrigues, 1840)."""
    x, y, z = vector.tolist()
    angle = math.hypot(x, y, z)
    if angle == 0:
        return np.eye(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / angle
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
