"""How the error differs with what a picture shows, told without guessing at people: for the cards.

View, tilt and size of a face go by its annotated points, light and contrast by its pixels. Faces are grouped
by each of them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from keypoints.datasets.tensors import Faces
from keypoints.evaluation import metrics
from keypoints.landmarks import Scheme, average

FEW = 20  # faces: of fewer, a figure says little
MIRRORED = " mirrored"  # how the subsets of mirrored twins end


@dataclass(frozen=True)
class Annotated:
    """Faces as a net sees them, and all that is annotated of them, which may be more than the net finds.

    points: (N, M, 2), pixels of the crops; scheme: theirs
    """

    faces: Faces
    points: np.ndarray
    scheme: Scheme

    @property
    def side(self) -> np.ndarray:
        """The root of the area of the points' bounding box (N,), pixels of the image file."""
        points = self.faces.in_image(self.points)
        return np.sqrt(np.ptp(points, axis=1).prod(axis=-1))

    def pixels(self) -> Iterator[np.ndarray]:
        """What of each crop lies in the points' bounding box, (h, w, C) uint8."""
        for crop, points in zip(self.faces.crops(), self.points, strict=True):
            left, top = np.maximum(np.floor(points.min(0)), 0).astype(int)
            right, bottom = np.ceil(points.max(0)).astype(int) + 1
            yield crop[top:bottom, left:right]


def measure_view(shown: Annotated) -> np.ndarray:
    """How far the middle of the nose lies from that of the outer eye corners (N,), along their line.

    In distances of these corners: 0 where the face looks straight ahead.
    """
    left, across = _eyes(shown)
    nose = shown.points[:, list(shown.scheme.regions["nose"])].mean(1) - left
    return np.abs((nose * across).sum(-1) / (across * across).sum(-1) - 0.5)


def measure_tilt(shown: Annotated) -> np.ndarray:
    """By how many degrees the line of the outer eye corners is turned (N,), to either side."""
    _, across = _eyes(shown)
    return np.abs(np.degrees(np.arctan2(across[:, 1], across[:, 0])))


def _eyes(shown: Annotated) -> tuple[np.ndarray, np.ndarray]:
    """The left outer eye corner (N, 2), and the way from there to the right one (N, 2)."""
    assert shown.scheme.eyes is not None  # those of the shipped parts have them
    left, right = (shown.points[:, eye] for eye in shown.scheme.eyes)
    return left, right - left


def measure_light(shown: Annotated) -> np.ndarray:
    """The mean of the face's pixels (N,), 0…255."""
    return np.array([pixels.mean() for pixels in shown.pixels()])


def measure_contrast(shown: Annotated) -> np.ndarray:
    """The standard deviation of the face's pixels (N,), 0…127.5."""
    return np.array([pixels.std() for pixels in shown.pixels()])


# Name -> what is measured, and the values that part its groups.
CONDITIONS: dict[str, tuple[Callable[[Annotated], np.ndarray], tuple[float, float]]] = {
    "view": (measure_view, (0.05, 0.15)),
    "tilt": (measure_tilt, (5, 15)),
    "size": (lambda shown: shown.side, (150, 200)),
    "light": (measure_light, (90, 140)),
    "contrast": (measure_contrast, (35, 55)),
}


def without_twins(faces: Faces) -> Faces:
    """The faces without mirrored copies, which would count a photograph twice."""
    return faces.take(~np.char.endswith(faces.subset, MIRRORED))


def measure_groups(shown: Annotated, found: np.ndarray) -> list[dict[str, Any]]:
    """A row for each group of each condition, by the net's points `found` (N, K, 2), pixels of the crops.

    condition, group: in words; nme: %; margin: see `measure_margin`; of_side: the mean error, % of the
    face's side; fr_8: share above 8 %; faces: how many
    """
    truth, predicted = (shown.faces.in_image(points) for points in (shown.faces.points, found))
    nme = metrics.nme(truth, predicted, shown.faces.eye_distance)
    of_side = 100 * average(metrics.point_errors(truth, predicted), axis=1) / shown.side
    rows = []
    for condition, (measure, edges) in CONDITIONS.items():
        group_of = np.digitize(measure(shown), edges)
        for k, group in enumerate(name_groups(*edges)):
            own = group_of == k
            if own.any():
                margin = measure_margin(nme[own], shown.faces.group[own])
                row = {"nme": nme[own].mean(), "margin": margin, "of_side": of_side[own].mean()}
                row |= {"fr_8": (nme[own] > metrics.LIMIT).mean(), "faces": int(own.sum())}
                rows.append({"condition": condition, "group": group} | row)
    return rows


def measure_margin(values: np.ndarray, groups: np.ndarray) -> float | None:
    """How far the mean of the faces' `values` (N,) may be off, with 95 %; None for one of the `groups` (N,).

    Faces of one group, a person or a photograph, are alike: each group counts as one draw (the sandwich
    estimator; Liang and Zeger, 1986).
    """
    apart = values - values.mean()
    sums = np.array([apart[groups == group].sum() for group in np.unique(groups)])
    count = len(sums)
    return 1.96 * np.sqrt((sums**2).sum() * count / (count - 1)) / len(values) if count > 1 else None


def name_groups(low: float, high: float) -> tuple[str, str, str]:
    return f"under {low:g}", f"{low:g} to {high:g}", f"{high:g} or more"
