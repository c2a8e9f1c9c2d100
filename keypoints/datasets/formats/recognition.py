"""Known schemes behind points without names: by where the points lie, not by their number alone."""

from __future__ import annotations

import math

import numpy as np

from keypoints.datasets.formats.marks import Marks
from keypoints.landmarks import SCHEMES, Scheme

SYMMETRIC = (
    0.15  # of the eye distance: how far a mean face may differ from its mirror image, root mean square
)
ENOUGH = 500  # faces


def recognise(marks: Marks) -> Scheme | None:
    """The known scheme that these points follow, or None.

    Their mean shape must be its own mirror image under the scheme's partners, with eyes above the mouth.
    """
    missing = (math.nan, math.nan)
    shapes = np.array([[face.points.get(n, missing) for n in marks.names] for face in marks.faces[:ENOUGH]])
    for scheme in SCHEMES.values():
        if scheme.points == len(marks.names) and scheme.eyes and len(shapes):
            whole = shapes[np.isfinite(shapes).all(axis=(1, 2)) & (np.abs(shapes) < 1e6).all(axis=(1, 2))]
            if len(whole) and _follows(mean_shape(whole), scheme):
                return scheme
    return None


def mean_shape(shapes: np.ndarray) -> np.ndarray:
    """The mean (K, 2) of shapes (N, K, 2) in any unit, each moved to the origin and scaled to size 1."""
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    size = np.linalg.norm(centred, axis=(1, 2), keepdims=True)
    return (centred / np.maximum(size, 1e-9)).mean(axis=0)


def _follows(mean: np.ndarray, scheme: Scheme) -> bool:
    assert scheme.eyes is not None
    mirrored = (mean * [-1, 1])[list(scheme.partners)]
    distance = scheme.eye_distance(mean)
    apart = math.sqrt(float(np.square(align(mirrored, mean) - mean).sum(-1).mean()))
    eyes, mouth = (mean[list(scheme.regions[region]), 1].mean() for region in ("eyes", "mouth"))
    left, right = mean[list(scheme.eyes), 0]
    return bool(apart < SYMMETRIC * distance and eyes < mouth and left < right)


def align(shape: np.ndarray, to: np.ndarray) -> np.ndarray:
    """A shape (K, 2) moved, turned and scaled to lie on another as well as it can (Procrustes)."""
    a, b = shape - shape.mean(0), to - to.mean(0)
    # As complex numbers the best turn and scale is one factor.
    p, q = a @ (1, 1j), b @ (1, 1j)
    factor = np.vdot(p, q) / max(np.vdot(p, p).real, 1e-12)
    found = p * factor
    return np.stack([found.real, found.imag], axis=1) + to.mean(0)
