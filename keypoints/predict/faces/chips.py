"""Aligned face crops, as face recognisers want them: eyes, nose and mouth at fixed places.

The places are those of ArcFace (Deng et al., 2019) in crops of 112 x 112 pixels. A face's five points are
brought there by a similarity transform, fitted by least squares (Umeyama, 1991).
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from keypoints import crops
from keypoints.errors import UserError
from keypoints.landmarks import IBUG, IMM, WFLW, nose_tip

# Left eye, right eye, nose tip, left and right corner of the mouth, as seen in the picture.
TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
SIDE = 112  # pixels, of the template
SMALLEST, LARGEST = 16, 2048  # pixels, of a chip

# Scheme's name -> each eye's outline, the nose tip, the corners of the mouth.
SITES = {
    IBUG.name: (slice(36, 42), slice(42, 48), 30, 48, 54),
    IMM.name: (slice(21, 29), slice(13, 21), None, 39, 43),  # it marks no tip: see `nose_tip`
    WFLW.name: (slice(60, 68), slice(68, 76), 54, 76, 82),
}
_SCHEMES = {tuple(scheme.names()): scheme.name for scheme in (IBUG, IMM, WFLW)}


def check(size: int, names: list[str]) -> None:
    """Raise `UserError` for an impossible size, and for points that do not include the five of a chip."""
    if not SMALLEST <= size <= LARGEST:
        raise UserError(f"a chip of {size} pixels: choose {SMALLEST} to {LARGEST}; recognisers want {SIDE}")
    if tuple(names) not in _SCHEMES:
        raise UserError(f"{len(names)} point(s) do not say where eyes, nose and mouth are, as a chip needs")


def five(points: np.ndarray, names: list[str]) -> np.ndarray:
    """Middles of the eyes, nose tip, corners of the mouth (5, 2), from a face's points (K, 2); same unit."""
    left, right, nose, *mouth = SITES[_SCHEMES[tuple(names)]]
    tip = nose_tip(points) if nose is None else points[nose]
    return np.stack([points[left].mean(0), points[right].mean(0), tip, *points[mouth]]).astype(np.float64)


def template(size: int) -> np.ndarray:
    """Where the five points (5, 2) belong in a chip of `size` pixels a side; edges fall on edges."""
    return (TEMPLATE + 0.5) * size / SIDE - 0.5


def place(points: np.ndarray, size: int) -> tuple[crops.Region, float]:
    """The square, pixels of the picture, and its roll, degrees, that a chip of a face's five points shows.

    With points as complex numbers, a similarity is a product and a sum. Raises ValueError for points on one
    spot.
    """
    there, here = (at[:, 0] + 1j * at[:, 1] for at in (points, template(size)))
    around = there - there.mean()
    turn = np.vdot(around, here) / max(np.vdot(around, around).real, 1e-12)
    if not 0 < abs(turn) < math.inf:
        raise ValueError("the points of the face lie on one spot, or nowhere")
    side = size / abs(turn)
    corner = there.mean() + ((size - 1) / 2 * (1 + 1j) - here.mean()) / turn - (side - 1) / 2 * (1 + 1j)
    return (corner.real, corner.imag, side, side), -math.degrees(np.angle(turn))


def cut(image: Image.Image, points: np.ndarray, names: list[str], size: int = SIDE) -> Image.Image:
    """The chip of a face with these points (K, 2), pixels of the picture (mode RGB or L), in the same mode.

    Outside of the picture, its border is repeated. Raises `UserError` as `check`, ValueError as `place` and
    `crops.cut`.
    """
    check(size, names)
    region, roll = place(five(points, names), size)
    pixels = crops.cut_turned(image, region, (size, size), roll)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
