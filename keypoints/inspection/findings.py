"""What looks wrong with annotations, face by face: odd boxes, points outside, swapped sides, odd shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from keypoints.datasets.formats import Annotated
from keypoints.datasets.formats.shapes import residuals, typical_shape
from keypoints.landmarks import Scheme

ENOUGH = 5  # faces that are needed to know the usual shape
FEWEST = 3  # points of a shape
# A face's misfit is its distance from the typical shape, as a share of its size. The limits were chosen on
# IMM and iBUG.
SUSPECT = 1.5  # times the median misfit: above, swapped sides are looked for
BETTER = 0.6  # swapping sides back must reduce the misfit below this share
ODD = 6.0  # standard deviations above the median misfit: an outlier
ODD_LEAST = 0.25  # misfit of an outlier at least
EMPTY_SHARE = 0.5  # of the points must lie in the face's box
WIDE = 25.0  # times the area of the points' bounding box: a larger box is odd


@dataclass(frozen=True)
class Finding:
    """Something to check: its kind, the face's picture, and a description."""

    kind: str
    file: str
    what: str


def find(annotated: Annotated, scheme: Scheme) -> list[Finding]:
    """All findings, by kind and then in the order of the faces."""
    points = annotated.points()
    return [
        *outside(annotated, points),
        *odd_boxes(annotated, points),
        *shapes(annotated, points, scheme),
    ]


def outside(annotated: Annotated, points: np.ndarray) -> Iterator[Finding]:
    """Points that lie outside of their picture."""
    for face, there in zip(annotated.faces, points, strict=True):
        size = annotated.sizes[face.file]
        assert not isinstance(size, str)  # a face has a whole picture
        out = (there < -0.5) | (there > np.array(size) - 0.5)  # NaN is neither
        if names := [annotated.names[k] for k in np.flatnonzero(out.any(axis=1))]:
            yield Finding("outside", face.file, f"{_some(names)} outside of {size[0]} x {size[1]} pixels")


def odd_boxes(annotated: Annotated, points: np.ndarray) -> Iterator[Finding]:
    """Boxes that do not hold their face, or are far too large."""
    for face, there in zip(annotated.faces, points, strict=True):
        if not face.box:
            continue
        left, top, width, height = face.box
        marked = there[~np.isnan(there).any(axis=1)]
        inside = ((marked >= (left - 0.5, top - 0.5)) & (marked <= (left + width, top + height))).all(axis=1)
        own = np.ptp(marked, axis=0).prod()
        if inside.mean() < EMPTY_SHARE:
            yield Finding("box", face.file, f"{inside.sum()} of {len(marked)} points lie in the box")
        elif len(marked) >= FEWEST and width * height > WIDE * own > 0:
            yield Finding(
                "box", face.file, f"the box is {width * height / own:.0f} times as large as the points'"
            )


def shapes(annotated: Annotated, points: np.ndarray, scheme: Scheme) -> Iterator[Finding]:
    """Faces with probably swapped sides, and outliers."""
    if len(points) < ENOUGH or points.shape[1] < FEWEST:
        return
    typical = typical_shape(points)
    misfits = _misfit(points, typical)
    usual = float(np.nanmedian(misfits))
    spread = 1.4826 * float(np.nanmedian(np.abs(misfits - usual)))  # as of a normal distribution
    for face, there, misfit in zip(annotated.faces, points, misfits.tolist(), strict=True):
        if np.isfinite(there).all(axis=1).sum() < FEWEST:
            continue
        swapped = _swapped(there, typical, misfit, scheme) if misfit > SUSPECT * usual else ""
        if swapped:
            yield Finding("swapped", face.file, f"left and right of {swapped} may be swapped")
        elif misfit > max(usual + ODD * spread, ODD_LEAST):
            far = annotated.names[int(np.nanargmax(residuals(there, typical)))]
            yield Finding("outlier", face.file, f"unlike the other faces, most of all at {far}")


def _misfit(points: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """Root mean square of the residuals (…), over the points that are there."""
    squares = residuals(points, typical) ** 2
    there = np.isfinite(squares)
    return np.sqrt(np.where(there, squares, 0).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def _swapped(face: np.ndarray, typical: np.ndarray, misfit: float, scheme: Scheme) -> str:
    """The region or pair that fits much better after swapping left and right, in words, or an empty text."""
    names, partners = scheme.names(), np.array(scheme.partners)
    sided = np.flatnonzero(partners != np.arange(len(partners)))
    candidates = {"the whole face": sided}
    for region, members in scheme.regions.items():
        candidates[f"the {region}"] = np.intersect1d(sided, members)
    for k in sided[sided < partners[sided]].tolist():
        candidates[f"{names[k]} and {names[partners[k]]}"] = np.array([k, partners[k]])
    tries = {what: which for what, which in candidates.items() if len(which)}
    if not tries:
        return ""
    changed = np.repeat(face[None], len(tries), axis=0)
    for changing, which in zip(changed, tries.values(), strict=True):
        changing[which] = face[partners[which]]
    left = _misfit(changed, typical)
    best = int(left.argmin())
    return list(tries)[best] if left[best] < BETTER * misfit else ""


def count_kinds(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings of each kind."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        kinds.setdefault(finding.kind, []).append(finding)
    return kinds


def _some(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
