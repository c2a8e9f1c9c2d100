"""Shapes of faces compared free of place, turn and size; known schemes behind points without names."""

from __future__ import annotations

import math

import numpy as np

from keypoints.datasets.face_table import FAR
from keypoints.datasets.formats.marks import Marks
from keypoints.landmarks import SCHEMES, Scheme

SYMMETRIC = 0.08  # of the eye distance: how far a face may differ from its mirror image, root mean square
ENOUGH = 500  # faces
ROUNDS = 5


def recognise(marks: Marks) -> Scheme | None:
    """The known scheme that points without names follow, by where they lie and not by their number alone.

    Their typical shape must be its own mirror image under the scheme's partners, with eyes above the mouth.
    """
    missing = (math.nan, math.nan)
    shapes = np.array([[face.points.get(n, missing) for n in marks.names] for face in marks.faces[:ENOUGH]])
    for scheme in SCHEMES.values():
        if scheme.points == len(marks.names) and scheme.eyes and len(shapes):
            usable = shapes[(np.isnan(shapes) | (np.abs(shapes) < FAR)).all(axis=(1, 2))]
            if len(usable) and _follows(typical_shape(usable), scheme):
                return scheme
    return None


def typical_shape(shapes: np.ndarray) -> np.ndarray:
    """The median (K, 2) of shapes (N, K, 2), any unit, laid onto each other; NaN where all lack a point.

    The mean distance of its points from their middle is 1 (root mean square).
    """
    typical = _to_unit(shapes[np.isfinite(shapes).sum(axis=(1, 2)).argmax()])
    for _ in range(ROUNDS):
        aligned = align(shapes, typical)
        known = np.isfinite(aligned).any(axis=(0, 2))
        typical = np.full(typical.shape, np.nan)
        typical[known] = np.nanmedian(aligned[:, known], axis=0)
        typical = _to_unit(typical)
    return typical


def align(shapes: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Shapes (…, K, 2) moved, turned and scaled, never mirrored, to lie on `to` (K, 2) as well as they can.

    Least squares over the points that both have (Procrustes); NaN stays NaN.
    """
    # As complex numbers, turn and scale are one factor.
    p, q = shapes[..., 0] + 1j * shapes[..., 1], to[..., 0] + 1j * to[..., 1]
    both = np.isfinite(p) & np.isfinite(q)
    count = np.maximum(both.sum(axis=-1, keepdims=True), 1)
    middle_p = np.where(both, p, 0).sum(axis=-1, keepdims=True) / count
    middle_q = np.where(both, q, 0).sum(axis=-1, keepdims=True) / count
    a, b = np.where(both, p - middle_p, 0), np.where(both, q - middle_q, 0)
    size = np.maximum((np.abs(a) ** 2).sum(axis=-1, keepdims=True), 1e-12)
    found = (p - middle_p) * ((a.conj() * b).sum(axis=-1, keepdims=True) / size) + middle_q
    return np.stack([found.real, found.imag], axis=-1)


def residuals(shapes: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """How far every point (…, K) of the shapes lies from that of the typical one, in its unit."""
    return np.linalg.norm(align(shapes, typical) - typical, axis=-1)


def _to_unit(shape: np.ndarray) -> np.ndarray:
    centred = shape - np.nanmean(shape, axis=0)
    return centred / max(math.sqrt(float(np.nanmean((centred**2).sum(axis=-1)))), 1e-9)


def _follows(typical: np.ndarray, scheme: Scheme) -> bool:
    assert scheme.eyes is not None
    if not np.isfinite(typical).all():
        return False
    mirrored = (typical * [-1, 1])[list(scheme.partners)]
    apart = math.sqrt(float(np.square(residuals(mirrored, typical)).mean()))
    eyes, mouth = (typical[list(scheme.regions[region]), 1].mean() for region in ("eyes", "mouth"))
    left, right = typical[list(scheme.eyes), 0]
    return bool(apart < SYMMETRIC * scheme.eye_distance(typical) and eyes < mouth and left < right)
